package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/remote"
	"tidepost/store"
)

// ExportTo writes all mail of a person into an account on an IMAP server, below the folder
// into if it is not "". A message that its folder there has already, by Message-ID and
// size, is not written again: an export that was broken off goes on where it was. Nothing
// there is changed or removed.
func ExportTo(ctx context.Context, db *store.DB, person int64, o AccountOptions, into string, told func(f Folder, done int64)) ([]Result, error) {
	a := &accountSink{o: o, into: into}
	if err := a.dial(ctx); err != nil {
		return nil, err
	}
	return export(ctx, db, person, a, told)
}

// redials is how often a lost connection is made again without a message in between.
const redials = 6

// A mark is what a message is known by in an account: its Message-ID and size; one
// without an ID by its date, too.
type mark struct {
	id   string
	size int64
	date int64 // s; 0 if there is an ID
}

func markOf(id string, size int64, date time.Time) mark {
	if id != "" {
		return mark{id: id, size: size}
	}
	return mark{size: size, date: date.Unix()}
}

// An accountSink writes into an account.
type accountSink struct {
	o     AccountOptions
	into  string
	s     *remote.Session
	names map[store.Kind]string // of folders that have a role there

	box   store.Mailbox
	to    string
	there map[mark]int // how many the folder there has
	had   map[mark]int // how many of them were met here
}

// dial logs in and looks what the account calls its folders.
func (a *accountSink) dial(ctx context.Context) (err error) {
	if a.s, err = dialAccount(ctx, a.o); err != nil {
		return err
	}
	list, err := a.s.List(ctx)
	if err != nil {
		return errors.Join(err, a.close())
	}
	a.names = map[store.Kind]string{store.KindInbox: "INBOX"}
	for _, f := range list {
		if k := kindOfRole(f.Role); k != store.KindUser && !f.NoSelect {
			a.names[k] = f.Name
		}
	}
	return nil
}

func (a *accountSink) close() error {
	if a.s == nil {
		return nil
	}
	return a.s.Close()
}

// name is what a folder is called there.
func (a *accountSink) name(box store.Mailbox) string {
	if a.into != "" {
		return a.into + "/" + box.Name
	}
	if name, ok := a.names[box.Kind]; ok {
		return name
	}
	return box.Name
}

// begin implements sink.
func (a *accountSink) begin(ctx context.Context, box store.Mailbox) (string, int, error) {
	a.box, a.had = box, map[mark]int{}
	err := a.patiently(ctx, func() error { return a.look(ctx) })
	return a.to, -1, err
}

// look makes the folder and sees what is in it.
func (a *accountSink) look(ctx context.Context) error {
	a.to = a.name(a.box)
	if err := a.s.Create(ctx, a.to); err != nil {
		return err
	}
	if _, err := a.s.Examine(ctx, a.to, 0); err != nil {
		return err
	}
	a.there = map[mark]int{}
	for m, err := range a.s.Since(ctx, 0) {
		if err != nil {
			return err
		}
		a.there[markOf(m.MessageID, m.Size, m.Date)]++
	}
	return nil
}

// write implements sink.
func (a *accountSink) write(ctx context.Context, p parcel) error {
	m := markOf(p.MID, p.Size, p.InternalDate)
	tried, has := false, false
	err := a.patiently(ctx, func() error {
		// A look after a lost connection shows whether the message arrived.
		if has = a.there[m] > a.had[m]; has {
			return nil
		}
		tried = true
		return a.append(ctx, p)
	})
	if err != nil {
		return unlessAll(err)
	}
	a.had[m]++
	if has && !tried {
		return errThere
	}
	if !has {
		a.there[m]++
	}
	return nil
}

func (a *accountSink) append(ctx context.Context, p parcel) error {
	text := p.text()
	defer text.Close()
	_, err := a.s.Append(ctx, a.to, remote.Letter{
		Flags: append(flagNames(p.Flags), p.Keywords...), Date: p.InternalDate, MessageID: p.MID, Size: p.Size, Text: text,
	})
	return err
}

// unlessAll makes what concerns one message a leftOut: the others may go.
func unlessAll(err error) error {
	if errors.Is(err, remote.ErrTooLarge) || errors.Is(err, remote.ErrRefused) || errors.Is(err, remote.ErrName) {
		return &leftOut{err}
	}
	return err
}

// end implements sink.
func (a *accountSink) end(int) error { return nil }

// patiently does something, again on a new connection if the one it has is lost.
func (a *accountSink) patiently(ctx context.Context, do func() error) error {
	err := do()
	for n := range redials {
		if !errors.Is(err, remote.ErrLost) && !errors.Is(err, remote.ErrTry) || ctx.Err() != nil {
			return err
		}
		a.close() // It is lost anyway.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(1<<n-1) * time.Second): // At once, then after 1 s, 3 s …
		}
		if err = a.dial(ctx); err != nil {
			continue
		}
		if err = a.look(ctx); err == nil {
			err = do()
		}
	}
	if err != nil {
		return fmt.Errorf("after %d more connections: %w", redials, err)
	}
	return nil
}

// flagNames are the system flags as IMAP writes them (RFC 9051 §2.3.2).
func flagNames(bits store.Flags) (out []string) {
	for _, f := range []struct {
		bit  store.Flags
		name string
	}{{store.Seen, `\Seen`}, {store.Answered, `\Answered`}, {store.Flagged, `\Flagged`}, {store.Deleted, `\Deleted`}, {store.Draft, `\Draft`}} {
		if bits&f.bit != 0 {
			out = append(out, f.name)
		}
	}
	return out
}
