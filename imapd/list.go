package imapd

import (
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

// listed is a name that LIST knows.
type listed struct {
	box        store.Mailbox // zero for a name that is only subscribed to
	name       string
	subscribed bool
	children   bool // there are names below it
	below      bool // some of them are subscribed to
}

// List implements LIST and LSUB (RFC 9051 §6.3.9, RFC 3501 §6.3.9).
func (s *Session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	return s.command("LIST", func() error {
		if len(patterns) == 0 {
			// LIST "" "" asks for the delimiter.
			return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: rune(delim[0])})
		}
		var out []*imap.ListData
		err := s.db.View(s.ctx, func(tx *store.Tx) error {
			names, err := s.names(tx)
			if err != nil {
				return err
			}
			for _, l := range names {
				if !l.wanted(ref, patterns, o) {
					continue
				}
				data, err := s.listData(tx, l, o)
				if err != nil {
					return err
				}
				out = append(out, data)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, data := range out {
			if err := w.WriteList(data); err != nil {
				return err
			}
		}
		return nil
	})
}

// names returns the visible mailboxes and the names subscribed to without one.
func (s *Session) names(tx *store.Tx) ([]*listed, error) {
	boxes, err := tx.Mailboxes(s.person.ID)
	if err != nil {
		return nil, err
	}
	absent, err := tx.Subscriptions(s.person.ID)
	if err != nil {
		return nil, err
	}
	var out []*listed
	byName := map[string]*listed{}
	add := func(l *listed) {
		out = append(out, l)
		byName[l.name] = l
	}
	for _, m := range boxes {
		if m.Visible {
			add(&listed{box: m, name: m.Name, subscribed: m.Subscribed})
		}
	}
	for _, name := range absent {
		add(&listed{name: name, subscribed: true})
	}
	for _, l := range out {
		for _, p := range parents(l.name) {
			if up := byName[p]; up != nil {
				up.children = up.children || l.box.ID != 0
				up.below = up.below || l.subscribed
			}
		}
	}
	return out, nil
}

// wanted reports whether the selection options and a pattern take the name.
func (l *listed) wanted(ref string, patterns []string, o *imap.ListOptions) bool {
	switch {
	case o.SelectSubscribed && !l.subscribed && !(o.SelectRecursiveMatch && l.below),
		!o.SelectSubscribed && l.box.ID == 0,
		o.SelectSpecialUse && specialUse(l.box.Kind) == "":
		return false
	}
	for _, p := range patterns {
		if matches(ref+p, l.name) {
			return true
		}
	}
	return false
}

// listData is the LIST response of a name.
func (s *Session) listData(tx *store.Tx, l *listed, o *imap.ListOptions) (*imap.ListData, error) {
	data := &imap.ListData{Attrs: l.attrs(), Delim: rune(delim[0]), Mailbox: l.name}
	if o.SelectRecursiveMatch && l.below {
		data.ChildInfo = &imap.ListDataChildInfo{Subscribed: true}
	}
	if o.ReturnStatus != nil && l.box.ID != 0 {
		status, err := s.statusData(tx, l.box, o.ReturnStatus)
		if err != nil {
			return nil, err
		}
		data.Status = status
	}
	return data, nil
}

// attrs are told whether or not they were asked for: that is always allowed
// (RFC 9051 §7.3.1).
func (l *listed) attrs() []imap.MailboxAttr {
	var out []imap.MailboxAttr
	switch {
	case l.box.ID == 0:
		out = append(out, imap.MailboxAttrNonExistent)
	case l.box.Kind == store.KindRemind:
		out = append(out, imap.MailboxAttrNoSelect)
	}
	if l.subscribed {
		out = append(out, imap.MailboxAttrSubscribed)
	}
	if l.children {
		out = append(out, imap.MailboxAttrHasChildren)
	} else {
		out = append(out, imap.MailboxAttrHasNoChildren)
	}
	if use := specialUse(l.box.Kind); use != "" {
		out = append(out, use)
	}
	return out
}

// specialUse is the role of a system folder (RFC 6154 §2), "" for none.
func specialUse(k store.Kind) imap.MailboxAttr {
	switch k {
	case store.KindDrafts:
		return imap.MailboxAttrDrafts
	case store.KindSent:
		return imap.MailboxAttrSent
	case store.KindTrash:
		return imap.MailboxAttrTrash
	case store.KindArchive:
		return imap.MailboxAttrArchive
	case store.KindJunk:
		return imap.MailboxAttrJunk
	}
	return ""
}

// Subscribe implements SUBSCRIBE: a name that no mailbox has may be subscribed to
// (RFC 9051 §6.3.7).
func (s *Session) Subscribe(name string) error { return s.subscribe("SUBSCRIBE", name, true) }

// Unsubscribe implements UNSUBSCRIBE.
func (s *Session) Unsubscribe(name string) error { return s.subscribe("UNSUBSCRIBE", name, false) }

func (s *Session) subscribe(command, name string, on bool) error {
	return s.command(command, func() error {
		name = strings.TrimSuffix(canonical(name), delim)
		if on {
			if err := checkName(name); err != nil {
				return err
			}
		}
		return s.db.Update(s.ctx, func(tx *store.Tx) error {
			if on {
				absent, err := tx.Subscriptions(s.person.ID)
				if err != nil {
					return err
				}
				if len(absent) >= maxMailbox {
					return no(imap.ResponseCodeLimit, "Too many subscriptions")
				}
			}
			return tx.Subscribe(s.person.ID, name, on)
		})
	})
}
