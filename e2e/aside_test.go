package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStandAside takes the database away: within ten seconds people send again, every
// mail has left before they are told so, and what was held is still there when the
// database is back.
func TestStandAside(t *testing.T) {
	s := setup(t, options{})
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Held", "held@team.example", "Waits for the morning.\n"), "mei@team.example")
	if list := s.cli("queue", "list"); !strings.Contains(list, "mei@team.example  held") {
		t.Fatalf("nothing is held:\n%s", list)
	}
	s.kill()
	safe := filepath.Join(s.dir, "safe")
	if err := os.Mkdir(safe, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.data, "tidepost.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database in %s: %v", s.data, err)
	}
	move := func(from, to string) {
		for _, f := range files {
			if err := os.Rename(filepath.Join(from, filepath.Base(f)), filepath.Join(to, filepath.Base(f))); err != nil {
				t.Fatal(err)
			}
		}
	}
	move(s.data, safe)

	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	begin := time.Now()
	proc := exec.Command(s.program, "--config", s.conf, "stand-aside")
	proc.Stdout, proc.Stderr = log, log
	if err := proc.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Second, func() error {
		c, err := net.Dial("tcp", s.addr("submissions"))
		if err != nil {
			return err
		}
		return c.Close()
	})
	t.Logf("takes mail %s after it was started", time.Since(begin).Round(time.Millisecond))

	// The one who was asleep gets mail at once now, by way of the smarthost; it has
	// left when swaks returns.
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Now", "now@team.example", "While it stands aside.\n"), "mei@team.example")
	found := false
	for _, m := range s.smarthost.Delivered() {
		found = found || strings.Contains(m.Header("Message-ID"), "now@team.example")
	}
	if !found {
		t.Error("acknowledged before it has left")
	}
	if r := s.swaks("submissions", "--auth", "PLAIN", "--auth-user", "ana@team.example", "--auth-password", "wrong", "--from", "ana@team.example", "--to", "x@else.example"); r.code == 0 {
		t.Error("a wrong password is taken")
	}
	// Other servers find nobody, and wait.
	if c, err := net.DialTimeout("tcp", s.addr("inbound"), time.Second); err == nil {
		c.Close()
		t.Error("somebody answers at the door for other servers")
	}

	if err := proc.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := proc.Wait(); err != nil {
		t.Errorf("after SIGTERM it ended with %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(s.data, "tidepost.db*")); err != nil || len(left) > 0 {
		t.Errorf("a database was made: %v %v", left, err)
	}
	move(safe, s.data)
	s.start()
	if list := s.cli("queue", "list"); !strings.Contains(list, "mei@team.example  held") {
		t.Errorf("what was held is lost:\n%s", list)
	}
	s.cli("ledger", "check")
}
