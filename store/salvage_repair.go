package store

import (
	"crypto/sha256"
	"fmt"
	"strconv"
)

// repair makes the copied rows a database that Tidepost can work with: references to
// what is lost are cut or get a row that says so, states agree with the ledger, UIDs
// are never used again.
func (v *salvager) repair() error {
	if err := v.begin(); err != nil {
		return err
	}
	for _, stage := range []func() error{
		v.numbers, v.express, v.people, v.bodies, v.ancestors, v.mailboxes, v.recipients, v.entries, v.deliveries, v.unshown, v.leftovers, v.asks, v.ledger,
	} {
		if err := stage(); err != nil {
			return fmt.Errorf("repair: %w", err)
		}
	}
	return v.commit()
}

// do runs statements that take the time as ?1, if they need it.
func (v *salvager) do(queries ...string) error {
	for _, q := range queries {
		if _, err := v.tx.exec(q, v.at()); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	return nil
}

// ids collects the first column of a query; what is collected is bounded by damage.
func (v *salvager) ids(query string, args ...any) ([]int64, error) {
	return all(v.tx, func(id *int64) []any { return []any{id} }, query, args...)
}

// people gives everybody who is named but lost a row: mail to them goes on, nobody can
// log in as them until a password is set.
func (v *salvager) people() error {
	lost, err := v.ids(`SELECT person_id FROM (SELECT person_id FROM mailbox UNION SELECT person_id FROM address
		UNION SELECT author_id FROM submission UNION SELECT person_id FROM recipient UNION SELECT person_id FROM delivery
		UNION SELECT person_id FROM sender_rule UNION SELECT person_id FROM urgent_use UNION SELECT person_id FROM note
		UNION SELECT person_id FROM digest UNION SELECT person_id FROM subscription UNION SELECT person_id FROM coaching
		UNION SELECT person_id FROM app_password UNION SELECT asker_id FROM ask UNION SELECT owner_id FROM ask UNION SELECT author_id FROM decision)
		WHERE person_id IS NOT NULL AND person_id NOT IN (SELECT id FROM person)`)
	if err != nil {
		return err
	}
	for _, id := range lost {
		if _, err := v.tx.exec(`INSERT INTO person (id, name, address, active, created) VALUES (?1, '',
			coalesce((SELECT min(address) FROM address WHERE person_id = ?1), 'lost-' || ?1 || '@invalid'),
			EXISTS (SELECT 1 FROM address WHERE person_id = ?1), ?2)`, id, v.at()); err != nil {
			return err
		}
		var address string
		if err := v.tx.row([]any{&address}, `SELECT address FROM person WHERE id = ?`, id); err != nil {
			return err
		}
		v.rep.lose(Loss{What: "person", First: id, Last: id, Detail: address + ": name, hours and password are lost; set them anew"})
	}
	return v.do(`INSERT OR IGNORE INTO address (address, person_id) SELECT address, id FROM person WHERE address NOT LIKE '%@invalid'`)
}

// ancestors gives what is referred to, and lost, an empty row, or cuts the reference.
func (v *salvager) ancestors() error {
	lost, err := v.ids(`SELECT id FROM (SELECT message_id AS id FROM submission UNION SELECT rendition_id FROM recipient
		UNION SELECT message_id FROM delivery UNION SELECT message_id FROM ask UNION SELECT shown_id FROM ask UNION SELECT answer_id FROM ask
		UNION SELECT message_id FROM decision)
		WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM message)`)
	if err != nil {
		return err
	}
	for _, id := range lost {
		if err := v.emptyMessage(id); err != nil {
			return err
		}
	}
	orphans, err := v.ids(`SELECT DISTINCT submission_id FROM recipient WHERE submission_id NOT IN (SELECT id FROM submission)
		UNION SELECT DISTINCT submission_id FROM event WHERE recipient_id IS NOT NULL AND submission_id IS NOT NULL
			AND submission_id NOT IN (SELECT id FROM submission)
		UNION SELECT submission_id FROM decision WHERE submission_id NOT IN (SELECT id FROM submission)`)
	if err != nil {
		return err
	}
	for _, id := range orphans {
		body, err := v.emptyBody()
		if err != nil {
			return err
		}
		m, err := v.tx.insert(`INSERT INTO message (origin, body_id, head, size, mid, created) VALUES ('submitted', ?, x'', 0, '', ?)`, body, v.at())
		if err != nil {
			return err
		}
		if _, err := v.tx.exec(`INSERT INTO submission (id, message_id, reverse_path, mid, digest, subject, accepted)
			VALUES (?, ?, '', '', x'', '', ?)`, id, m, v.at()); err != nil {
			return err
		}
	}
	return v.do(
		`UPDATE message SET source_id = NULL WHERE source_id NOT IN (SELECT id FROM message)`,
		`INSERT INTO thread (id, subject, created, updated) SELECT thread_id, '', ?1, ?1 FROM
			(SELECT thread_id FROM message UNION SELECT thread_id FROM delivery UNION SELECT thread_id FROM thread_ref
			UNION SELECT origin_id FROM thread_ref UNION SELECT merged_into FROM thread)
			WHERE thread_id IS NOT NULL AND thread_id NOT IN (SELECT id FROM thread)`,
		`INSERT OR IGNORE INTO thread_ref (mid, thread_id, here) SELECT mid, thread_id, 1 FROM message WHERE mid <> '' AND thread_id IS NOT NULL`,
		`INSERT OR REPLACE INTO meta (key, value) VALUES ('`+keyThreads+`', '`+threadsStale+`')`,
		`UPDATE delivery SET recipient_id = NULL WHERE recipient_id NOT IN (SELECT id FROM recipient)`,
		`UPDATE note SET submission_id = NULL WHERE submission_id NOT IN (SELECT id FROM submission)`,
		`UPDATE entry SET submission_id = NULL WHERE submission_id NOT IN (SELECT id FROM submission)`,
		`DELETE FROM advice WHERE coaching_id NOT IN (SELECT id FROM coaching WHERE submission_id IS NULL OR submission_id IN (SELECT id FROM submission))`,
		`DELETE FROM coaching WHERE submission_id NOT IN (SELECT id FROM submission)`,
		`UPDATE ask SET recipient_id = NULL WHERE recipient_id NOT IN (SELECT id FROM recipient)`,
		`UPDATE ask SET delivery_id = NULL WHERE delivery_id NOT IN (SELECT id FROM delivery)`,
		`DELETE FROM shared_member WHERE shared_id NOT IN (SELECT id FROM shared_address) OR inner_id NOT IN (SELECT id FROM shared_address)
			OR person_id NOT IN (SELECT id FROM person)`,
		`DELETE FROM shared_alias WHERE shared_id NOT IN (SELECT id FROM shared_address) OR address IN (SELECT address FROM address)
			OR address IN (SELECT address FROM shared_address)`,
		`UPDATE shared_address SET owner_id = NULL WHERE owner_id NOT IN (SELECT id FROM person)`,
		`UPDATE ask SET role_id = NULL WHERE role_id NOT IN (SELECT id FROM shared_address)`,
		`DELETE FROM ask_member WHERE ask_id NOT IN (SELECT id FROM ask WHERE role_id IS NOT NULL) OR person_id NOT IN (SELECT id FROM person)`,
		`UPDATE ask_member SET recipient_id = NULL WHERE recipient_id NOT IN (SELECT id FROM recipient)`,
		`UPDATE ask_member SET delivery_id = NULL WHERE delivery_id NOT IN (SELECT id FROM delivery)`,
		`UPDATE ask_member SET shown_id = NULL WHERE shown_id NOT IN (SELECT id FROM message)`,
		`DELETE FROM clock WHERE ask_id NOT IN (SELECT id FROM ask)`,
		// Whose clock is lost: nobody could stop it any more.
		`UPDATE ask SET open = 0 WHERE owner <> '' AND open = 1 AND id NOT IN (SELECT ask_id FROM clock)`,
		`DELETE FROM urgent_use WHERE submission_id NOT IN (SELECT id FROM submission)`,
		`UPDATE decision_part SET person_id = NULL WHERE person_id NOT IN (SELECT id FROM person)`,
		`DELETE FROM decision_part WHERE decision_id NOT IN (SELECT id FROM decision)`,
		`DELETE FROM decision_reader WHERE decision_id NOT IN (SELECT id FROM decision) OR person_id NOT IN (SELECT id FROM person)`,
		`DELETE FROM decision_link WHERE newer NOT IN (SELECT id FROM decision) OR older NOT IN (SELECT id FROM decision)`,
		rebuildDecisionIndex,
		`DELETE FROM password_code WHERE person_id NOT IN (SELECT id FROM person)`,
		`DELETE FROM digest WHERE message_id NOT IN (SELECT id FROM message)`,
		`DELETE FROM derived WHERE message_id NOT IN (SELECT id FROM message)`)
}

// emptyMessage is a row that says of a message that it was there.
func (v *salvager) emptyMessage(id int64) error {
	body, err := v.emptyBody()
	if err != nil {
		return err
	}
	_, err = v.tx.exec(`INSERT INTO message (id, origin, body_id, head, size, mid, created) VALUES (?1, 'submitted', ?2, x'', 0,
		coalesce((SELECT mid FROM submission WHERE message_id = ?1), ''), ?3)`, id, body, v.at())
	if err != nil {
		return fmt.Errorf("message %d: %w", id, err)
	}
	return nil
}

// emptyBody makes a body without octets.
func (v *salvager) emptyBody() (int64, error) {
	sum := sha256.Sum256(nil)
	id, err := v.tx.insert(`INSERT INTO body (size, sha256, state, created) VALUES (0, ?, 'whole', ?)`, sum[:], v.at())
	if err != nil {
		return 0, fmt.Errorf("empty body: %w", err)
	}
	return id, nil
}

// mailboxes finds the owners of folders whose row is lost, gives everybody the folders
// there must be, and numbers anew what is in doubt.
func (v *salvager) mailboxes() error {
	var last int64
	if err := v.tx.row([]any{&last}, `SELECT max(coalesce((SELECT max(uidvalidity) FROM mailbox), 0),
		coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'uidvalidity'), 0))`); err != nil {
		return err
	}
	if err := v.tx.SetMeta("uidvalidity", strconv.FormatInt(last, 10)); err != nil {
		return err
	}
	lost, err := v.ids(`SELECT DISTINCT mailbox_id FROM entry WHERE mailbox_id NOT IN (SELECT id FROM mailbox)
		UNION SELECT DISTINCT mailbox_id FROM expunged WHERE mailbox_id NOT IN (SELECT id FROM mailbox)`)
	if err != nil {
		return err
	}
	for _, id := range lost {
		if err := v.lostMailbox(id); err != nil {
			return err
		}
	}
	persons, err := v.ids(`SELECT id FROM person ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range persons {
		if err := v.tx.EnsureMailboxes(id, v.o.Now); err != nil {
			return err
		}
	}
	return v.uids()
}

// lostMailbox makes a folder for entries whose folder is lost, if the owner can be
// told: from the mail in it, or because the folders before and after are one's.
func (v *salvager) lostMailbox(id int64) error {
	owners, err := v.ids(`SELECT p FROM (
		SELECT d.person_id AS p FROM entry e JOIN delivery d ON d.message_id = e.message_id WHERE e.mailbox_id = ?1
		UNION ALL SELECT s.author_id FROM entry e JOIN submission s ON s.message_id = e.message_id WHERE e.mailbox_id = ?1
		UNION ALL SELECT a.person_id FROM mailbox a JOIN mailbox b ON a.person_id = b.person_id
			WHERE a.id = (SELECT max(id) FROM mailbox WHERE id < ?1) AND b.id = (SELECT min(id) FROM mailbox WHERE id > ?1)
		UNION ALL SELECT min(id) FROM person HAVING count(*) = 1)
		WHERE p IS NOT NULL GROUP BY p ORDER BY count(*) DESC LIMIT 1`, id)
	if err != nil {
		return err
	}
	if len(owners) == 0 {
		v.rep.lose(Loss{What: "mailbox", First: id, Last: id, Detail: "nobody knows whose it was; its mail is kept but shown to nobody"})
		_, err := v.tx.exec(`DELETE FROM entry WHERE mailbox_id = ?`, id)
		if err == nil {
			_, err = v.tx.exec(`DELETE FROM expunged WHERE mailbox_id = ?`, id)
		}
		return err
	}
	name := "Recovered/" + strconv.FormatInt(id, 10)
	validity, err := v.tx.nextUIDValidity(v.o.Now)
	if err != nil {
		return err
	}
	if _, err := v.tx.exec(`INSERT INTO mailbox (id, person_id, name, kind, uidvalidity, subscribed, created) VALUES (?, ?, ?, 'user', ?, 1, ?)`,
		id, owners[0], name, validity, v.at()); err != nil {
		return err
	}
	v.rep.lose(Loss{What: "mailbox", First: id, Last: id, Detail: fmt.Sprintf("its name is lost; its mail is in %s of person %d", name, owners[0])})
	return nil
}

// uids raises what the next UID and modseq must be. A mailbox whose row was behind its
// entries, or comes from a page that no tree reaches, may be an old copy: it gets a
// new UIDVALIDITY, so that no client takes a new message for an old one
// (RFC 9051 §2.3.1.1).
func (v *salvager) uids() error {
	const used = `max(coalesce((SELECT max(uid) FROM entry WHERE mailbox_id = mailbox.id), 0),
		coalesce((SELECT max(uid) FROM expunged WHERE mailbox_id = mailbox.id), 0))`
	behind, err := v.ids(`SELECT id FROM mailbox WHERE uidnext <= ` + used + ` ORDER BY id`)
	if err != nil {
		return err
	}
	doubt := map[int64]bool{}
	for _, id := range behind {
		doubt[id] = true
	}
	for key := range v.strays {
		if key.table == "mailbox" {
			doubt[key.rowid] = true
		}
	}
	if v.o.NewUIDs {
		every, err := v.ids(`SELECT id FROM mailbox`)
		if err != nil {
			return err
		}
		for _, id := range every {
			doubt[id] = true
		}
	}
	if err := v.do(`UPDATE mailbox SET uidnext = max(uidnext, `+used+` + 1)`,
		`UPDATE mailbox SET modseq = max(modseq, coalesce((SELECT max(modseq) FROM entry WHERE mailbox_id = mailbox.id), 0),
			coalesce((SELECT max(modseq) FROM expunged WHERE mailbox_id = mailbox.id), 0))`); err != nil {
		return err
	}
	for id := range doubt {
		validity, err := v.tx.nextUIDValidity(v.o.Now)
		if err != nil {
			return err
		}
		if _, err := v.tx.exec(`UPDATE mailbox SET uidvalidity = ? WHERE id = ?`, validity, id); err != nil {
			return err
		}
	}
	if len(doubt) > 0 {
		v.rep.repaired("%d mailboxes have a new UIDVALIDITY: clients read them again", len(doubt))
	}
	return nil
}

// leftovers cuts references that are left over, and counts the messages that came back.
func (v *salvager) leftovers() error {
	type violation struct {
		table string
		rowid nullID
	}
	left, err := all(v.tx, func(x *violation) []any { return []any{&x.table, &x.rowid} },
		`SELECT "table", rowid FROM pragma_foreign_key_check`)
	if err != nil {
		return err
	}
	for _, x := range left {
		if x.rowid == 0 {
			continue // A table WITHOUT ROWID: finish refuses if anything is wrong.
		}
		if _, err := v.tx.exec(`DELETE FROM "`+x.table+`" WHERE rowid = ?`, int64(x.rowid)); err != nil {
			return err
		}
		v.rep.lose(Loss{What: x.table, First: int64(x.rowid), Last: int64(x.rowid), Detail: "what it belonged to is lost"})
	}
	return v.tx.row([]any{&v.rep.Messages}, `SELECT count(*) FROM message WHERE head <> x''`)
}

// numbers keeps ids from being given again, also those of lost rows.
func (v *salvager) numbers() error {
	for _, rule := range gapRules() {
		var named int64
		if err := v.tx.row([]any{&named}, rule.highest); err != nil {
			return err
		}
		v.src.cat.sequence[rule.table] = max(v.src.cat.sequence[rule.table], named)
	}
	for table, last := range v.src.cat.sequence {
		if t := v.src.cat.table(table); t == nil || t.alias < 0 {
			continue
		}
		n, err := v.tx.exec(`UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?`, last, table)
		if err == nil && n == 0 && last > 0 {
			_, err = v.tx.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, last)
		}
		if err != nil {
			return fmt.Errorf("numbers of %s: %w", table, err)
		}
	}
	return nil
}

// finish looks whether the new database is sound in every way.
func (v *salvager) finish() error {
	left, err := all(v.tx, func(s *string) []any { return []any{s} }, `SELECT "table" FROM pragma_foreign_key_check LIMIT 1`)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%w: a row of %s refers to nothing", ErrDamaged, left[0])
	}
	if err != nil {
		return err
	}
	var verdict string
	if err := v.tx.row([]any{&verdict}, `PRAGMA integrity_check(1)`); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}
