package fakehost

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"tidepost/remote"
)

// A Conn is a session. It does what *remote.Session does.
type Conn struct {
	h        *Host
	selected string
	seen     uint64
	watched  []string
	heard    uint64 // what was told of them
	lost     error
	life     int // of the host when it began
}

// Dial logs in.
func (h *Host) Dial(_ context.Context) (*Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return nil, fmt.Errorf("log in: %w", h.refuse)
	}
	return &Conn{h: h, life: h.life}, nil
}

// Caps implements the session.
func (c *Conn) Caps() remote.Caps { return remote.Caps{Move: !c.h.isOld()} }

// do runs a command under the lock, unless the connection breaks there.
func (c *Conn) do(ctx context.Context, op string, f func() error) error {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if c.lost != nil {
		return c.lost
	}
	if c.life != c.h.life {
		c.lost = fmt.Errorf("%s: %w", op, remote.ErrLost)
		return c.lost
	}
	if err := ctx.Err(); err != nil {
		c.lost = fmt.Errorf("%w: %w", remote.ErrLost, err)
		return c.lost
	}
	cut := Whole
	if c.h.cut != nil {
		cut = c.h.cut(op)
	}
	if cut == Before {
		c.lost = fmt.Errorf("%s: %w", op, remote.ErrLost)
		return c.lost
	}
	err := f()
	if cut == After {
		c.lost = fmt.Errorf("%s: %w", op, remote.ErrLost)
		return c.lost
	}
	return err
}

func (c *Conn) box(name string) (*box, error) {
	b := c.h.boxes[name]
	if b == nil {
		return nil, fmt.Errorf("folder %s: %w", name, remote.ErrGone)
	}
	return b, nil
}

// List implements the session.
func (c *Conn) List(ctx context.Context) (out []remote.Folder, err error) {
	err = c.do(ctx, "LIST", func() error {
		for _, name := range sortedNames(c.h.boxes) {
			out = append(out, remote.Folder{Name: name, Role: c.h.boxes[name].role})
		}
		return nil
	})
	return out, err
}

// ServerName is how a Sieve script writes a folder.
func (c *Conn) ServerName(name string) (string, error) { return name, nil }

// Create implements the session.
func (c *Conn) Create(ctx context.Context, name string) error {
	return c.do(ctx, "CREATE", func() error {
		if c.h.boxes[name] == nil {
			c.h.add(name, "")
		}
		return nil
	})
}

// Delete implements the session.
func (c *Conn) Delete(ctx context.Context, name string) error {
	return c.do(ctx, "DELETE", func() error {
		delete(c.h.boxes, name)
		return nil
	})
}

// Statuses implements the session.
func (c *Conn) Statuses(ctx context.Context, names []string) (map[string]remote.Status, error) {
	out := map[string]remote.Status{}
	err := c.do(ctx, "STATUS", func() error {
		for _, name := range names {
			if b := c.h.boxes[name]; b != nil {
				out[name] = remote.Status{UIDValidity: b.validity, UIDNext: remote.UID(b.next), Messages: uint32(len(b.msgs)), HighestModSeq: b.modseq}
			}
		}
		return nil
	})
	return out, err
}

// Select implements the session.
func (c *Conn) Select(ctx context.Context, name string, validity uint32) (m remote.Mailbox, err error) {
	err = c.do(ctx, "SELECT", func() error {
		b, err := c.box(name)
		if err != nil {
			return err
		}
		c.selected, c.seen = name, b.modseq
		m = remote.Mailbox{Name: name, UIDValidity: b.validity, UIDNext: remote.UID(b.next), Exists: uint32(len(b.msgs)), HighestModSeq: b.modseq,
			Flags: []string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`}, AnyKeyword: c.h.keywords == nil}
		m.Flags = append(m.Flags, c.h.keywords...)
		if validity != 0 && validity != b.validity {
			return remote.ErrUIDValidity
		}
		return nil
	})
	return m, err
}

func summary(m *message) remote.Summary {
	return remote.Summary{UID: remote.UID(m.uid), Flags: slices.Clone(m.flags), Date: m.date, Size: int64(len(m.text)), MessageID: m.mid, ModSeq: m.modseq}
}

// Since implements the session.
func (c *Conn) Since(ctx context.Context, after remote.UID) iter.Seq2[remote.Summary, error] {
	return func(yield func(remote.Summary, error) bool) {
		var all []remote.Summary
		err := c.do(ctx, "FETCH", func() error {
			b, err := c.box(c.selected)
			if err != nil {
				return err
			}
			for _, m := range b.msgs {
				if remote.UID(m.uid) > after {
					all = append(all, summary(m))
				}
			}
			return nil
		})
		if err != nil {
			yield(remote.Summary{}, err)
			return
		}
		for _, m := range all {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// Get implements the session.
func (c *Conn) Get(ctx context.Context, uids []remote.UID) (out []remote.Summary, err error) {
	err = c.do(ctx, "FETCH", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		for _, m := range b.msgs {
			if slices.Contains(uids, remote.UID(m.uid)) {
				out = append(out, summary(m))
			}
		}
		return nil
	})
	return out, err
}

// Find implements the session.
func (c *Conn) Find(ctx context.Context, mailbox, messageID string, after remote.UID) (out []remote.Summary, err error) {
	err = c.do(ctx, "SEARCH", func() error {
		b, err := c.box(mailbox)
		if err != nil {
			return err
		}
		for _, m := range b.msgs {
			if m.mid == messageID && remote.UID(m.uid) > after {
				out = append(out, summary(m))
			}
		}
		return nil
	})
	return out, err
}

// Store implements the session.
func (c *Conn) Store(ctx context.Context, uids []remote.UID, add, remove []string) error {
	return c.do(ctx, "STORE", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		for _, m := range b.msgs {
			if !slices.Contains(uids, remote.UID(m.uid)) {
				continue
			}
			for _, f := range c.h.kept(add) {
				c.h.flag(b, m, f, true)
			}
			for _, f := range remove {
				c.h.flag(b, m, f, false)
			}
		}
		c.seen = b.modseq
		return nil
	})
}

// Fetch implements the session.
func (c *Conn) Fetch(ctx context.Context, uid remote.UID, limit int64, read func(size int64, r io.Reader) error) error {
	var text []byte
	err := c.do(ctx, "FETCH BODY", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(b.msgs, func(m *message) bool { return remote.UID(m.uid) == uid })
		if i < 0 {
			return remote.ErrNoMessage
		}
		text = b.msgs[i].text
		if c.h.broken != nil {
			return c.h.broken(text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if int64(len(text)) > limit {
		return remote.ErrTooLarge
	}
	return read(int64(len(text)), bytes.NewReader(text))
}

// Move implements the session.
func (c *Conn) Move(ctx context.Context, uids []remote.UID, to string) (map[remote.UID]remote.UID, error) {
	if c.h.isOld() {
		return c.moveOld(ctx, uids, to)
	}
	moved := map[remote.UID]remote.UID{}
	err := c.do(ctx, "MOVE", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		onto, err := c.box(to)
		if err != nil {
			return err
		}
		var stay, go1 []*message
		for _, m := range b.msgs {
			if slices.Contains(uids, remote.UID(m.uid)) {
				go1 = append(go1, m)
			} else {
				stay = append(stay, m)
			}
		}
		b.msgs = stay
		c.h.touch(b)
		for _, m := range go1 {
			n := *m
			moved[remote.UID(m.uid)] = remote.UID(c.h.put(onto, &n))
		}
		c.seen = b.modseq
		return nil
	})
	if err != nil {
		return nil, err
	}
	return moved, nil
}

// Append implements the session.
func (c *Conn) Append(ctx context.Context, mailbox string, m remote.Letter) (uid remote.UID, err error) {
	text, err := io.ReadAll(m.Text)
	if err != nil {
		return 0, err
	}
	err = c.do(ctx, "APPEND", func() error {
		b, err := c.box(mailbox)
		if err != nil {
			return err
		}
		if c.h.room >= 0 && c.h.room < int64(len(text)) {
			return remote.ErrFull
		}
		if c.h.deny != nil {
			if err := c.h.deny(mailbox, text); err != nil {
				return err
			}
		}
		if int64(len(text)) != m.Size {
			return fmt.Errorf("%w: %d octets instead of %d", remote.ErrLost, len(text), m.Size)
		}
		date := m.Date
		if date.IsZero() {
			date = c.h.now()
		}
		uid = remote.UID(c.h.put(b, &message{flags: c.h.kept(m.Flags), date: date, text: text, mid: midOf(text)}))
		return nil
	})
	return uid, err
}

// Expunge implements the session.
func (c *Conn) Expunge(ctx context.Context, uids []remote.UID) error {
	if c.h.isOld() {
		return c.expungeOld(ctx, uids)
	}
	return c.do(ctx, "EXPUNGE", func() error {
		b, err := c.box(c.selected)
		if err != nil {
			return err
		}
		b.msgs = slices.DeleteFunc(b.msgs, func(m *message) bool { return slices.Contains(uids, remote.UID(m.uid)) })
		c.h.touch(b)
		c.seen = b.modseq
		return nil
	})
}

// Selected implements the session.
func (c *Conn) Selected() (remote.Mailbox, bool) {
	return remote.Mailbox{Name: c.selected}, c.selected != ""
}

// Watch implements the session.
func (c *Conn) Watch(ctx context.Context, folders []string) (told bool, err error) {
	err = c.do(ctx, "NOTIFY", func() error {
		if told = !c.h.mute; told && !slices.Equal(c.watched, folders) {
			c.watched, c.heard = slices.Clone(folders), c.h.modseq
		}
		return nil
	})
	return told, err
}

// others reports whether a watched folder has changed, and is told so once.
func (c *Conn) others() bool {
	newest := c.heard
	for _, name := range c.watched {
		if b := c.h.boxes[name]; b != nil && name != c.selected {
			newest = max(newest, b.modseq)
		}
	}
	news := newest > c.heard
	c.heard = newest
	return news
}

// Idle implements the session.
func (c *Conn) Idle(ctx context.Context) (remote.Change, error) {
	for {
		var news, other bool
		var wait chan struct{}
		err := c.do(ctx, "IDLE", func() error {
			b, err := c.box(c.selected)
			if err != nil {
				return err
			}
			news, wait = b.modseq > c.seen, c.h.changed
			c.seen = b.modseq
			other = c.others()
			return nil
		})
		if err != nil {
			if ctx.Err() != nil {
				c.lost = nil
				return remote.Change{}, ctx.Err()
			}
			return remote.Change{}, err
		}
		if news || other {
			return remote.Change{New: news, Gone: news, Flags: news, Other: other}, nil
		}
		select {
		case <-ctx.Done():
			return remote.Change{}, ctx.Err()
		case <-wait:
		}
	}
}

// Close implements the session.
func (c *Conn) Close() error {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if c.lost == nil {
		c.lost = fmt.Errorf("closed: %w", remote.ErrLost)
	}
	return nil
}

// Dump writes the account down, for a test that failed.
func (h *Host) Dump() string {
	var out strings.Builder
	for _, name := range h.Folders() {
		for _, m := range h.Folder(name) {
			fmt.Fprintf(&out, "%s %d %s %v %q\n", name, m.UID, m.MID, m.Flags, m.Subject)
		}
	}
	return out.String()
}
