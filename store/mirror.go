package store

import (
	"fmt"
	"time"
)

// A Mirror is a person's account at a provider as it is tended; see package mirror.
type Mirror struct {
	PersonID int64
	Account  string    // user and server: another account begins anew
	Since    time.Time // mail that came before is left alone
	Entry    int64     // entries of ordinary folders up to this one are not written there
	Looked   time.Time // when both sides agreed last
}

func (m *Mirror) fields() []any {
	return []any{&m.PersonID, &m.Account, (*stamp)(&m.Since), &m.Entry, (*stamp)(&m.Looked)}
}

// Mirror returns how a person's account is tended. ErrNotFound.
func (tx *Tx) Mirror(person int64) (Mirror, error) {
	var m Mirror
	err := tx.row(m.fields(), `SELECT person_id, account, since, entry, looked FROM mirror WHERE person_id = ?`, person)
	if err != nil {
		return m, fmt.Errorf("mirror of person %d: %w", person, err)
	}
	return m, nil
}

// PutMirror writes all of m.
func (tx *Tx) PutMirror(m Mirror) error {
	_, err := tx.exec(`INSERT INTO mirror (person_id, account, since, entry, looked) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (person_id) DO UPDATE SET account = ?2, since = ?3, entry = ?4, looked = ?5`,
		m.PersonID, m.Account, stamp(m.Since), m.Entry, stamp(m.Looked))
	if err != nil {
		return fmt.Errorf("mirror of person %d: %w", m.PersonID, err)
	}
	return nil
}

// DropMirror forgets all of a person's account but the account itself.
func (tx *Tx) DropMirror(person int64) error {
	for _, table := range []string{"mirror_link", "mirror_folder", "mirror_sent", "mirror"} {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE person_id = ?`, person); err != nil {
			return fmt.Errorf("forget mirror of person %d: %w", person, err)
		}
	}
	return nil
}

// A MirrorFolder is the folder at the provider that stands for a system folder.
type MirrorFolder struct {
	Kind        Kind
	Name        string
	UIDValidity uint32
	UIDNext     uint32 // messages from here on have not been looked at
}

// MirrorFolders returns the folders of a person's account.
func (tx *Tx) MirrorFolders(person int64) ([]MirrorFolder, error) {
	out, err := all(tx, func(f *MirrorFolder) []any { return []any{(*string)(&f.Kind), &f.Name, &f.UIDValidity, &f.UIDNext} },
		`SELECT kind, name, uidvalidity, uidnext FROM mirror_folder WHERE person_id = ? ORDER BY kind`, person)
	if err != nil {
		return nil, fmt.Errorf("folders of person %d's account: %w", person, err)
	}
	return out, nil
}

// PutMirrorFolder writes all of f.
func (tx *Tx) PutMirrorFolder(person int64, f MirrorFolder) error {
	_, err := tx.exec(`INSERT INTO mirror_folder (person_id, kind, name, uidvalidity, uidnext) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (person_id, kind) DO UPDATE SET name = ?3, uidvalidity = ?4, uidnext = ?5`,
		person, string(f.Kind), f.Name, f.UIDValidity, f.UIDNext)
	if err != nil {
		return fmt.Errorf("folder %s of person %d's account: %w", f.Kind, person, err)
	}
	return nil
}

// A MirrorLink is a message that stands in the store and in the account; the fields are
// explained in package mirror.
type MirrorLink struct {
	ID       int64
	EntryID  int64
	EntryUID uint32
	Thing    string
	Message  int64
	Kind     Kind // "": out of sight
	UID      uint32
	MID      string
	Size     int64
	Date     int64
	Flags    Flags
	Own      bool
	Refused  bool
	Changed  time.Time
}

func (l *MirrorLink) fields() []any {
	return []any{&l.ID, &l.EntryID, &l.EntryUID, &l.Thing, &l.Message, (*string)(&l.Kind), &l.UID, &l.MID, &l.Size, &l.Date,
		(*int64)(&l.Flags), &l.Own, &l.Refused, (*stamp)(&l.Changed)}
}

// MirrorLinks returns the links of a person, in the order in which they were made.
func (tx *Tx) MirrorLinks(person int64) ([]MirrorLink, error) {
	out, err := all(tx, (*MirrorLink).fields, `SELECT id, entry_id, entry_uid, thing, message_id, kind, uid, mid, size, date, flags, own,
		refused, changed FROM mirror_link WHERE person_id = ? ORDER BY id`, person)
	if err != nil {
		return nil, fmt.Errorf("links of person %d: %w", person, err)
	}
	return out, nil
}

// PutMirrorLink writes all of l. With ID 0 it is a new one, and ID is set.
func (tx *Tx) PutMirrorLink(person int64, l *MirrorLink) (err error) {
	args := []any{person, l.EntryID, l.EntryUID, l.Thing, l.Message, string(l.Kind), l.UID, l.MID, l.Size, l.Date, int64(l.Flags),
		l.Own, l.Refused, stamp(l.Changed)}
	if l.ID == 0 {
		l.ID, err = tx.insert(`INSERT INTO mirror_link (person_id, entry_id, entry_uid, thing, message_id, kind, uid, mid, size, date, flags,
			own, refused, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	} else {
		_, err = tx.exec(`UPDATE mirror_link SET person_id = ?, entry_id = ?, entry_uid = ?, thing = ?, message_id = ?, kind = ?, uid = ?,
			mid = ?, size = ?, date = ?, flags = ?, own = ?, refused = ?, changed = ? WHERE id = ?`, append(args, l.ID)...)
	}
	if err != nil {
		return fmt.Errorf("link %d of person %d: %w", l.ID, person, err)
	}
	return nil
}

// DropMirrorLink forgets a link.
func (tx *Tx) DropMirrorLink(id int64) error {
	_, err := tx.exec(`DELETE FROM mirror_link WHERE id = ?`, id)
	return err
}

// RestMirrorLinks puts what has stood in an ordinary folder since before quiet out of
// sight, and forgets what has been out of sight since before gone and has no entry that
// would be written again.
func (tx *Tx) RestMirrorLinks(person int64, quiet, gone time.Time) error {
	_, err := tx.exec(`UPDATE mirror_link SET kind = '', uid = 0 WHERE person_id = ? AND refused = 0 AND changed < ?
		AND kind IN ('inbox', 'drafts', 'sent', 'trash', 'archive', 'junk')`, person, stamp(quiet))
	if err != nil {
		return fmt.Errorf("links of person %d: %w", person, err)
	}
	_, err = tx.exec(`DELETE FROM mirror_link WHERE person_id = ? AND kind = '' AND changed < ?
		AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.id = mirror_link.entry_id)`, person, stamp(gone))
	return err
}

// A MirrorEntry is an entry with what it takes to compare and to write it.
type MirrorEntry struct {
	Entry
	Kind     Kind
	MID      string
	Size     int64
	SourceID int64
}

// MirrorEntries returns the entries of all system folders of a person, in the order in
// which they appeared; of the ordinary ones only those after an entry.
func (tx *Tx) MirrorEntries(person, after int64) ([]MirrorEntry, error) {
	out, err := all(tx, func(e *MirrorEntry) []any {
		return append(scanEntry(&e.Entry), (*string)(&e.Kind), &e.MID, &e.Size, (*nullID)(&e.SourceID))
	}, `SELECT e.id, e.mailbox_id, e.uid, e.message_id, e.modseq, e.internaldate, e.flags, e.keywords, e.submission_id, e.delivery_id,
		e.remind, b.kind, m.mid, m.size, m.source_id
		FROM mailbox b JOIN entry e ON e.mailbox_id = b.id JOIN message m ON m.id = e.message_id
		WHERE b.person_id = ?1 AND b.kind NOT IN ('user', 'remind')
		AND (e.id > ?2 OR b.kind NOT IN ('inbox', 'drafts', 'sent', 'trash', 'archive', 'junk')) ORDER BY e.id`, person, after)
	if err != nil {
		return nil, fmt.Errorf("entries of person %d: %w", person, err)
	}
	return out, nil
}

// SourceMessage returns the message that a message is a rendition of, through any number
// of them; its own id if it is none.
func (tx *Tx) SourceMessage(id int64) (int64, error) {
	for range maxRenditions {
		var source int64
		if err := tx.row([]any{(*nullID)(&source)}, `SELECT source_id FROM message WHERE id = ?`, id); err != nil {
			return 0, fmt.Errorf("source of message %d: %w", id, err)
		}
		if source == 0 {
			break
		}
		id = source
	}
	return id, nil
}

// maxRenditions bounds how often a message is looked up that is a rendition of another.
const maxRenditions = 16
