package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
	"tidepost/sieve"
)

// gateHost has ManageSieve on its usual port, where the program looks for it: a loopback
// address of this process alone.
func gateHost() string { return fmt.Sprintf("127.%d.%d.3", 1+os.Getpid()>>8%250, 1+os.Getpid()%250) }

// TestGate puts Tidepost beside a real Dovecot: mail that waits never reaches INBOX, a code
// stays there, and going back restores the person's own script.
func TestGate(t *testing.T) {
	if testing.Short() {
		t.Skip("the built binary is not tested in short mode")
	}
	const ana, next = "ana@team.example", "Tidepost/Next delivery"
	p := provider.Dovecot(t, provider.Options{Host: gateHost(), Users: []provider.User{{Name: ana, Password: password}}})
	conf := remote.Account{Addr: p.IMAP, Security: remote.Clear, User: ana, Password: password}
	ctx := t.Context()
	box, err := remote.Dial(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	conf.Addr = p.Sieve
	scripts, err := remote.DialScripts(ctx, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer scripts.Close()
	const own = "# mine\r\nkeep;\r\n"
	active := func() string {
		all, err := scripts.List(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Active {
				return s.Name
			}
		}
		return ""
	}
	status := func(folder string) remote.Status {
		st, err := box.Status(ctx, folder)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}

	s := install(t, options{people: []person{awake("ana", "--tides", "09:00")}, config: map[string]string{"batch.outside": `"tide"`}})
	s.cli("account", "set", ana, "--imap", p.IMAP, "--imap-security", "none", "--password-file", s.write("imap", password+"\n"))
	s.cli("people", "set", ana, "--inbox", "imap")
	s.start()
	soon(ctx, t, "the script is active", func() bool { return active() == sieve.Name })

	letter := func(id, subject string) string {
		return fmt.Sprintf("From: Mei <mei@example.net>\nTo: %s\nDate: %s\nMessage-ID: <%s>\nSubject: %s\n\nSome words.\n", ana, time.Now().Format(time.RFC1123Z), id, subject)
	}
	for i := range 5 {
		p.Deliver(ana, letter(fmt.Sprintf("wait-%d@x", i), "lunch"))
	}
	soon(ctx, t, "mail waits", func() bool { return status(next).Messages == 5 })
	p.Deliver(ana, letter("code@x", "Your verification code"))
	soon(ctx, t, "the code is there", func() bool { return status("INBOX").Messages == 1 })
	if n := status("INBOX").UIDNext; n != 2 {
		t.Errorf("INBOX has seen %d messages, want the code alone", n-1)
	}
	if got := s.cli("people", "set", ana, "--batch", "off"); strings.Contains(got, "error") {
		t.Error(got)
	}
	soon(ctx, t, "the script is gone", func() bool { return active() == "" })
	if err := scripts.Put(ctx, "mine", own); err != nil {
		t.Fatal(err)
	}
	if err := scripts.Activate(ctx, "mine"); err != nil {
		t.Fatal(err)
	}
	s.cli("people", "set", ana, "--batch", "on")
	soon(ctx, t, "the script is active again", func() bool { return active() == sieve.Name })
	s.cli("rollback", "--send", "--yes")
	soon(ctx, t, "the own script is active", func() bool { return active() == "mine" })
	if got, err := scripts.Get(ctx, "mine"); err != nil || got != own {
		t.Errorf("the own script: %q, %v", got, err)
	}
	soon(ctx, t, "what waited has come", func() bool { return status("INBOX").Messages >= 6 })
}

// soon waits for something that should come at once.
func soon(ctx context.Context, t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); {
		if time.Now().After(end) || ctx.Err() != nil {
			t.Fatalf("not in %v: %s", patience, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
