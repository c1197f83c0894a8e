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

func TestCyrusDelivers(t *testing.T) {
	s := Cyrus(t, Options{})
	s.Deliver("ana@example.org", "From: a@b.c\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMessage-ID: <1@x>\nSubject: x\n\nText\n")
}
