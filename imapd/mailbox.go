package imapd

import (
	"strings"

	"github.com/emersion/go-imap/v2"

	"tidepost/controls"
	"tidepost/people"
	"tidepost/store"
)

// ensureMailboxes gives a person the system folders that are missing.
func (s *Session) ensureMailboxes(p *people.Person) error {
	missing := false
	err := s.db.View(s.ctx, func(tx *store.Tx) (err error) {
		missing, err = tx.LacksMailboxes(p.ID)
		return err
	})
	if err != nil || !missing {
		return err
	}
	return s.db.Update(s.ctx, func(tx *store.Tx) error { return tx.EnsureMailboxes(p.ID, s.now()) })
}

// Create implements CREATE (RFC 9051 §6.3.4). The levels above are made too.
func (s *Session) Create(name string, o *imap.CreateOptions) error {
	return s.command("CREATE", func() error {
		if len(o.SpecialUse) > 0 {
			return no("USEATTR", "Folders with a special use are there already")
		}
		// A delimiter at the end says that names below will follow.
		name = strings.TrimSuffix(canonical(name), delim)
		if err := checkName(name); err != nil {
			return err
		}
		return s.db.Update(s.ctx, func(tx *store.Tx) error {
			boxes, err := s.byName(tx)
			if err != nil {
				return err
			}
			return s.create(tx, boxes, name)
		})
	})
}

// byName returns all mailboxes of the person, invisible ones too.
func (s *Session) byName(tx *store.Tx) (map[string]store.Mailbox, error) {
	list, err := tx.Mailboxes(s.person.ID)
	if err != nil {
		return nil, err
	}
	out := make(map[string]store.Mailbox, len(list))
	for _, m := range list {
		out[m.Name] = m
	}
	return out, nil
}

// create makes name and what is missing above it.
func (s *Session) create(tx *store.Tx, boxes map[string]store.Mailbox, name string) error {
	if m, ok := boxes[name]; ok {
		if m.Visible {
			return no(imap.ResponseCodeAlreadyExists, "The mailbox exists already")
		}
		// One of the system folders that appear when first needed: it is now.
		return tx.ShowMailbox(m.ID)
	}
	for _, n := range append(parents(name), name) {
		if m, ok := boxes[n]; ok {
			if holdsNoFolders(m.Kind) {
				return no(imap.ResponseCodeCannot, "No folder can be made inside "+m.Name)
			}
			continue
		}
		if len(boxes) >= maxMailbox {
			return no(imap.ResponseCodeLimit, "There are too many mailboxes")
		}
		m := store.Mailbox{PersonID: s.person.ID, Name: n, Kind: store.KindUser, Visible: true, Created: s.now()}
		if err := tx.CreateMailbox(&m); err != nil {
			return err
		}
		boxes[n] = m
	}
	return nil
}

// holdsNoFolders: a folder below a control folder would look like one.
func holdsNoFolders(k store.Kind) bool { return controls.IsControl(k) || k == store.KindRemind }

// Delete implements DELETE (RFC 9051 §6.3.5). A mailbox with others below it is
// refused, which keeps every level of a name a real mailbox.
func (s *Session) Delete(name string) error {
	return s.command("DELETE", func() error {
		return s.db.Update(s.ctx, func(tx *store.Tx) error {
			m, err := s.mailbox(tx, name)
			if err != nil {
				return err
			}
			if m.Kind.IsSystem() {
				return no(imap.ResponseCodeCannot, m.Name+" is part of Tidepost and stays")
			}
			boxes, err := tx.Mailboxes(s.person.ID)
			if err != nil {
				return err
			}
			for _, b := range boxes {
				if strings.HasPrefix(b.Name, m.Name+delim) {
					return no(imap.ResponseCodeHasChildren, "Delete the folders inside it first")
				}
			}
			return tx.DeleteMailbox(m.ID, s.now())
		})
	})
}

// Rename implements RENAME (RFC 9051 §6.3.6), names below included. INBOX stays, as
// all system folders do; clients must expect that of INBOX.
func (s *Session) Rename(from, to string, _ *imap.RenameOptions) error {
	return s.command("RENAME", func() error {
		to = strings.TrimSuffix(canonical(to), delim)
		if err := checkName(to); err != nil {
			return err
		}
		return s.db.Update(s.ctx, func(tx *store.Tx) error {
			m, err := s.mailbox(tx, from)
			if err != nil {
				return err
			}
			if m.Kind.IsSystem() {
				return no(imap.ResponseCodeCannot, m.Name+" is part of Tidepost and keeps its name")
			}
			return s.rename(tx, m, to)
		})
	})
}

func (s *Session) rename(tx *store.Tx, m store.Mailbox, to string) error {
	boxes, err := s.byName(tx)
	if err != nil {
		return err
	}
	if strings.HasPrefix(to, m.Name+delim) {
		return no(imap.ResponseCodeCannot, "A folder cannot move into itself")
	}
	if _, ok := boxes[to]; ok {
		return no(imap.ResponseCodeAlreadyExists, "There is a mailbox of that name")
	}
	if up := parents(to); len(up) > 0 {
		if err := s.createAbove(tx, boxes, up); err != nil {
			return err
		}
	}
	for name, b := range boxes {
		if name != m.Name && !strings.HasPrefix(name, m.Name+delim) {
			continue
		}
		next := to + name[len(m.Name):]
		if err := checkName(next); err != nil {
			return err
		}
		if err := tx.RenameMailbox(b.ID, next); err != nil {
			return err
		}
	}
	return nil
}

// createAbove makes the missing ones of the levels up, from the top.
func (s *Session) createAbove(tx *store.Tx, boxes map[string]store.Mailbox, up []string) error {
	last := up[len(up)-1]
	if m, ok := boxes[last]; ok {
		if holdsNoFolders(m.Kind) {
			return no(imap.ResponseCodeCannot, "No folder can be made inside "+m.Name)
		}
		return nil
	}
	return s.create(tx, boxes, last)
}
