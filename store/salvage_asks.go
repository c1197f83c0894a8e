package store

import (
	"fmt"
)

// asks closes what nobody can follow any more, makes the folders show what is open, and
// closes the gaps of the ledger of asks, as ledger does for mail.
func (v *salvager) asks() error {
	err := v.do(
		// The question is lost: nobody can answer it.
		`UPDATE clock SET state = 'withdrawn', due = NULL, wake = NULL, turn = NULL WHERE state NOT IN ('answered', 'withdrawn', 'waived')
			AND ask_id IN (SELECT a.id FROM ask a JOIN message m ON m.id = a.message_id LEFT JOIN message s ON s.id = a.shown_id
			WHERE a.asker_id IS NOT NULL AND m.head = x'' OR s.head = x'')`,
		`UPDATE ask SET open = 0 WHERE open = 1 AND owner = '' AND asker_id IS NOT NULL AND message_id IN (SELECT id FROM message WHERE head = x'')`,
		`UPDATE ask SET open = 1 - open WHERE owner <> '' AND open <> coalesce((SELECT state NOT IN ('answered', 'withdrawn', 'waived')
			FROM clock WHERE ask_id = ask.id), 0)`)
	if err != nil {
		return fmt.Errorf("asks: %w", err)
	}
	if err := v.askPlaces(); err != nil {
		return fmt.Errorf("folders of asks: %w", err)
	}
	rep := LedgerReport{}
	if err := v.tx.checkAsks(&rep); err != nil {
		return err
	}
	seen := map[int64]bool{0: true}
	for _, f := range rep.Findings {
		if seen[f.AskID] {
			continue
		}
		seen[f.AskID] = true
		list, err := all(v.tx, func(s *string) []any { return []any{s} },
			`SELECT coalesce(c.state, '') FROM ask a LEFT JOIN clock c ON c.ask_id = a.id WHERE a.id = ?`, f.AskID)
		if err != nil {
			return err
		}
		if len(list) == 0 { // Only the ledger knows of it.
			v.rep.lose(Loss{What: "ask", First: f.AskID, Last: f.AskID, Detail: "a question is lost; its mail may be there"})
			list = []string{""}
		}
		if err := v.tx.AddEvent(Event{At: v.o.Now, Kind: EventSalvaged, AskID: f.AskID, State: list[0],
			Detail: map[string]string{"why": "lines of the ledger are lost"}}); err != nil {
			return err
		}
	}
	return nil
}

// askPlaces takes out of Needs reply and Waiting for others what shows nothing open, and
// puts back what is missing.
func (v *salvager) askPlaces() error {
	stray, err := all(v.tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE id IN (
		SELECT e.id FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE b.kind = 'needs-reply' AND NOT EXISTS
			(SELECT 1 FROM ask WHERE open = 1 AND owner_id = b.person_id AND shown_id = e.message_id) AND NOT EXISTS (`+roleAskShown+`)
		UNION SELECT e.id FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE b.kind = 'waiting-for-others' AND NOT EXISTS
			(SELECT 1 FROM ask WHERE open = 1 AND asker_id = b.person_id AND message_id = e.message_id)
		UNION SELECT e.id FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE b.kind IN ('needs-reply', 'waiting-for-others') AND EXISTS
			(SELECT 1 FROM entry x WHERE x.mailbox_id = e.mailbox_id AND x.message_id = e.message_id AND x.id < e.id))`)
	if err != nil {
		return err
	}
	for _, e := range stray {
		if err := v.tx.RemoveEntry(e, GoneReplaced, v.o.Now); err != nil {
			return err
		}
	}
	type place struct {
		person, message int64
		kind            Kind
	}
	missing, err := all(v.tx, func(p *place) []any { return []any{&p.person, &p.message, (*string)(&p.kind)} },
		`SELECT DISTINCT person, message, kind FROM (
			SELECT owner_id AS person, shown_id AS message, 'needs-reply' AS kind FROM ask WHERE open = 1 AND owner_id IS NOT NULL AND shown_id IS NOT NULL
			UNION ALL SELECT w.person_id, w.shown_id, 'needs-reply' FROM ask_member w JOIN ask a ON a.id = w.ask_id
				WHERE a.open = 1 AND a.owner_id IS NULL AND w.shown_id IS NOT NULL AND w.aside = 0
			UNION ALL SELECT asker_id, message_id, 'waiting-for-others' FROM ask WHERE open = 1 AND asker_id IS NOT NULL) p
		WHERE NOT EXISTS (SELECT 1 FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
			WHERE e.message_id = p.message AND b.person_id = p.person AND b.kind = p.kind)`)
	if err != nil {
		return err
	}
	for _, p := range missing {
		box, err := v.tx.EnsureMailbox(p.person, p.kind, v.o.Now)
		if err != nil {
			return err
		}
		if err := v.tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: p.message, InternalDate: v.o.Now, Flags: Seen}); err != nil {
			return err
		}
	}
	return nil
}
