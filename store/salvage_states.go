package store

import (
	"errors"
	"fmt"
	"time"
)

// recipients settles what cannot be sent any more and believes a final state of the
// ledger over a row that may be an old copy: nothing is sent twice.
func (v *salvager) recipients() error {
	if err := v.settledByLedger(); err != nil {
		return err
	}
	if err := v.unnamed(); err != nil {
		return err
	}
	type hopeless struct {
		id, submission int64
		address, mid   string
	}
	lost, err := all(v.tx, func(h *hopeless) []any { return []any{&h.id, &h.submission, &h.address, &h.mid} },
		`SELECT r.id, r.submission_id, r.address, s.mid FROM recipient r JOIN submission s ON s.id = r.submission_id
		 JOIN message m ON m.id = s.message_id LEFT JOIN message x ON x.id = r.rendition_id
		 WHERE r.settled IS NULL AND (m.head = x'' OR x.head = x'')`)
	if err != nil {
		return err
	}
	for _, h := range lost {
		if err := v.giveUp(h.id, h.submission, "its text is lost"); err != nil {
			return err
		}
		v.rep.lose(Loss{What: "recipient", First: h.id, Last: h.id, MessageID: h.mid,
			Detail: fmt.Sprintf("q%d to %s was not sent: its text is lost; tell its author", h.submission, h.address)})
	}
	return nil
}

// settledByLedger looks at rows from pages that no tree reaches, and at rows that are
// not final although the ledger is.
func (v *salvager) settledByLedger() error {
	type older struct {
		id    int64
		state State
		at    string
	}
	rows, err := all(v.tx, func(o *older) []any { return []any{&o.id, (*string)(&o.state), &o.at} },
		`SELECT r.id, e.state, e.at FROM recipient r JOIN event e ON e.id = (SELECT max(id) FROM event
			WHERE submission_id = r.submission_id AND recipient_id = r.id AND state <> '')
		 WHERE r.settled IS NULL AND e.state IN ('delivered', 'bounced', 'cancelled', 'expired')`)
	if err != nil {
		return err
	}
	for _, o := range rows {
		// What was delivered names what was sent; the row may be older than that.
		if _, err := v.tx.exec(`UPDATE recipient SET state = ?2, settled = ?3, due = NULL, claimed = NULL, rendition_id =
			coalesce(rendition_id, (SELECT message_id FROM submission WHERE id = submission_id)) WHERE id = ?1`, o.id, string(o.state), o.at); err != nil {
			return fmt.Errorf("recipient %d: %w", o.id, err)
		}
		v.rep.repaired("recipient %d is %s, as the ledger says", o.id, o.state)
	}
	return nil
}

// unnamed makes a row for every recipient that only the ledger knows: if it was not
// settled, nobody can say to whom it would have gone.
func (v *salvager) unnamed() error {
	type lost struct {
		id, submission int64
		state          State
		mid            string
	}
	rows, err := all(v.tx, func(l *lost) []any { return []any{&l.id, &l.submission, (*string)(&l.state), &l.mid} },
		`SELECT e.recipient_id, e.submission_id, e.state, s.mid FROM event e JOIN submission s ON s.id = e.submission_id
		 WHERE e.id IN (SELECT max(id) FROM event WHERE recipient_id IS NOT NULL AND state <> '' GROUP BY recipient_id)
		 AND e.recipient_id NOT IN (SELECT id FROM recipient)`)
	if err != nil {
		return err
	}
	for _, l := range rows {
		final := l.state == Delivered || l.state == Bounced || l.state == Cancelled || l.state == Expired
		state := l.state
		if !final {
			state = Bounced
		}
		if _, err := v.tx.exec(`INSERT INTO recipient (id, submission_id, address, state, settled, rendition_id)
			VALUES (?1, ?2, '', ?3, ?4, (SELECT message_id FROM submission WHERE id = ?2))`, l.id, l.submission, string(state), v.at()); err != nil {
			return fmt.Errorf("recipient %d: %w", l.id, err)
		}
		if !final {
			v.rep.lose(Loss{What: "recipient", First: l.id, Last: l.id, MessageID: l.mid,
				Detail: fmt.Sprintf("q%d was not sent to one recipient: the address is lost; tell its author", l.submission)})
		}
	}
	return nil
}

// giveUp settles a recipient that cannot be reached.
func (v *salvager) giveUp(id, submission int64, why string) error {
	if _, err := v.tx.exec(`UPDATE recipient SET state = 'bounced', settled = ?2, due = NULL, claimed = NULL,
		reply = ?3 WHERE id = ?1`, id, v.at(), why); err != nil {
		return fmt.Errorf("recipient %d: %w", id, err)
	}
	return v.tx.AddEvent(Event{At: v.o.Now, Kind: EventSalvaged, SubmissionID: submission, RecipientID: id,
		State: string(Bounced), Detail: map[string]string{"why": why}})
}

// entries removes those of lost messages and of UIDs that are known to be gone.
func (v *salvager) entries() error {
	lost, err := v.ids(`SELECT DISTINCT e.message_id FROM entry e LEFT JOIN message m ON m.id = e.message_id
		WHERE m.id IS NULL OR m.head = x''`)
	if err != nil {
		return err
	}
	for _, id := range lost {
		if err := v.strip(id); err != nil {
			return err
		}
		v.rep.lose(Loss{What: "message", First: id, Last: id, Detail: "its header is lost"})
	}
	return v.do(`DELETE FROM entry WHERE EXISTS (SELECT 1 FROM expunged x WHERE x.mailbox_id = entry.mailbox_id AND x.uid = entry.uid)`,
		`UPDATE mailbox SET modseq = max(modseq, coalesce((SELECT max(modseq) FROM expunged WHERE mailbox_id = mailbox.id), 0))`)
}

// deliveries lets nothing wait that nobody can see, and nothing be seen waiting that
// would never come.
func (v *salvager) deliveries() error {
	withdrawn, err := v.ids(`SELECT d.id FROM delivery d JOIN message m ON m.id = d.message_id WHERE d.state = 'waiting' AND m.head = x''`)
	if err != nil {
		return err
	}
	for _, id := range withdrawn {
		d, err := v.tx.Delivery(id)
		if err != nil {
			return err
		}
		d.State, d.Due = Withdrawn, time.Time{}
		if err := v.tx.MoveDelivery(d, Waiting, Event{At: v.o.Now, Kind: EventSalvaged, Detail: map[string]string{"why": "its text is lost"}}); err != nil {
			return err
		}
	}
	if err := v.waitingEntries(); err != nil {
		return err
	}
	return v.lostDeliveries()
}

// waitingEntries shows in Next delivery what waits.
func (v *salvager) waitingEntries() error {
	unseen, err := v.ids(`SELECT id FROM delivery d WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM entry WHERE delivery_id = d.id)`)
	if err != nil {
		return err
	}
	for _, id := range unseen {
		d, err := v.tx.Delivery(id)
		if err != nil {
			return err
		}
		box, err := v.tx.MailboxByKind(d.PersonID, KindNextDelivery)
		if err != nil {
			return err
		}
		e := Entry{MailboxID: box.ID, MessageID: d.MessageID, InternalDate: d.Arrived, Flags: Seen, DeliveryID: id}
		if err := v.tx.AddEntry(&e); err != nil {
			return err
		}
		v.rep.repaired("delivery %d shows in Next delivery again", id)
	}
	return nil
}

// lostDeliveries publishes at once what stands in Next delivery without a plan.
func (v *salvager) lostDeliveries() error {
	type waiting struct{ entry, person, message int64 }
	rows, err := all(v.tx, func(w *waiting) []any { return []any{&w.entry, &w.person, &w.message} },
		`SELECT e.id, m.person_id, e.message_id FROM entry e JOIN mailbox m ON m.id = e.mailbox_id
		 WHERE m.kind = 'next-delivery' AND (e.delivery_id IS NULL OR e.delivery_id NOT IN (SELECT id FROM delivery))`)
	if err != nil {
		return err
	}
	for _, w := range rows {
		d := Delivery{PersonID: w.person, MessageID: w.message, Target: KindInbox, Reason: EventSalvaged, State: Waiting,
			Due: v.o.Now, Arrived: v.o.Now}
		if err := v.tx.InsertDelivery(&d, Event{At: v.o.Now, Kind: EventSalvaged, MessageID: w.message}); err != nil {
			return err
		}
		if _, err := v.tx.exec(`UPDATE entry SET delivery_id = ? WHERE id = ?`, d.ID, w.entry); err != nil {
			return err
		}
		v.rep.repaired("message %d leaves Next delivery at once: its plan is lost", w.message)
	}
	return v.do(`UPDATE entry SET delivery_id = NULL WHERE delivery_id NOT IN (SELECT id FROM delivery)`)
}

// unshown puts messages whose entry is lost into a folder of their reader or author.
// What its reader had deleted meanwhile may come back with them.
func (v *salvager) unshown() error {
	if len(v.src.cat.table("entry").holes) == 0 {
		return nil
	}
	type hidden struct{ person, message int64 }
	rows, err := all(v.tx, func(h *hidden) []any { return []any{&h.person, &h.message} },
		`SELECT p, m.id FROM message m JOIN (
			SELECT person_id AS p, message_id AS id FROM delivery WHERE state = 'published'
			UNION SELECT s.author_id, s.message_id FROM submission s JOIN recipient r ON r.submission_id = s.id AND r.settled IS NULL
			UNION SELECT person_id, message_id FROM digest
			UNION SELECT e.person_id, e.message_id FROM event e WHERE e.kind = 'note' AND e.message_id IS NOT NULL
		 ) x ON x.id = m.id WHERE m.head <> x'' AND p IN (SELECT id FROM person)
		 AND NOT EXISTS (SELECT 1 FROM entry WHERE message_id = m.id)`)
	if err != nil {
		return err
	}
	boxes := map[int64]int64{}
	for _, h := range rows {
		if boxes[h.person] == 0 {
			if boxes[h.person], err = v.recoveredBox(h.person); err != nil {
				return err
			}
		}
		m, err := v.tx.Message(h.message)
		if err != nil {
			return err
		}
		e := Entry{MailboxID: boxes[h.person], MessageID: h.message, InternalDate: m.Created}
		if err := v.tx.AddEntry(&e); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		v.rep.repaired("%d messages whose place is lost are in the folders Recovered", len(rows))
	}
	return nil
}

// recoveredBox returns the folder for what lost its place.
func (v *salvager) recoveredBox(person int64) (int64, error) {
	m, err := v.tx.MailboxByName(person, "Recovered")
	if errors.Is(err, ErrNotFound) {
		m = Mailbox{PersonID: person, Name: "Recovered", Kind: KindUser, Visible: true, Subscribed: true, Created: v.o.Now}
		err = v.tx.CreateMailbox(&m)
		if err == nil {
			_, err = v.tx.exec(`UPDATE mailbox SET subscribed = 1 WHERE id = ?`, m.ID)
		}
	}
	return m.ID, err
}

// ledger closes the gaps of the ledger with a line that says in which state a
// recipient or a delivery is, so that it can be proved from there on.
func (v *salvager) ledger() error {
	rep := LedgerReport{}
	if err := v.tx.checkRecipients(&rep); err != nil {
		return err
	}
	if err := v.tx.checkDeliveries(&rep); err != nil {
		return err
	}
	seen := map[Finding]bool{}
	for _, f := range rep.Findings {
		key := Finding{RecipientID: f.RecipientID, DeliveryID: f.DeliveryID}
		if seen[key] {
			continue
		}
		seen[key] = true
		ev := Event{At: v.o.Now, Kind: EventSalvaged, Detail: map[string]string{"why": "lines of the ledger are lost"}}
		switch {
		case f.RecipientID != 0:
			r, err := v.tx.Recipient(f.RecipientID)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			ev.SubmissionID, ev.RecipientID, ev.State = r.SubmissionID, r.ID, string(r.State)
			if err := v.tx.AddEvent(ev); err != nil {
				return err
			}
		case f.DeliveryID != 0:
			d, err := v.tx.Delivery(f.DeliveryID)
			if err != nil {
				return err
			}
			if err := v.tx.deliveryEvent(d, ev); err != nil {
				return err
			}
		}
	}
	return nil
}
