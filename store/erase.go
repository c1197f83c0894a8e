package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Erasing a person, who has left, for good:
//
//	BeginErasure   what waits ends; their folders go; mail that nobody else has is due
//	               to be swept
//	SweepErased    it is swept, in portions: text, derived data, index
//	FinishErasure  names, addresses and sentences go from everything else; ids stay, so
//	               that the ledger still proves what it proved
//	Scrub          the file is written anew: what was deleted is in no free page, and in
//	               no segment of an index
//
// Mail that others have stays theirs. What is decided stays the team's, without the name.

// EventErased is the line of the ledger about a person who was erased.
const EventErased = "person-erased"

// eventEnded is why mail of a person who is erased ends.
const eventEnded = "erased"

// sweptFirst stands in orphan.after of what an erasure has swept.
func sweptFirst() stamp { return stamp(time.Unix(0, 0).UTC()) }

// ErasedName and ErasedAddress are what a person is called afterwards.
const ErasedName = "Former colleague"

// ErasedAddress is in a domain that nobody can have.
func ErasedAddress(person int64) string { return fmt.Sprintf("former-%d@erased.invalid", person) }

// An ErasureState says how far the erasure of a person is (meta erased/ID).
type ErasureState struct {
	Begun    time.Time `json:"begun"`
	Done     time.Time `json:"done,omitzero"`
	Scrubbed time.Time `json:"scrubbed,omitzero"`
}

func erasureKey(person int64) string { return "erased/" + strconv.FormatInt(person, 10) }

// Erasure returns how far the erasure of a person is; zero: it has not begun.
func (tx *Tx) Erasure(person int64) (s ErasureState, err error) {
	value, err := tx.Meta(erasureKey(person))
	if err != nil || value == "" {
		return s, err
	}
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return s, fmt.Errorf("read %s: %w", erasureKey(person), err)
	}
	return s, nil
}

// SetErasure notes how far the erasure of a person is.
func (tx *Tx) SetErasure(person int64, s ErasureState) error {
	value, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("note erasure: %w", err)
	}
	return tx.SetMeta(erasureKey(person), string(value))
}

// Unscrubbed returns the people who are erased, and whose text may still lie in free
// pages of the file.
func (tx *Tx) Unscrubbed() ([]int64, error) {
	type row struct{ key, value string }
	rows, err := all(tx, func(r *row) []any { return []any{&r.key, &r.value} }, `SELECT key, value FROM meta WHERE key GLOB 'erased/*'`)
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	var out []int64
	for _, r := range rows {
		var s ErasureState
		if json.Unmarshal([]byte(r.value), &s) != nil || !s.Scrubbed.IsZero() || s.Done.IsZero() {
			continue
		}
		if id, err := strconv.ParseInt(strings.TrimPrefix(r.key, "erased/"), 10, 64); err == nil {
			out = append(out, id)
		}
	}
	return out, nil
}

// BeginErasure ends what waits of an inactive person, removes their folders, and has all
// mail swept that only they have. It may be said again.
func (tx *Tx) BeginErasure(person int64, addresses []string, now time.Time) error {
	if err := tx.endWaiting(person, now); err != nil {
		return fmt.Errorf("erase person %d: %w", person, err)
	}
	if err := tx.markErased(person, addresses); err != nil {
		return fmt.Errorf("erase person %d: %w", person, err)
	}
	boxes := `(SELECT id FROM mailbox WHERE person_id = ?)`
	for _, q := range []string{
		`DELETE FROM entry WHERE mailbox_id IN ` + boxes,
		`DELETE FROM expunged WHERE mailbox_id IN ` + boxes,
		`DELETE FROM mailbox WHERE person_id = ?`,
		`DELETE FROM subscription WHERE person_id = ?`,
	} {
		if _, err := tx.exec(q, person); err != nil {
			return fmt.Errorf("erase folders of person %d: %w", person, err)
		}
	}
	s, err := tx.Erasure(person)
	if err != nil {
		return err
	}
	if s.Begun.IsZero() {
		s.Begun = now
	}
	return tx.SetErasure(person, s)
}

// endWaiting cancels what the person's mail still waits for, and withdraws what waits for
// them.
func (tx *Tx) endWaiting(person int64, now time.Time) error {
	rcpts, err := all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r WHERE r.settled IS NULL AND r.submission_id IN
		(SELECT id FROM submission WHERE author_id = ?) ORDER BY r.id`, person)
	if err != nil {
		return err
	}
	for _, r := range rcpts {
		from := r.State
		if from == Sending { // It is tried again after a crash; here it is not.
			r.State, r.Due, r.Claimed = Deferred, now, time.Time{}
			if err := tx.MoveRecipient(r, from, Event{At: now, Kind: eventEnded, PersonID: person}); err != nil {
				return err
			}
			from = Deferred
		}
		r.State, r.Due, r.Claimed, r.Settled = Cancelled, time.Time{}, time.Time{}, now
		if err := tx.MoveRecipient(r, from, Event{At: now, Kind: eventEnded, PersonID: person}); err != nil {
			return err
		}
	}
	waiting, err := tx.WaitingDeliveries(person, time.Time{}, -1)
	if err != nil {
		return err
	}
	for _, d := range waiting {
		d.State, d.Due = Withdrawn, time.Time{}
		if err := tx.MoveDelivery(d, Waiting, Event{At: now, Kind: eventEnded, MessageID: d.MessageID}); err != nil {
			return err
		}
	}
	return nil
}

// markErased has everything swept that the person wrote, got or kept. What somebody else
// still has is passed over by the sweep.
func (tx *Tx) markErased(person int64, addresses []string) error {
	const add = `INSERT OR REPLACE INTO orphan (message_id, after) `
	for _, q := range []string{
		`SELECT e.message_id, ?2 FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE b.person_id = ?1`,
		`SELECT message_id, ?2 FROM submission WHERE author_id = ?1`,
		`SELECT r.rendition_id, ?2 FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.author_id = ?1 AND r.rendition_id IS NOT NULL`,
		`SELECT message_id, ?2 FROM delivery WHERE person_id = ?1`,
		`SELECT message_id, ?2 FROM digest WHERE person_id = ?1`,
		`SELECT r.rendition_id, ?2 FROM recipient r WHERE r.person_id = ?1 AND r.rendition_id IS NOT NULL`,
	} {
		if _, err := tx.exec(add+q, person, sweptFirst()); err != nil {
			return err
		}
	}
	// What was deleted and only waits to be swept belongs to nobody: whose it was stands
	// in its head.
	for _, a := range addresses {
		_, err := tx.exec(`UPDATE orphan SET after = ?1 WHERE message_id IN (SELECT o.message_id FROM orphan o JOIN message m ON m.id = o.message_id
			WHERE instr(lower(CAST(m.head AS TEXT)), ?2) > 0)`, sweptFirst(), strings.ToLower(a))
		if err != nil {
			return err
		}
	}
	// What others were made from, and what was made from others.
	for _, q := range []string{
		add + `SELECT m.source_id, ?1 FROM orphan o JOIN message m ON m.id = o.message_id WHERE o.after = ?1 AND m.source_id IS NOT NULL`,
		add + `SELECT m.id, ?1 FROM orphan o JOIN message m ON m.source_id = o.message_id WHERE o.after = ?1`,
	} {
		if _, err := tx.exec(q, sweptFirst()); err != nil {
			return err
		}
	}
	return nil
}

// SweepErased sweeps at most limit messages that an erasure has marked, and returns how
// many it looked at.
func (tx *Tx) SweepErased(limit int) (int, error) {
	ids, err := all(tx, func(id *int64) []any { return []any{id} }, `SELECT message_id FROM orphan WHERE after = ? LIMIT ?`, sweptFirst(), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	for _, id := range ids {
		if err := tx.sweepOne(id); err != nil {
			return 0, fmt.Errorf("sweep message %d: %w", id, err)
		}
		// A thread is remembered by what its messages say; one that is gone says nothing.
		_, err := tx.exec(`UPDATE thread_ref SET subject = NULL, written = NULL, people = NULL, bare = 0 WHERE mid <> '' AND mid =
			(SELECT mid FROM message WHERE id = ?1 AND head = x'') AND NOT EXISTS (SELECT 1 FROM message m WHERE m.mid = thread_ref.mid AND m.head <> x'')`, id)
		if err != nil {
			return 0, fmt.Errorf("sweep message %d: %w", id, err)
		}
	}
	return len(ids), nil
}

// SweepNow has a message swept with what an erasure sweeps.
func (tx *Tx) SweepNow(message int64) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO orphan (message_id, after) VALUES (?, ?)`, message, sweptFirst())
	return err
}

// ownRows are statements for what is about the person alone. ?1 is the person, ?2 their
// address from now on.
func ownRows() []string {
	return []string{
		`UPDATE shared_address SET owner_id = NULL WHERE owner_id = ?1`,
		`DELETE FROM sender_rule WHERE person_id = ?1`,
		`DELETE FROM advice WHERE coaching_id IN (SELECT id FROM coaching WHERE person_id = ?1)`,
		`DELETE FROM coaching WHERE person_id = ?1`,
		`DELETE FROM urgent_use WHERE person_id = ?1`,
		`DELETE FROM note WHERE person_id = ?1`,
		`DELETE FROM digest WHERE person_id = ?1`,
		`DELETE FROM decision_reader WHERE person_id = ?1`,
		`UPDATE departure SET to_id = NULL WHERE to_id = ?1`,
		`DELETE FROM departure WHERE person_id = ?1`,
		`DELETE FROM meta WHERE key GLOB 'import/' || ?1 || '/*' OR key GLOB 'mirror.told.' || ?1 || '.*'
			OR key IN ('holds_told.' || ?1, 'opened/' || ?1, 'trial/' || ?1, 'mirror.noscript.' || ?1)`,
		`UPDATE submission SET subject = '', reverse_path = CASE reverse_path WHEN '' THEN '' ELSE ?2 END, env_id = '', plan = '{}', digest = x'' WHERE author_id = ?1`,
		`UPDATE recipient SET address = ?2, orcpt = '', plan = '{}', reply = '', remote = '' WHERE person_id = ?1 AND settled IS NOT NULL`,
		`UPDATE recipient SET address = CASE WHEN person_id IS NULL THEN 'somebody@erased.invalid' ELSE address END, orcpt = '', plan = '{}', reply = '', remote = ''
			WHERE submission_id IN (SELECT id FROM submission WHERE author_id = ?1)`,
		`UPDATE delivery SET reverse_path = '', plan = '{}' WHERE person_id = ?1`,
		`UPDATE ask SET text = '', said = '', asker = ?2, asker_name = '' WHERE asker_id = ?1`,
		`UPDATE ask SET owner = ?2, owner_name = '' WHERE owner_id = ?1`,
		`UPDATE clock SET promises = '[]' WHERE ask_id IN (SELECT id FROM ask WHERE owner_id = ?1)`,
		`UPDATE decision_part SET name = '` + ErasedName + `', address = ?2 WHERE person_id = ?1`,
		`UPDATE thread SET subject = '' WHERE subject <> '' AND id IN (SELECT thread_id FROM message WHERE thread_id IS NOT NULL GROUP BY thread_id HAVING max(head <> x'') = 0)`,
	}
}

// keptOf are tables that refer to a person and whose rows stay, without what they say.
func keptOf() []string {
	return []string{"person", "address", "mailbox", "submission", "recipient", "delivery", "ask", "decision", "decision_part", "departure"}
}

// FinishErasure takes names, addresses and sentences of a person out of every other row.
// profile is what stands in place of theirs.
func (tx *Tx) FinishErasure(person int64, name string, addresses []string, profile []byte, now time.Time) error {
	to := ErasedAddress(person)
	for _, q := range ownRows() {
		if _, err := tx.exec(q, person, to); err != nil {
			return fmt.Errorf("erase person %d: %w", person, err)
		}
	}
	if err := tx.eraseReferring(person); err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE decision SET objector = '' WHERE objector <> '' AND objector = ?`, name); err != nil {
		return fmt.Errorf("erase person %d: %w", person, err)
	}
	if err := tx.UpdatePerson(Person{ID: person, Name: ErasedName, Address: to, Profile: profile}); err != nil {
		return err
	}
	if err := tx.replaceEverywhere(name, addresses, to); err != nil {
		return fmt.Errorf("erase person %d: %w", person, err)
	}
	s, err := tx.Erasure(person)
	if err != nil {
		return err
	}
	s.Done, s.Scrubbed = now, time.Time{}
	if err := tx.SetErasure(person, s); err != nil {
		return err
	}
	return tx.AddEvent(Event{At: now, Kind: EventErased, PersonID: person})
}

// eraseReferring deals with the rows of all other tables that refer to the person, also
// of those that come to be later: where the row can do without somebody it stays (a group
// without owner), else it goes (credentials, memberships).
func (tx *Tx) eraseReferring(person int64) error {
	tables, err := tx.plainTables()
	if err != nil {
		return err
	}
	for _, table := range tables {
		if slices.Contains(keptOf(), table) {
			continue
		}
		type column struct {
			name string
			free bool // may be NULL
		}
		columns, err := all(tx, func(c *column) []any { return []any{&c.name, &c.free} },
			`SELECT DISTINCT f."from", c."notnull" = 0 AND c.pk = 0 FROM pragma_foreign_key_list(?1) f JOIN pragma_table_info(?1) c ON c.name = f."from" WHERE f."table" = 'person'`, table)
		if err != nil {
			return fmt.Errorf("erase person %d: %w", person, err)
		}
		for _, c := range columns {
			where := ` WHERE "` + c.name + `" = ?`
			if c.free {
				if _, err := tx.exec(`UPDATE OR IGNORE "`+table+`" SET "`+c.name+`" = NULL`+where, person); err != nil {
					return fmt.Errorf("erase person %d from %s: %w", person, table, err)
				}
			}
			if _, err := tx.exec(`DELETE FROM "`+table+`"`+where, person); err != nil {
				return fmt.Errorf("erase person %d from %s: %w", person, table, err)
			}
		}
	}
	return nil
}

// plainTables are all tables but those behind indexes.
func (tx *Tx) plainTables() ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} },
		`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'fts%' ORDER BY name`)
}

// notSearched are tables in which addresses of a person who is erased stay: mail that
// others have, and addresses that were given to somebody else.
func notSearched() []string {
	return []string{"message", "derived", "chunk", "body", "express", "landed", "address", "person", "thread_ref", "thread", "event", "mailbox"}
}

// replaceEverywhere replaces the addresses of a person in every text column, and address
// and name in the ledger. Addresses that somebody else has now stay.
func (tx *Tx) replaceEverywhere(name string, addresses []string, to string) error {
	tables, err := tx.plainTables()
	if err != nil {
		return err
	}
	var gone []string
	for _, a := range addresses {
		var taken bool
		if err := tx.row([]any{&taken}, `SELECT EXISTS (SELECT 1 FROM address WHERE address = ?)`, a); err != nil {
			return err
		}
		if !taken {
			gone = append(gone, a)
		}
	}
	for _, table := range tables {
		if slices.Contains(notSearched(), table) {
			continue
		}
		columns, err := all(tx, func(s *string) []any { return []any{s} }, `SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT' AND name NOT IN ('mid', 'note')`, table)
		if err != nil {
			return err
		}
		for _, c := range columns {
			for _, a := range gone {
				if err := tx.replaceIn(table, c, a, to); err != nil {
					return fmt.Errorf("%s.%s: %w", table, c, err)
				}
			}
		}
	}
	return tx.eraseInLedger(name, gone, to)
}

// replaceIn replaces an address in one column of a table.
func (tx *Tx) replaceIn(table, column, address, to string) error {
	values, err := all(tx, func(s *string) []any { return []any{s} },
		`SELECT DISTINCT "`+column+`" FROM "`+table+`" WHERE instr("`+column+`", ?) > 0`, address)
	if err != nil {
		return err
	}
	for _, v := range values {
		if now := replaceAddress(v, address, to); now != v {
			if _, err := tx.exec(`UPDATE OR IGNORE "`+table+`" SET "`+column+`" = ? WHERE "`+column+`" = ?`, now, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceAddress replaces an address where it is a whole one: ana@team.example stands in
// dana@team.example, and in ana@team.example.org, and is neither.
func replaceAddress(s, address, to string) string {
	part := func(c byte) bool {
		return c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte(".-_+'", c) >= 0
	}
	var b strings.Builder
	for {
		i := strings.Index(s, address)
		if i < 0 {
			return b.String() + s
		}
		end := i + len(address)
		longer := i > 0 && part(s[i-1]) || end < len(s) && part(s[end]) && (s[end] != '.' || end+1 < len(s) && part(s[end+1]))
		b.WriteString(s[:i])
		if longer {
			b.WriteString(address)
		} else {
			b.WriteString(to)
		}
		s = s[end:]
	}
}

// eraseInLedger writes those lines anew that name the person. A line never changes
// (event_is_final): it is replaced by one with the same id.
func (tx *Tx) eraseInLedger(name string, addresses []string, to string) error {
	words := slices.Clone(addresses)
	if name != "" {
		words = append(words, name)
	}
	done := map[int64]bool{}
	for _, w := range words {
		quotedWord, err := json.Marshal(w)
		if err != nil {
			return err
		}
		inside := string(quotedWord[1 : len(quotedWord)-1])
		list, err := all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE instr(detail, ?) > 0 ORDER BY id`, inside)
		if err != nil {
			return err
		}
		for _, e := range list {
			if done[e.ID] {
				continue
			}
			done[e.ID] = true
			raw, ok := e.Detail.(*json.RawMessage)
			if !ok {
				continue
			}
			detail, err := withoutName(*raw, name, addresses, to)
			if err != nil {
				return fmt.Errorf("ledger line %d: %w", e.ID, err)
			}
			if err := tx.replaceEvent(e, detail); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceEvent writes a line of the ledger in its own place with another detail.
func (tx *Tx) replaceEvent(e Event, detail []byte) error {
	_, err := tx.exec(`INSERT OR REPLACE INTO event (id, at, kind, submission_id, recipient_id, delivery_id, message_id, person_id, ask_id, state, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.ID, stamp(e.At), e.Kind, nullID(e.SubmissionID), nullID(e.RecipientID), nullID(e.DeliveryID),
		nullID(e.MessageID), nullID(e.PersonID), nullID(e.AskID), e.State, string(detail))
	if err != nil {
		return fmt.Errorf("ledger line %d: %w", e.ID, err)
	}
	return nil
}

// withoutName replaces a name, where it is all that a string says, and addresses,
// wherever they stand in one.
func withoutName(detail []byte, name string, addresses []string, to string) ([]byte, error) {
	var v any
	if err := json.Unmarshal(detail, &v); err != nil {
		return nil, err
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case string:
			if name != "" && v == name {
				return ErasedName
			}
			for _, a := range addresses {
				v = replaceAddress(v, a, to)
			}
			return v
		case []any:
			for i := range v {
				v[i] = walk(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		}
		return v
	}
	return json.Marshal(walk(v))
}

// Scrub writes the file of a database anew: what was deleted is then neither in free
// pages nor in the log, nor in an index. It takes the time of a copy, and nobody writes
// meanwhile. The database may be open.
func Scrub(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", dsn(path, []string{"_journal_mode=WAL", "_synchronous=FULL", "_busy_timeout=60000", "_txlock=immediate", "_secure_delete=ON"}))
	if err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	db.SetMaxOpenConns(1)
	for _, q := range []string{
		`INSERT INTO fts (fts) VALUES ('optimize')`,
		`INSERT INTO fts_decision (fts_decision) VALUES ('optimize')`,
		`VACUUM`,
	} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return errors.Join(fmt.Errorf("scrub: %w", mapError(err)), db.Close())
		}
	}
	var busy, log, done int
	err = db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &done)
	if err == nil && busy != 0 {
		err = ErrBusy
	}
	if err != nil {
		err = fmt.Errorf("scrub: empty the log: %w", mapError(err))
	}
	return errors.Join(err, db.Close())
}

// DecisionsAbout returns the decisions that a person made or took part in, or that list
// them as away, by their name then.
func (tx *Tx) DecisionsAbout(person int64, name string) ([]Decision, error) {
	quoted, err := json.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision d WHERE d.author_id = ?1 OR instr(d.away, ?2) > 0 OR EXISTS
		(SELECT 1 FROM decision_part p WHERE p.decision_id = d.id AND p.person_id = ?1) ORDER BY d.id`, person, string(quoted))
}
