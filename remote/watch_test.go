package remote_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
)

// waits waits for news of an account.
func waits(t *testing.T, s *remote.Session, within time.Duration) remote.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	change, err := s.Idle(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return change
}

// TestFoldersAreWatched: what happens in another folder ends the waiting in this one.
func TestFoldersAreWatched(t *testing.T) {
	for _, o := range []provider.Options{{}, {Prefix: "INBOX."}} {
		p := provider.Dovecot(t, o)
		s, other := dial(t, account(p, ana)), dial(t, account(p, ana))
		for _, f := range []string{"Tidepost/Scheduled", "Tidepost/Next delivery", "Else"} {
			if err := s.Create(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		watched := []string{"Drafts", "INBOX", "Nowhere", "Tidepost/Next delivery", "Tidepost/Scheduled"}
		for range 2 {
			if told, err := s.Watch(t.Context(), watched); err != nil || !told {
				t.Fatalf("watch: %v, %v", told, err)
			}
		}
		pick(t, s, "INBOX")
		uid := put(t, other, "Tidepost/Scheduled", "a@x")
		if c := waits(t, s, 20*time.Second); !c.Other || c.New {
			t.Errorf("a message in a watched folder: %+v", c)
		}
		st, err := s.Statuses(t.Context(), watched)
		if err != nil || len(st) != 4 || st["Tidepost/Scheduled"].Messages != 1 || st["Tidepost/Scheduled"].UIDValidity == 0 {
			t.Errorf("statuses: %+v, %v", st, err)
		}
		pick(t, other, "Tidepost/Scheduled")
		if _, err := other.Move(t.Context(), []remote.UID{uid}, "Else"); err != nil {
			t.Fatal(err)
		}
		if c := waits(t, s, 20*time.Second); !c.Other {
			t.Errorf("a message is gone: %+v", c)
		}
		put(t, other, "INBOX", "b@x")
		for c := (remote.Change{}); !c.New; {
			if c = waits(t, s, 20*time.Second); !c.Any() {
				t.Fatal("a message in the selected folder is not told of")
			}
		}
		if err := other.Delete(t.Context(), "Tidepost/Next delivery"); err != nil {
			t.Fatal(err)
		}
		if c := waits(t, s, 20*time.Second); !c.Other {
			t.Errorf("a folder is gone: %+v", c)
		}
	}
}

// TestServerThatCannotWatch: without NOTIFY, or refusing it, it is asked again and again
// instead.
func TestServerThatCannotWatch(t *testing.T) {
	for name, s := range map[string]script{
		"none":     {},
		"refuses":  {"LOGIN": "TAG OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] in\r\n", "NOTIFY": "TAG NO [BADEVENT (MailboxName)] no\r\n"},
		"overflow": {"LOGIN": "TAG OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] in\r\n", "NOTIFY": "TAG OK yes\r\n* OK [NOTIFICATIONOVERFLOW] too much\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s["STATUS"] = "* STATUS \"A\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\nTAG OK x\r\n"
			c := dial(t, s.account())
			told, err := c.Watch(t.Context(), []string{"A"})
			if err != nil || told != (name == "overflow") {
				t.Fatalf("watch: %v, %v", told, err)
			}
			pick(t, c, "INBOX")
			if name == "overflow" {
				if change := waits(t, c, 20*time.Second); !change.Other {
					t.Errorf("%+v", change)
				}
			}
			if told, err = c.Watch(t.Context(), []string{"A"}); err != nil || told {
				t.Errorf("watch again: %v, %v", told, err)
			}
			if st, err := c.Statuses(t.Context(), []string{"A"}); err != nil || st["A"].Messages != 1 {
				t.Errorf("statuses: %+v, %v", st, err)
			}
		})
	}
}
