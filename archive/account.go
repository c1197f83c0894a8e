package archive

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"tidepost/mail"
	"tidepost/remote"
	"tidepost/store"
)

// AccountOptions say where an IMAP account is and who may look into it.
type AccountOptions struct {
	Addr     string // host:port
	Security Security
	User     string
	Password string
	TLS      *tls.Config // nil: the system's authorities, the host of Addr
	Limit    int         // octets of a message
}

// A Security is how the connection is protected.
type Security = remote.Security

// The securities. A password never crosses a network in clear.
const (
	TLS      = remote.TLS
	StartTLS = remote.StartTLS
	Clear    = remote.Clear // loopback only
)

// An account is one of an IMAP server. It is read with EXAMINE and BODY.PEEK: nothing
// in it changes.
type account struct {
	o AccountOptions
	s *remote.Session
}

// fetchWindow is how many messages one FETCH names, fetchOctets how much they may have
// together: a window is held in memory.
const (
	fetchWindow = 200
	fetchOctets = 32 << 20
)

// Account logs in.
func Account(ctx context.Context, o AccountOptions) (Source, error) {
	s, err := dialAccount(ctx, o)
	if err != nil {
		return nil, err
	}
	return &account{o: o, s: s}, nil
}

func dialAccount(ctx context.Context, o AccountOptions) (*remote.Session, error) {
	return remote.Dial(ctx, remote.Account{Addr: o.Addr, Security: o.Security, User: o.User, Password: remote.Secret(o.Password), TLS: o.TLS})
}

// ID implements Source.
func (a *account) ID() string { return "imap:" + a.o.User + "@" + a.o.Addr }

// Close implements Source.
func (a *account) Close() error { return a.s.Close() }

// Folders implements Source: the person's own.
func (a *account) Folders(ctx context.Context) ([]Folder, error) {
	list, err := a.s.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []Folder
	var names []string
	for _, f := range list {
		if f.NoSelect {
			continue
		}
		k := kindOfRole(f.Role)
		if k == store.KindUser {
			k = kindOf(f.Name)
		}
		out, names = append(out, Folder{Name: f.Name, Kind: k}), append(names, f.Name)
	}
	states, err := a.s.Statuses(ctx, names)
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Total = int64(states[out[i].Name].Messages)
	}
	return out, nil
}

// kindOfRole is what a folder is here that has a role there.
func kindOfRole(r remote.Role) store.Kind {
	switch r {
	case remote.Sent:
		return store.KindSent
	case remote.Drafts:
		return store.KindDrafts
	case remote.Trash:
		return store.KindTrash
	case remote.Junk:
		return store.KindJunk
	case remote.Archive:
		return store.KindArchive
	}
	return store.KindUser
}

// Each implements Source. The mark is UIDVALIDITY and the last UID.
func (a *account) Each(ctx context.Context, f Folder, mark string, yield func(Message) error) error {
	validity, last, err := readMark(mark)
	if err != nil {
		return fmt.Errorf("folder %s: %w", f.Name, err)
	}
	box, err := a.s.Examine(ctx, f.Name, validity)
	if errors.Is(err, remote.ErrUIDValidity) {
		return fmt.Errorf("folder %s: %w", f.Name, ErrChanged)
	}
	if err != nil {
		return err
	}
	w := window{a: a, yield: yield, validity: box.UIDValidity}
	if last > 0 {
		uids, err := a.s.UIDs(ctx)
		if err != nil {
			return fmt.Errorf("folder %s: %w", f.Name, err)
		}
		before, _ := slices.BinarySearch(uids, last+1)
		w.done = int64(before)
	}
	for m, err := range a.s.Since(ctx, last) {
		if err == nil {
			err = w.add(ctx, m)
		}
		if err != nil {
			return fmt.Errorf("folder %s: %w", f.Name, err)
		}
	}
	if err := w.flush(ctx); err != nil {
		return fmt.Errorf("folder %s: %w", f.Name, err)
	}
	return nil
}

// readMark reads a mark.
func readMark(mark string) (validity uint32, last remote.UID, err error) {
	if mark == "" {
		return 0, 0, nil
	}
	v, uid, _ := strings.Cut(mark, " ")
	n, err1 := strconv.ParseUint(v, 10, 32)
	l, err2 := strconv.ParseUint(uid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("mark %q: %w", mark, err)
	}
	return uint32(n), remote.UID(l), nil
}

// A window is messages that are fetched together.
type window struct {
	a        *account
	yield    func(Message) error
	validity uint32
	done     int64 // messages of the folder that were handed on

	messages []remote.Summary
	octets   int64
}

// add takes one more message, and fetches those it has if they are enough.
func (w *window) add(ctx context.Context, m remote.Summary) error {
	size := min(m.Size, int64(w.a.o.Limit)) // What is larger is named, and not fetched.
	if len(w.messages) == fetchWindow || w.octets+size > fetchOctets {
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.messages, w.octets = append(w.messages, m), w.octets+size
	return nil
}

// flush fetches the window and hands its messages on, by ascending UID.
func (w *window) flush(ctx context.Context) error {
	limit := int64(w.a.o.Limit)
	var uids []remote.UID
	for _, m := range w.messages {
		if m.Size <= limit {
			uids = append(uids, m.UID)
		}
	}
	// Servers that count line ends otherwise send more than they said.
	texts, err := w.a.s.Texts(ctx, uids, limit, 2*fetchOctets+2*limit)
	if err != nil {
		return err
	}
	for _, m := range w.messages {
		text, there := texts[m.UID]
		large := max(m.Size, int64(len(text)))
		if !there && m.Size <= limit {
			continue // It was expunged meanwhile.
		}
		w.done++
		out := Message{Date: m.Date, Mark: fmt.Sprintf("%d %d", w.validity, m.UID), Done: w.done}
		out.Flags, out.Keywords = imapFlags(m.Flags)
		if large > limit {
			out.Problem = tooLarge(large, limit)
		} else if text == nil {
			out.Problem = "the server gave no text"
		} else if out.Octets, err = io.ReadAll(mail.NewNormalizer(bytes.NewReader(text))); err != nil {
			return err
		}
		if err := w.yield(out); err != nil {
			return err
		}
	}
	w.messages, w.octets = w.messages[:0], 0
	return nil
}

func imapFlags(flags []string) (bits store.Flags, keywords []string) {
	for _, f := range flags {
		switch strings.ToLower(f) {
		case `\seen`:
			bits |= store.Seen
		case `\answered`:
			bits |= store.Answered
		case `\flagged`:
			bits |= store.Flagged
		case `\deleted`:
			bits |= store.Deleted
		case `\draft`:
			bits |= store.Draft
		default:
			if !strings.HasPrefix(f, `\`) {
				keywords = addKeyword(keywords, f)
			}
		}
	}
	return bits, keywords
}
