package e2e

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// aside has the program stand aside, waits until it takes mail, and returns what ends it and
// what has it read everything again.
func (s *server) aside() (end func(), hangup func() error) {
	t := s.t
	t.Helper()
	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	proc := exec.Command(s.program, "--config", s.conf, "stand-aside")
	proc.Stdout, proc.Stderr = log, log
	if err := proc.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, patience, func() error {
		c, err := tls.Dial("tcp", s.addr("submissions"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
		if err != nil {
			return err
		}
		return c.Close()
	})
	end = func() {
		t.Helper()
		if err := proc.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := proc.Wait(); err != nil {
			t.Errorf("stand-aside ended with %v", err)
		}
	}
	return end, func() error { return proc.Process.Signal(syscall.SIGHUP) }
}

// TestAsideFollowsTheRoll changes people while a server stands aside: within a minute it
// lets in who may log in now, and nobody else.
func TestAsideFollowsTheRoll(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	s.stop()
	end, hangup := s.aside()
	sends := func(who, secret string) error {
		r := s.swaks("submissions", "--auth", "PLAIN", "--auth-user", who+"@team.example", "--auth-password", secret,
			"--from", who+"@team.example", "--to", "joe@else.example", "--header", "Subject: From "+who)
		if r.code != 0 {
			return fmt.Errorf("%s cannot send: %s", who, r.out)
		}
		return nil
	}
	for _, who := range []string{"ana", "tom"} {
		if err := sends(who, password); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	s.cli("people", "add", "zoe@team.example", "--zone", "UTC", "--no-welcome", "--password-file", s.write("zoes", "amber kettle moon\n"))
	s.cli("people", "freeze", "tom@team.example")
	s.cli("passwd", "ana@team.example", "--password-file", s.write("anas", "violet kettle moon\n"))
	until(t, time.Minute, func() error { return sends("ana", "violet kettle moon") })
	t.Logf("a new password is good %s after the first of three commands began", time.Since(begin).Round(100*time.Millisecond))
	if err := sends("zoe", "amber kettle moon"); err != nil {
		t.Error(err)
	}
	if sends("tom", password) == nil {
		t.Error("Tom is frozen and sends")
	}
	if sends("ana", password) == nil {
		t.Error("the former password is good")
	}
	// A signal has it read at once.
	s.cli("people", "unfreeze", "tom@team.example", "--keep-password")
	if err := hangup(); err != nil {
		t.Fatal(err)
	}
	until(t, patience, func() error { return sends("tom", password) })
	end()
	s.start()
}
