package remote_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
	"tidepost/sieve"
)

const gate = "Tidepost/Next delivery"

func scripts(t *testing.T, p *provider.Server, user string) *remote.Scripts {
	t.Helper()
	a := account(p, user)
	a.Addr, a.Security = p.Sieve, remote.StartTLS
	c, err := remote.DialScripts(t.Context(), a)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func sieves(t *testing.T, test func(t *testing.T, p *provider.Server)) {
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); test(t, provider.Dovecot(t, provider.Options{})) })
	t.Run("dovecot with prefix", func(t *testing.T) {
		t.Parallel()
		test(t, provider.Dovecot(t, provider.Options{Prefix: "INBOX."}))
	})
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); test(t, provider.Cyrus(t, provider.Options{})) })
	t.Run("cyrus with prefix", func(t *testing.T) {
		t.Parallel()
		test(t, provider.Cyrus(t, provider.Options{Prefix: "INBOX."}))
	})
}

// mailFor is a message as another server hands it over.
func mailFor(id, header, body string) string {
	return "From: Mei <mei@example.net>\nTo: ana@example.org\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <" + id + ">\n" + header + "\n" + body + "\n"
}

func where(t *testing.T, s *remote.Session, id string, folders ...string) []string {
	t.Helper()
	var out []string
	for _, f := range folders {
		found, err := s.Find(t.Context(), f, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		for range found {
			out = append(out, f)
		}
	}
	return out
}

func TestSieveFilesNewMail(t *testing.T) {
	sieves(t, func(t *testing.T, p *provider.Server) {
		ctx := t.Context()
		s := dial(t, account(p, ana))
		for _, f := range []string{gate, "Bills"} {
			if err := s.Create(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		name := func(f string) string {
			full, err := s.ServerName(f)
			if err != nil {
				t.Fatal(err)
			}
			return full
		}
		c := scripts(t, p, ana)
		own := "require [\"fileinto\"];\r\n# bills: \"no stop\"\r\nif header :contains \"subject\" \"bill\" {\r\n  fileinto \"" + name("Bills") + "\";\r\n}\r\n"
		if err := c.Put(ctx, "mine", own); err != nil {
			t.Fatal(err)
		}
		if err := c.Activate(ctx, "mine"); err != nil {
			t.Fatal(err)
		}
		rules := sieve.Rules{
			Folder: name(gate), Until: time.Now().Add(26 * time.Hour),
			Senders: []string{"henrik@example.net", `odd"quote\@example.net`}, Domains: []string{"customer.example"}, Words: []string{"urgent", `"; discard; #`},
		}
		for range 2 {
			if err := c.Install(ctx, rules); err != nil {
				t.Fatalf("install: %v", err)
			}
		}
		text, err := c.Installed(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if own, ours := sieve.Own(text); !ours || own != "mine" {
			t.Errorf("own script: %q, %v", own, ours)
		}
		if until, ok := sieve.Until(text); !ok || time.Until(until) < 24*time.Hour {
			t.Errorf("until %v, %v", until, ok)
		}
		cases := map[string]struct {
			mail string
			want string
		}{
			"plain@x":   {mailFor("plain@x", "Subject: lunch?\n", "Text"), gate},
			"bill@x":    {mailFor("bill@x", "Subject: bill 7\n", "Text"), "Bills"},
			"code@x":    {mailFor("code@x", "Subject: Your verification code\n", "123456"), "INBOX"},
			"auto@x":    {mailFor("auto@x", "Subject: x\nAuto-Submitted: auto-replied\n", "Text"), "INBOX"},
			"notauto@x": {mailFor("notauto@x", "Subject: x\nAuto-Submitted: no\n", "Text"), gate},
			"word@x":    {mailFor("word@x", "Subject: this is URGENT\n", "Text"), "INBOX"},
			"named@x":   {strings.Replace(mailFor("named@x", "Subject: x\n", "Text"), "mei@example.net", "Henrik@example.net", 1), "INBOX"},
			"domain@x":  {strings.Replace(mailFor("domain@x", "Subject: x\n", "Text"), "mei@example.net", "a@eu.customer.example", 1), "INBOX"},
			"invite@x": {mailFor("invite@x", "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n",
				"--b\nContent-Type: text/plain\n\nText\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--"), "INBOX"},
		}
		for _, m := range cases {
			p.Deliver(ana, m.mail)
		}
		for id, m := range cases {
			if got := where(t, s, id, "INBOX", gate, "Bills"); len(got) != 1 || got[0] != m.want {
				t.Errorf("%s: in %v, want %s", id, got, m.want)
			}
		}
		// Not renewed: the script stops by itself.
		rules.Until = time.Now().Add(-time.Hour)
		if err := c.Install(ctx, rules); err != nil {
			t.Fatal(err)
		}
		p.Deliver(ana, mailFor("later@x", "Subject: lunch?\n", "Text"))
		if got := where(t, s, "later@x", "INBOX", gate); len(got) != 1 || got[0] != "INBOX" {
			t.Errorf("after the end: %v", got)
		}
		// The folder gone: nothing is lost.
		rules.Until = time.Now().Add(26 * time.Hour)
		if err := c.Install(ctx, rules); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(ctx, gate); err != nil {
			t.Fatal(err)
		}
		p.Deliver(ana, mailFor("nowhere@x", "Subject: lunch?\n", "Text"))
		if got := where(t, s, "nowhere@x", "INBOX"); len(got) != 1 {
			t.Errorf("without the folder: %v", got)
		}
		// Rolled back: as it was, to the octet.
		for range 2 {
			if err := c.Remove(ctx); err != nil {
				t.Fatalf("remove: %v", err)
			}
		}
		list, err := c.List(ctx)
		if err != nil || len(list) != 1 || list[0] != (remote.Script{Name: "mine", Active: true}) {
			t.Errorf("scripts: %v, %v", list, err)
		}
		if got, err := c.Get(ctx, "mine"); err != nil || got != own {
			t.Errorf("own script: %q, %v", got, err)
		}
	})
}

func TestScriptsRefuse(t *testing.T) {
	sieves(t, func(t *testing.T, p *provider.Server) {
		ctx := context.Background()
		dial(t, account(p, ana)) // Cyrus makes an account at its first login to the mail.
		c := scripts(t, p, ana)
		if err := c.Put(ctx, "bad", "this is no script"); !errors.Is(err, remote.ErrRefused) {
			t.Errorf("put: %v", err)
		}
		if err := c.Check(ctx, "this is no script"); !errors.Is(err, remote.ErrRefused) {
			t.Errorf("check: %v", err)
		}
		if _, err := c.Get(ctx, "none"); !errors.Is(err, remote.ErrGone) {
			t.Errorf("get: %v", err)
		}
		if err := c.Delete(ctx, "none"); err != nil {
			t.Errorf("delete: %v", err)
		}
		if err := c.Activate(ctx, "x\"\r\nLOGOUT"); !errors.Is(err, remote.ErrName) {
			t.Errorf("a name with a line break: %v", err)
		}
		// A person without a script of their own has none afterwards.
		if err := c.Install(ctx, sieve.Rules{Folder: "x", Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := c.Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if list, err := c.List(ctx); err != nil || len(list) != 0 {
			t.Errorf("scripts: %v, %v", list, err)
		}
		a := account(p, ana)
		a.Addr, a.Security, a.Password = p.Sieve, remote.StartTLS, "wrong"
		if _, err := remote.DialScripts(ctx, a); !errors.Is(err, remote.ErrAuth) {
			t.Errorf("wrong password: %v", err)
		}
	})
}
