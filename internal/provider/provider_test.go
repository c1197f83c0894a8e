package provider

import (
	"testing"
)

func TestDovecotDelivers(t *testing.T) {
	s := Dovecot(t, Options{})
	s.Deliver("ana@example.org", "Subject: x\n\nText\n")
	if got := s.Doveadm("mailbox", "status", "-u", "ana@example.org", "messages", "INBOX"); got != "INBOX messages=1\n" {
		t.Errorf("status: %q", got)
	}
	s.Stop()
	s.Start()
	s.Deliver("ana@example.org", "Subject: y\n\nText\n")
	if got := s.Doveadm("mailbox", "status", "-u", "ana@example.org", "messages", "INBOX"); got != "INBOX messages=2\n" {
		t.Errorf("status: %q", got)
	}
}
