package e2e

import (
	"fmt"
	"strings"
	"time"
)

// A queued is a submission as `tidepost queue` prints it.
type queued struct {
	ID         int64           `json:"id"`
	MessageID  string          `json:"message_id"`
	From       string          `json:"from"`
	Frozen     bool            `json:"frozen"`
	Recipients []queuedAddress `json:"recipients"`
}

// A queuedAddress is one recipient of it.
type queuedAddress struct {
	Address string     `json:"address"`
	State   string     `json:"state"`
	Due     *time.Time `json:"due"`
	When    string     `json:"when"`
	Why     string     `json:"why"`
}

// state is where a recipient stands according to the command line.
func (s *server) state(mid, to string) string {
	s.t.Helper()
	var list []queued
	s.ask(&list, "queue", "list", "--all", "--limit", "10000")
	for _, q := range list {
		for _, r := range q.Recipients {
			if q.MessageID == mid && r.Address == to {
				return r.State
			}
		}
	}
	return "unknown"
}

// expect waits until a recipient is in a state.
func (s *server) expect(mid, to, state string) {
	s.t.Helper()
	until(s.t, patience, func() error {
		if got := s.state(mid, to); got != state {
			return fmt.Errorf("<%s> to %s is %s, want %s", mid, to, got, state)
		}
		return nil
	})
}

// sound checks the ledger of the running server.
func (s *server) sound() {
	s.t.Helper()
	if out, errs, code := s.try("ledger", "check"); code != 0 || !strings.Contains(out, "accounted for") {
		s.t.Errorf("ledger check ended with %d:\n%s%s", code, out, errs)
	}
}
