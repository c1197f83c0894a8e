package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Mailbox is the selected folder.
type Mailbox struct {
	Name          string
	UIDValidity   uint32
	UIDNext       UID    // 0 if the server does not say
	Exists        uint32 // messages
	HighestModSeq uint64 // 0 where the server has no CONDSTORE for this folder
	// Flags that are kept, as written by the server; AnyKeyword: the client may invent
	// keywords.
	Flags      []string
	AnyKeyword bool
	ReadOnly   bool
}

// CanKeep says whether the folder keeps a flag or keyword.
func (m *Mailbox) CanKeep(flag string) bool {
	if m.AnyKeyword && !strings.HasPrefix(flag, `\`) {
		return true
	}
	return slices.ContainsFunc(m.Flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

// Select opens a folder for reading and writing. If validity is not 0 and the folder was
// numbered anew, the folder is selected, and the error is ErrUIDValidity: what the caller
// knows of UIDs there is void. Other errors: ErrGone; then no folder is selected.
func (s *Session) Select(ctx context.Context, name string, validity uint32) (Mailbox, error) {
	return s.open1(ctx, "SELECT", name, validity)
}

// Examine is Select for reading only.
func (s *Session) Examine(ctx context.Context, name string, validity uint32) (Mailbox, error) {
	return s.open1(ctx, "EXAMINE", name, validity)
}

// Selected returns the selected folder with what the server told about it since.
func (s *Session) Selected() (Mailbox, bool) {
	if s.selected == nil {
		return Mailbox{}, false
	}
	return *s.selected, true
}

func (s *Session) open1(ctx context.Context, verb, name string, validity uint32) (Mailbox, error) {
	box, err := s.mailbox(name)
	if err != nil {
		return Mailbox{}, err
	}
	line := verb + " " + box
	if s.caps.CondStore {
		line += " (CONDSTORE)" // RFC 7162 §3.1.8
	}
	// RFC 9051 §6.3.2: also an attempt that fails deselects.
	s.selected, s.news = nil, Change{Other: s.news.Other}
	m := &Mailbox{Name: name, ReadOnly: verb == "EXAMINE"}
	err = s.exchange(ctx, exchange{line: line, on: m.learn, final: m.learn})
	if err = s.missing(ctx, name, err); err != nil {
		return Mailbox{}, fmt.Errorf("folder %s: %w", clean(name), err)
	}
	if len(m.Flags) == 0 && !m.ReadOnly && !m.AnyKeyword {
		// RFC 9051 §7.1: without PERMANENTFLAGS all flags are kept.
		m.Flags = []string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`}
	}
	s.selected = m
	if validity != 0 && m.UIDValidity != validity {
		return *m, fmt.Errorf("folder %s: %w", clean(name), ErrUIDValidity)
	}
	return *m, nil
}

// maxFlags bounds the flags that are kept of a folder or a message.
const maxFlags = 200

// learn reads a response to SELECT.
func (m *Mailbox) learn(r *response) {
	if r.kind == "EXISTS" {
		m.Exists = r.num
		return
	}
	word, rest, _ := strings.Cut(r.code, " ")
	n, err := strconv.ParseUint(rest, 10, 63)
	switch strings.ToUpper(word) {
	case "UIDVALIDITY":
		if err == nil {
			m.UIDValidity = uint32(n)
		}
	case "UIDNEXT":
		if err == nil {
			m.UIDNext = UID(n)
		}
	case "HIGHESTMODSEQ":
		if err == nil {
			m.HighestModSeq = n
		}
	case "NOMODSEQ":
		m.HighestModSeq = 0
	case "READ-ONLY":
		m.ReadOnly = true
	case "PERMANENTFLAGS":
		for _, f := range strings.Fields(strings.Trim(rest, "()")) {
			if f == `\*` {
				m.AnyKeyword = true
			} else if len(m.Flags) < maxFlags {
				m.Flags = append(m.Flags, f)
			}
		}
	}
}

var errNotSelected = errors.New("no folder is selected")

// in does something in another folder, read-only, and comes back. If the first folder was
// numbered anew meanwhile, the error is ErrUIDValidity.
func (s *Session) in(ctx context.Context, name string, do func() error) error {
	if s.selected != nil && s.selected.Name == name {
		return do()
	}
	before, news := s.selected, s.news
	if _, err := s.Examine(ctx, name, 0); err != nil {
		return errors.Join(err, s.back(ctx, before, news))
	}
	err := do()
	return errors.Join(err, s.back(ctx, before, news))
}

// back selects a folder again. What happened there meanwhile is news.
func (s *Session) back(ctx context.Context, m *Mailbox, news Change) error {
	if s.lost != nil {
		return nil // It is told already.
	}
	if m == nil {
		return s.unselect(ctx)
	}
	verb := "SELECT"
	if m.ReadOnly {
		verb = "EXAMINE"
	}
	now, err := s.open1(ctx, verb, m.Name, m.UIDValidity)
	news.Other = news.Other || s.news.Other
	s.news = news
	if now.Exists != m.Exists || now.UIDNext != m.UIDNext {
		s.news.New = true
	}
	if now.HighestModSeq != m.HighestModSeq {
		s.news.Flags, s.news.Gone = true, true
	}
	return err
}
