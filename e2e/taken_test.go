package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tidepost/remote"
)

// takenEarly: Ana does not wait for her delivery but takes all that waits, others' mail and
// a colleague's, in one move of her mail program. It is delivered, once, and unread.
func takenEarly(t *testing.T, s *server, b *mailbox) {
	t.Helper()
	const next = "Tidepost/Next delivery"
	inbox := len(b.list("INBOX"))
	mids := []string{b.arrives("The first"), b.arrives("The second"), s.submits("mei", "ana@team.example", "The third")}
	b.until(func() error { return b.holds(next, 3, mids...) })
	b.until(func() error { return b.marked(next, mids, true) })
	c := b.dial()
	defer c.Close()
	var uids []remote.UID
	for _, uid := range b.ids(c, next) {
		uids = append(uids, uid)
	}
	if _, err := c.Move(context.Background(), uids, "INBOX"); err != nil {
		t.Fatal(err)
	}
	b.until(func() error { return b.marked("INBOX", mids, false) })
	s.sound()
	if err := errors.Join(b.holds(next, 0), b.holds("INBOX", inbox+3, mids...)); err != nil {
		t.Error(err)
	}
}

// list is what a folder holds.
func (b *mailbox) list(folder string) (out []remote.Summary) {
	b.t.Helper()
	c := b.dial()
	defer c.Close()
	if _, err := c.Select(context.Background(), folder, 0); err != nil {
		b.t.Fatal(err)
	}
	for m, err := range c.Since(context.Background(), 0) {
		if err != nil {
			b.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// marked reports whether these messages are in a folder, all read or all unread.
func (b *mailbox) marked(folder string, mids []string, read bool) error {
	b.t.Helper()
	found := 0
	for _, m := range b.list(folder) {
		if slices.Contains(mids, m.MessageID) && slices.Contains(m.Flags, `\Seen`) == read {
			found++
		}
	}
	if found != len(mids) {
		return fmt.Errorf("%d of %d messages in %s are read=%t", found, len(mids), folder, read)
	}
	return nil
}
