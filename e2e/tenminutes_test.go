package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/internal/testkit"
)

// The lines under "Ten minutes" of docs/provider.md, played as they stand: only the
// provider's names lead to a Dovecot and a smarthost on loopback.
func TestTenMinutes(t *testing.T) {
	page, err := os.ReadFile("../docs/provider.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "<!-- e2e plays these lines -->\n```sh\n")
	if !ok {
		t.Fatal("docs/provider.md has no lines to play")
	}
	block, _, _ := strings.Cut(rest, "```")
	lines := strings.Split(strings.TrimSpace(block), "\n")

	people := map[string]string{"ana": "ana-there", "mei": "mei-there"}
	imap := provider.Dovecot(t, provider.Options{Host: "127.0.27.7", Users: []provider.User{
		{Name: "ana@team.example", Password: people["ana"]}, {Name: "mei@team.example", Password: people["mei"]}}})
	smtp := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana@team.example": people["ana"], "mei@team.example": people["mei"]}})
	host, port := smtp.Addr()

	s := install(t, options{people: []person{}, config: map[string]string{"accounts.ca_file": strconv.Quote(filepath.Join(t.TempDir(), "ca.pem"))}})
	ca := s.write("provider-ca.pem", string(imap.CA.PEM()))
	s.opts.config["accounts.ca_file"] = strconv.Quote(ca)
	s.configure()
	files := map[string]string{}
	for name, there := range people {
		files[name+".tidepost"] = s.write(name+".tidepost", password+"\n")
		files[name+".provider"] = s.write(name+".provider", there+"\n")
	}
	begin := time.Now()
	for _, line := range lines {
		args := words(line)
		if args[0] != "tidepost" {
			t.Fatalf("not a command of ours: %s", line)
		}
		args = args[1:]
		switch {
		case args[0] == "init":
			continue // install did.
		case args[0] == "serve":
			s.start()
			continue
		case args[0] == "account" && args[1] == "set":
			args = append(args, "--smtp-security", "none", "--imap-security", "tls")
		}
		for i, a := range args {
			if file, ok := files[a]; ok {
				args[i] = file
			}
			switch a {
			case "imap.provider.example":
				args[i] = imap.IMAPS
			case "smtp.provider.example":
				args[i] = net.JoinHostPort(host, strconv.Itoa(port))
			}
		}
		if args[0] == "people" && args[1] == "add" {
			args = append(args, "--no-welcome")
		}
		s.cli(args...)
	}
	// Mei sleeps at any hour of this test: mail to her waits.
	s.cli("people", "set", "mei@team.example", "--hours", strings.ToLower(time.Now().UTC().AddDate(0, 0, 3).Weekday().String()[:3])+" 12:00-13:00")
	s.submit("ana", mailTo("Ana <ana@team.example>", "mei@team.example", "For the morning", "ten@team.example", "Hello Mei.\n"), "mei@team.example")
	s.expect("ten@team.example", "mei@team.example", "held")
	// What others send her is batched.
	imap.Deliver("mei@team.example", "From: Olga <olga@customer.example>\nTo: mei@team.example\nSubject: A newsletter of sorts\nMessage-ID: <olga@customer.example>\nDate: "+
		time.Now().Format(time.RFC1123Z)+"\n\nHello, this is what we did last month.\n")
	until(t, patience, func() error {
		if got := imap.Doveadm("mailbox", "status", "-u", "mei@team.example", "messages", "INBOX", "Tidepost/Next delivery"); strings.Contains(got, "INBOX messages=0") && strings.Contains(got, "delivery messages=1") {
			return nil
		} else {
			return fmt.Errorf("Mei has %s", got)
		}
	})
	// And Ana's own server takes what she sends to others.
	s.submit("ana", mailTo("Ana <ana@team.example>", "carol@outside.example", "Offer", "offer10@team.example", "Dear Carol, here it is.\n"), "carol@outside.example")
	s.smarthost = smtp
	if got := s.next("offer10@team.example"); got.User != "ana@team.example" {
		t.Errorf("it left as %q", got.User)
	}
	t.Logf("ten minutes took %s", time.Since(begin).Round(time.Second))
}

// words splits a line as a shell does, without anything but double quotation marks.
func words(line string) (out []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}
