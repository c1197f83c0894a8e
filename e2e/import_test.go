package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tidepost/internal/provider"
)

// TestImportFromDovecot takes an account of a real Dovecot over and writes it into another,
// killed twice on each way: everything is there once, with folders, dates and flags.
func TestImportFromDovecot(t *testing.T) {
	s := setup(t, options{})
	from := provider.Dovecot(t, provider.Options{Prefix: "INBOX."})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(from.CA.PEM())
	c, err := imapclient.DialTLS(from.IMAPS, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("ana@example.org", "ana").Wait(); err != nil {
		t.Fatal(err)
	}
	date := time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
	for folder, n := range map[string]int{"INBOX": 400, "INBOX.Kunden.M&APw-ller": 30, "INBOX.Sent": 5} {
		name := strings.ReplaceAll(folder, "M&APw-ller", "Müller")
		if folder != "INBOX" {
			if err := c.Create(name, nil).Wait(); err != nil && !strings.Contains(err.Error(), "xists") {
				t.Fatal(err)
			}
		}
		for i := range n {
			text := fmt.Appendf(nil, "From: joe@else.example\r\nSubject: Old %d\r\nMessage-ID: <%d.%d@old.example>\r\n\r\n%s\r\n", i, i, len(folder), strings.Repeat("Text. ", 200))
			o := &imap.AppendOptions{Time: date.Add(time.Duration(i) * time.Hour)}
			if i%2 == 0 {
				o.Flags = []imap.Flag{imap.FlagSeen}
			}
			if i%5 == 0 {
				o.Flags = append(o.Flags, imap.FlagFlagged, "todo")
			}
			cmd := c.Append(name, int64(len(text)), o)
			if _, err := cmd.Write(text); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := cmd.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	ca, secret := s.write("dovecot-ca.crt", string(from.CA.PEM())), s.write("account", "ana\n")
	carry := func(args ...string) {
		t.Helper()
		run := func(ctx context.Context) (string, error) {
			args := append([]string{"--config", s.conf, args[0], "ana@team.example", "--imap", strings.Replace(from.IMAPS, "127.0.0.1", "localhost", 1)}, args[1:]...)
			cmd := exec.CommandContext(ctx, s.program, args...)
			cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+ca)
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		for _, after := range []time.Duration{120 * time.Millisecond, 200 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			_, _ = run(ctx) // Killed.
			cancel()
		}
		if out, err := run(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if out, err := run(t.Context()); err != nil || !strings.Contains(out, "ed 0 messages") {
			t.Errorf("a second %s: %v\n%s", args[0], err, out)
		}
	}
	carry("import", "--user", "ana@example.org", "--password-file", secret)
	to := filepath.Join(s.dir, "out")
	s.cli("export", "ana@team.example", to)
	for file, n := range map[string]int{"INBOX.mbox": 400, "Kunden.sbd/Müller.mbox": 30, "Sent.mbox": 5} {
		text, err := os.ReadFile(filepath.Join(to, file))
		if err != nil {
			found, _ := filepath.Glob(filepath.Join(to, "*", "*"))
			t.Errorf("%v; there are %v", err, found)
			continue
		}
		for what, want := range map[string]int{"\nMessage-ID: <": n, "\nX-Status: F\n": (n + 4) / 5, "\nStatus: RO\n": (n + 1) / 2, "\nX-Keywords: todo\n": (n + 4) / 5} {
			if got := bytes.Count(text, []byte(what)); got != want {
				t.Errorf("%s has %d of %q, want %d", file, got, what, want)
			}
		}
		if !bytes.Contains(text, []byte("Thu Feb 29 12:30:00 2024")) || !bytes.Contains(text, []byte(date.Add(time.Duration(n-1)*time.Hour).Format(time.ANSIC))) {
			t.Errorf("%s: dates are lost: %.60s", file, text)
		}
	}
	// And out again, into another account there.
	carry("export", "--user", "ben@example.org", "--password-file", s.write("other", "ben\n"))
	for folder, n := range map[string]int{"INBOX": 400, "INBOX.Kunden.Müller": 30, "INBOX.Sent": 5} {
		if got := strings.Fields(from.Doveadm("-f", "tab", "search", "-u", "ben@example.org", "mailbox", folder, "HEADER", "Message-ID", "@old.example")); len(got) != 2+2*n {
			t.Errorf("%s has %d messages, want %d", folder, (len(got)-2)/2, n)
		}
		if got := strings.Fields(from.Doveadm("-f", "tab", "search", "-u", "ben@example.org", "mailbox", folder, "SEEN", "KEYWORD", "todo")); len(got) != 2+2*((n+9)/10) {
			t.Errorf("%s has %d messages with both flags, want %d", folder, (len(got)-2)/2, (n+9)/10)
		}
	}
	s.cli("ledger", "check")
}
