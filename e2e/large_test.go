package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
)

// TestLargeAccount has Tidepost tend an account that holds many messages: nothing of what
// is there is read or moved, at first, after a restart, or when the server numbers
// everything anew; and what comes meanwhile is there once.
//
//	TIDEPOST_MESSAGES=N   how many (default 1000); make bench-provider takes 50,000
func TestLargeAccount(t *testing.T) {
	count := amount(t, "TIDEPOST_MESSAGES", 1000)
	b := large(t, count)
	far := time.Now().UTC().Add(11 * time.Hour).Format("15:04")
	s := setup(t, options{people: []person{awake("ana", "--zone", "UTC", "--tides", far)}, config: map[string]string{"batch.outside": `"tide"`, "log.level": `"info"`}})
	bare := kiloOf(t, s.proc.Process.Pid, "status", "VmHWM:")
	secret := s.write("provider-password", "ana\n")
	s.cli("account", "set", "ana@team.example", "--imap", b.p.IMAP, "--imap-security", "none", "--password-file", secret)
	step := func(name string, do func()) {
		t.Helper()
		pid, begin, cpu := s.proc.Process.Pid, time.Now(), cpuOf(t, s.proc.Process.Pid)
		do()
		if s.proc.Process.Pid != pid {
			pid, cpu = s.proc.Process.Pid, 0
		}
		t.Logf("%s: %s, %.2f s of processor time, peak %d MiB (%d MiB without an account)", name, time.Since(begin).Round(10*time.Millisecond),
			(cpuOf(t, pid) - cpu).Seconds(), kiloOf(t, pid, "status", "VmHWM:")/1024, bare/1024)
	}
	var came []string
	more := func(n int) {
		t.Helper()
		for range n {
			came = append(came, b.arrives(fmt.Sprintf("New mail %d", len(came))))
		}
		b.until(func() error { return b.holds("Tidepost/Next delivery", len(came), came...) })
	}
	step("first pass", func() {
		s.cli("people", "set", "ana@team.example", "--inbox", "imap")
		until(t, 2*time.Minute, func() error { return b.holds("Tidepost/About", 1) })
	})
	step("ten new messages", func() { more(10) })
	b.everything(count, came)
	step("restart", func() {
		s.stop()
		s.start()
		more(1)
	})
	b.talked("before the restart", 1<<20)
	step("numbered anew", func() {
		b.p.Stop()
		b.renumber("", ".Tidepost.Next delivery", ".Tidepost.About")
		b.p.Start()
		until(t, 3*time.Minute, func() error { return b.holds("Tidepost/About", 1) })
		more(5)
	})
	b.everything(count, came)
	// What is known again is also followed again.
	if !b.moves(came[0], "Tidepost/Next delivery", "INBOX") {
		t.Fatal("the first mail is not in Next delivery")
	}
	step("restart", func() {
		s.stop()
		s.start()
		came = came[1:]
		more(1)
	})
	step("rollback", func() { t.Log(s.cli("account", "rollback", "ana@team.example")) })
}

// A big is an account with many messages, in a real Dovecot with folders of files.
type big struct {
	*mailbox
	cur string
}

func large(t *testing.T, count int) *big {
	t.Helper()
	p := provider.Dovecot(t, provider.Options{Users: []provider.User{{Name: "ana@team.example", Password: "ana"}}, Extra: "mail_location = maildir:~/Maildir\n"})
	b := &big{mailbox: &mailbox{t: t, p: p}, cur: filepath.Join(p.Dir, "home", "ana@team.example", "Maildir", "cur")}
	for _, d := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(filepath.Dir(b.cur), d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	body := strings.Repeat("Some words that somebody wrote.\n", 60)
	first := time.Now().Add(-400 * 24 * time.Hour)
	for i := range count { // The newest is of last minute.
		at := first.Add(time.Duration(i) * (400*24*time.Hour - time.Minute) / time.Duration(count))
		text := fmt.Sprintf("From: Mei <mei@example.net>\nTo: ana@team.example\nMessage-ID: <old%d@example.net>\nSubject: Message %d\n\n%s", i, i, body)
		name := filepath.Join(b.cur, fmt.Sprintf("%d.M%dP1.x:2,S", at.Unix(), i))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "-R", "nobody:nogroup", filepath.Join(p.Dir, "home", "ana@team.example")).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v\n%s", err, out)
		}
	}
	return b
}

// renumber has the server forget what it knows of folders: it numbers their messages anew.
func (b *big) renumber(folders ...string) {
	b.t.Helper()
	for _, f := range folders {
		for _, pattern := range []string{"dovecot-uidlist*", "dovecot.index*", "dovecot-uidvalidity*"} {
			files, err := filepath.Glob(filepath.Join(filepath.Dir(b.cur), f, pattern))
			if err != nil {
				b.t.Fatal(err)
			}
			for _, file := range files {
				if err := os.Remove(file); err != nil {
					b.t.Fatal(err)
				}
			}
		}
	}
}

// everything checks that each message is where it belongs, once.
func (b *big) everything(count int, waiting []string) {
	b.t.Helper()
	c := b.dial()
	defer c.Close()
	where := map[string][]string{}
	list, err := c.List(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range list {
		for mid := range b.ids(c, f.Name) { // It tells of doubles.
			where[mid] = append(where[mid], f.Name)
		}
	}
	wrong := 0
	for i := range count {
		if got := where[fmt.Sprintf("old%d@example.net", i)]; !slices.Equal(got, []string{"INBOX"}) {
			if wrong++; wrong < 5 {
				b.t.Errorf("old mail %d is in %q", i, got)
			}
		}
	}
	for _, mid := range waiting {
		if got := where[mid]; !slices.Equal(got, []string{"Tidepost/Next delivery"}) {
			b.t.Errorf("%s is in %q", mid, got)
		}
	}
	if wrong > 0 {
		b.t.Errorf("%d of %d old messages are not where they were", wrong, count)
	}
}

// talked checks how much the server has sent in any session.
func (b *big) talked(when string, most int) {
	b.t.Helper()
	sent := 0
	for _, m := range regexp.MustCompile(`Logged out in=\d+ out=(\d+) .*body_count=[1-9]`).FindAllStringSubmatch(b.p.Log(), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			b.t.Fatal(err)
		}
		sent = max(sent, n)
	}
	b.t.Logf("%s the server sent %d octets in a session", when, sent)
	if sent == 0 || sent > most {
		b.t.Errorf("%s the server sent %d octets in a session, at most %d are good", when, sent, most)
	}
}
