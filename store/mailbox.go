package store

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// A Kind says which system folder a mailbox is.
type Kind string

// The kinds there are; every person has one mailbox of each but KindUser.
const (
	KindUser          Kind = "user"
	KindInbox         Kind = "inbox"
	KindDrafts        Kind = "drafts"
	KindSent          Kind = "sent"
	KindTrash         Kind = "trash"
	KindArchive       Kind = "archive"
	KindJunk          Kind = "junk"
	KindScheduled     Kind = "scheduled"
	KindSendNow       Kind = "send-now"
	KindSendTomorrow  Kind = "send-tomorrow"
	KindSendMonday    Kind = "send-monday"
	KindSendOpening   Kind = "send-opening" // When they start work
	KindNextDelivery  Kind = "next-delivery"
	KindNeedsReply    Kind = "needs-reply"
	KindWaitingFor    Kind = "waiting-for-others"
	KindDigests       Kind = "digests"
	KindLists         Kind = "lists"
	KindSocial        Kind = "social"
	KindNotifications Kind = "notifications"
	KindAway          Kind = "away"
	KindRemind        Kind = "remind" // parent, holds nothing
	KindRemindDay     Kind = "remind-tomorrow"
	KindRemindWeek    Kind = "remind-next-week"
	KindRemindMonday  Kind = "remind-monday"
	KindBefore        Kind = "before-sending"
	KindNotUrgent     Kind = "not-urgent"
	KindDecisions     Kind = "decisions"
)

// A Mailbox is a folder of a person. Name is UTF-8 with levels joined by "/".
type Mailbox struct {
	ID          int64
	PersonID    int64
	Name        string
	Kind        Kind
	UIDValidity uint32
	UIDNext     uint32
	ModSeq      uint64 // highest
	Subscribed  bool
	Visible     bool // listed
	Created     time.Time
}

// systemMailbox is how a system folder begins.
type systemMailbox struct {
	kind                Kind
	name                string
	visible, subscribed bool
}

// systemMailboxes in the order they are made. Those that only hold what somebody
// else fills appear when first needed.
func systemMailboxes() []systemMailbox {
	return []systemMailbox{
		{KindInbox, "INBOX", true, true},
		{KindDrafts, "Drafts", true, true},
		{KindSent, "Sent", true, true},
		{KindTrash, "Trash", true, true},
		{KindArchive, "Archive", true, true},
		{KindJunk, "Junk", true, true},
		{KindScheduled, "Scheduled", true, true},
		{KindSendNow, "Scheduled/Send now", true, true},
		{KindSendTomorrow, "Scheduled/Send tomorrow", true, true},
		{KindSendMonday, "Scheduled/Send Monday", true, true},
		{KindSendOpening, "Scheduled/When they start work", true, true},
		{KindNextDelivery, "Next delivery", true, true},
		{KindDigests, "Digests", true, true},
		{KindRemind, "Remind me", true, false},
		{KindRemindDay, "Remind me/Tomorrow", true, false},
		{KindRemindWeek, "Remind me/Next week", true, false},
		{KindRemindMonday, "Remind me/Monday", true, false},
		{KindLists, "Lists", false, false},
		{KindSocial, "Social", false, false},
		{KindNotifications, "Notifications", false, false},
		{KindAway, "While away", false, false},
		{KindBefore, "Before sending", false, false},
		{KindNotUrgent, "Not urgent", false, false},
		{KindNeedsReply, "Needs reply", true, true},
		{KindWaitingFor, "Waiting for others", true, true},
		{KindDecisions, "Decisions", false, false},
	}
}

// LacksMailboxes reports whether the person is older than some system folder.
func (tx *Tx) LacksMailboxes(person int64) (bool, error) {
	var n int
	err := tx.row([]any{&n}, `SELECT count(*) FROM mailbox WHERE person_id = ? AND kind <> 'user'`, person)
	if err != nil {
		return false, fmt.Errorf("count mailboxes: %w", err)
	}
	return n < len(systemMailboxes()), nil
}

// EnsureMailboxes makes the system folders that the person lacks.
func (tx *Tx) EnsureMailboxes(person int64, now time.Time) error {
	have, err := tx.Mailboxes(person)
	if err != nil {
		return err
	}
	kinds := map[Kind]bool{}
	for _, m := range have {
		kinds[m.Kind] = true
	}
	for _, s := range systemMailboxes() {
		if kinds[s.kind] {
			continue
		}
		// A folder of that name which the person made before there was ours becomes it.
		n, err := tx.exec(`UPDATE mailbox SET kind = ? WHERE person_id = ? AND name = ? AND kind = 'user'`, string(s.kind), person, s.name)
		if err != nil {
			return fmt.Errorf("take over mailbox %q: %w", s.name, err)
		}
		if n > 0 {
			continue
		}
		m := Mailbox{PersonID: person, Name: s.name, Kind: s.kind, Visible: s.visible, Subscribed: s.subscribed, Created: now}
		if err := tx.CreateMailbox(&m); err != nil {
			return err
		}
	}
	return nil
}

// EnsureMailbox returns a system folder of the person, and makes those that are
// missing: the person may be older than the folder.
func (tx *Tx) EnsureMailbox(person int64, kind Kind, now time.Time) (Mailbox, error) {
	m, err := tx.MailboxByKind(person, kind)
	if !errors.Is(err, ErrNotFound) {
		return m, err
	}
	if err := tx.EnsureMailboxes(person, now); err != nil {
		return m, err
	}
	return tx.MailboxByKind(person, kind)
}

// CreateMailbox adds m with a UIDVALIDITY of its own and sets the numbers of m.
// ErrExists: the person has a mailbox of that name.
func (tx *Tx) CreateMailbox(m *Mailbox) error {
	validity, err := tx.nextUIDValidity(m.Created)
	if err != nil {
		return err
	}
	m.UIDValidity, m.UIDNext, m.ModSeq = validity, 1, 1
	m.ID, err = tx.insert(`INSERT INTO mailbox (person_id, name, kind, uidvalidity, subscribed, visible, created)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, m.PersonID, m.Name, string(m.Kind), m.UIDValidity, m.Subscribed, m.Visible, stamp(m.Created))
	if err != nil {
		return fmt.Errorf("create mailbox %q: %w", m.Name, err)
	}
	return nil
}

// nextUIDValidity never gives a number twice, also when the clock goes back: a
// mailbox made again under an old name must not look like the old one
// (RFC 9051 §2.3.1.1).
func (tx *Tx) nextUIDValidity(now time.Time) (uint32, error) {
	const key = "uidvalidity"
	s, err := tx.Meta(key)
	if err != nil {
		return 0, err
	}
	var last int64
	if s != "" {
		if last, err = strconv.ParseInt(s, 10, 64); err != nil {
			return 0, fmt.Errorf("read uidvalidity: %w", err)
		}
	}
	v := max(last+1, now.Unix()&0x7fffffff)
	return uint32(v), tx.SetMeta(key, strconv.FormatInt(v, 10))
}

const mailboxColumns = `id, person_id, name, kind, uidvalidity, uidnext, modseq, subscribed, visible, created`

func scanMailbox(m *Mailbox) []any {
	return []any{&m.ID, &m.PersonID, &m.Name, (*string)(&m.Kind), &m.UIDValidity, &m.UIDNext, &m.ModSeq,
		&m.Subscribed, &m.Visible, (*stamp)(&m.Created)}
}

// Mailboxes returns all mailboxes of the person, invisible ones too, by name.
func (tx *Tx) Mailboxes(person int64) ([]Mailbox, error) {
	return all(tx, scanMailbox, `SELECT `+mailboxColumns+` FROM mailbox WHERE person_id = ? ORDER BY name`, person)
}

// MailboxByName returns a mailbox. INBOX must be written so. ErrNotFound.
func (tx *Tx) MailboxByName(person int64, name string) (Mailbox, error) {
	var m Mailbox
	err := tx.row(scanMailbox(&m), `SELECT `+mailboxColumns+` FROM mailbox WHERE person_id = ? AND name = ?`, person, name)
	if err != nil {
		return m, fmt.Errorf("mailbox %q: %w", name, err)
	}
	return m, nil
}

// MailboxByKind returns a system folder of the person.
func (tx *Tx) MailboxByKind(person int64, kind Kind) (Mailbox, error) {
	var m Mailbox
	err := tx.row(scanMailbox(&m), `SELECT `+mailboxColumns+` FROM mailbox WHERE person_id = ? AND kind = ?`, person, string(kind))
	if err != nil {
		return m, fmt.Errorf("mailbox of kind %s: %w", kind, err)
	}
	return m, nil
}

// Mailbox returns a mailbox by id. ErrNotFound.
func (tx *Tx) Mailbox(id int64) (Mailbox, error) {
	var m Mailbox
	err := tx.row(scanMailbox(&m), `SELECT `+mailboxColumns+` FROM mailbox WHERE id = ?`, id)
	if err != nil {
		return m, fmt.Errorf("mailbox %d: %w", id, err)
	}
	return m, nil
}

// RenameMailbox gives a mailbox another name. Inferiors are the caller's matter.
func (tx *Tx) RenameMailbox(id int64, name string) error {
	_, err := tx.exec(`UPDATE mailbox SET name = ? WHERE id = ?`, name, id)
	if err != nil {
		return fmt.Errorf("rename mailbox to %q: %w", name, err)
	}
	return nil
}

// DeleteMailbox removes a mailbox and what is in it.
func (tx *Tx) DeleteMailbox(id int64, now time.Time) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO orphan (message_id, after) SELECT message_id, ? FROM entry WHERE mailbox_id = ?`,
		stamp(now), id)
	for _, q := range []string{
		`DELETE FROM entry WHERE mailbox_id = ?`, `DELETE FROM expunged WHERE mailbox_id = ?`, `DELETE FROM mailbox WHERE id = ?`,
	} {
		if err == nil {
			_, err = tx.exec(q, id)
		}
	}
	if err != nil {
		return fmt.Errorf("delete mailbox %d: %w", id, err)
	}
	tx.touch(id)
	return nil
}

// ShowMailbox makes a system folder visible (and subscribed) the first time it is
// needed.
func (tx *Tx) ShowMailbox(id int64) error {
	_, err := tx.exec(`UPDATE mailbox SET visible = 1, subscribed = 1 WHERE id = ? AND visible = 0`, id)
	return err
}

// Subscribe subscribes the person to a name, whether or not a mailbox has it.
func (tx *Tx) Subscribe(person int64, name string, on bool) error {
	n, err := tx.exec(`UPDATE mailbox SET subscribed = ? WHERE person_id = ? AND name = ?`, on, person, name)
	if err == nil && n == 0 && on {
		_, err = tx.exec(`INSERT OR IGNORE INTO subscription (person_id, name) VALUES (?, ?)`, person, name)
	}
	if err == nil && !on {
		_, err = tx.exec(`DELETE FROM subscription WHERE person_id = ? AND name = ?`, person, name)
	}
	return err
}

// Subscriptions returns the subscribed names that no mailbox has.
func (tx *Tx) Subscriptions(person int64) ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} },
		`SELECT name FROM subscription WHERE person_id = ?1
		 AND name NOT IN (SELECT name FROM mailbox WHERE person_id = ?1) ORDER BY name`, person)
}

// A Count is what STATUS asks of a mailbox.
type Count struct {
	Messages, Unseen, Deleted uint32
	Size                      int64 // octets of all messages; only if asked for
}

// Count counts a mailbox; with size it also adds up the octets, which reads every
// message row.
func (tx *Tx) Count(mailbox int64, size bool) (Count, error) {
	var c Count
	err := tx.row([]any{&c.Messages, &c.Unseen, &c.Deleted}, `SELECT
		(SELECT count(*) FROM entry WHERE mailbox_id = ?1),
		(SELECT count(*) FROM entry WHERE mailbox_id = ?1 AND flags & 1 = 0),
		(SELECT count(*) FROM entry WHERE mailbox_id = ?1 AND flags & 8 <> 0)`, mailbox)
	if err == nil && size {
		err = tx.row([]any{&c.Size}, `SELECT coalesce(sum(m.size), 0) FROM entry e JOIN message m ON m.id = e.message_id
			WHERE e.mailbox_id = ?`, mailbox)
	}
	return c, err
}

// IsSystem reports whether the kind cannot be deleted or renamed.
func (k Kind) IsSystem() bool { return k != KindUser }

// ErrNoUID is returned when a mailbox has used up its UIDs.
var ErrNoUID = errors.New("mailbox has no UIDs left")
