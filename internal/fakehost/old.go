package fakehost

import (
	"context"
	"slices"

	"tidepost/remote"
)

func (h *Host) isOld() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.old
}

// moveOld is what *remote.Session makes of a move without MOVE.
func (c *Conn) moveOld(ctx context.Context, uids []remote.UID, to string) (map[remote.UID]remote.UID, error) {
	moved := map[remote.UID]remote.UID{}
	err := c.do(ctx, "COPY", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		onto, err := c.box(to)
		if err != nil {
			return err
		}
		for _, m := range slices.Clone(b.msgs) {
			if slices.Contains(uids, remote.UID(m.uid)) {
				n := *m
				n.flags = slices.Clone(m.flags)
				moved[remote.UID(m.uid)] = remote.UID(c.h.put(onto, &n))
			}
		}
		c.seen = b.modseq
		return nil
	})
	if err != nil {
		return nil, err
	}
	return moved, c.expungeOld(ctx, uids)
}

// expungeOld removes messages if nobody has marked another.
func (c *Conn) expungeOld(ctx context.Context, uids []remote.UID) error {
	if err := c.Store(ctx, uids, []string{`\Deleted`}, nil); err != nil {
		return err
	}
	return c.do(ctx, "EXPUNGE", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		ours := func(m *message) bool { return slices.Contains(uids, remote.UID(m.uid)) }
		for _, m := range b.msgs {
			if slices.Contains(m.flags, `\Deleted`) && !ours(m) {
				return nil
			}
		}
		b.msgs = slices.DeleteFunc(b.msgs, ours)
		c.h.touch(b)
		c.seen = b.modseq
		return nil
	})
}
