package store

import (
	"fmt"
	"time"
)

// A DecisionView says whose eyes look at decisions: those that a person's folder has,
// or, with Person 0, those that are public.
type DecisionView struct{ Person int64 }

func (v DecisionView) where() string {
	if v.Person == 0 {
		return `?1 = 0 AND d.public = 1`
	}
	return `EXISTS (SELECT 1 FROM decision_reader r WHERE r.person_id = ?1 AND r.decision_id = d.id)`
}

// Decisions returns what a viewer may see, withdrawn ones too, the newest first.
func (tx *Tx) Decisions(v DecisionView, limit int) ([]Decision, error) {
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision d WHERE d.number IS NOT NULL AND `+v.where()+`
		ORDER BY d.number DESC LIMIT ?2`, v.Person, limit)
}

// SeesDecision reports whether a viewer may see a decision.
func (tx *Tx) SeesDecision(v DecisionView, id int64) (bool, error) {
	var sees bool
	err := tx.row([]any{&sees}, `SELECT EXISTS (SELECT 1 FROM decision d WHERE d.id = ?2 AND d.number IS NOT NULL AND `+v.where()+`)`, v.Person, id)
	return sees, err
}

// SearchDecisions returns what a viewer may see and the index finds, the newest first.
// match is an expression of FTS5, which must be well-formed.
func (tx *Tx) SearchDecisions(v DecisionView, match string, limit int) ([]Decision, error) {
	found, err := all(tx, scanDecision, `SELECT `+decisionColumns+` FROM fts_decision f JOIN decision d ON d.id = f.rowid
		WHERE fts_decision MATCH ?3 AND d.state = 'filed' AND `+v.where()+` ORDER BY d.number DESC LIMIT ?2`, v.Person, limit, match)
	if err != nil {
		return nil, fmt.Errorf("search decisions: %w", err)
	}
	return found, nil
}

// IndexDecision puts the words of a decision into the index, in place of what was there.
func (tx *Tx) IndexDecision(id int64, sentence, people string) error {
	if err := tx.UnindexDecision(id); err != nil {
		return err
	}
	if _, err := tx.exec(`INSERT INTO fts_decision (rowid, sentence, people) VALUES (?, ?, ?)`, id, sentence, people); err != nil {
		return fmt.Errorf("index decision %d: %w", id, err)
	}
	return nil
}

// rebuildDecisionIndex fills an empty index.
const rebuildDecisionIndex = `INSERT INTO fts_decision (rowid, sentence, people) SELECT d.id, d.sentence,
	coalesce((SELECT group_concat(p.name || ' ' || p.address, ' ') FROM decision_part p WHERE p.decision_id = d.id AND p.hidden = 0), '')
	FROM decision d WHERE d.state = 'filed'`

// RebuildDecisionIndex computes the index of decisions again.
func (tx *Tx) RebuildDecisionIndex() error {
	for _, q := range []string{`INSERT INTO fts_decision (fts_decision) VALUES ('delete-all')`, rebuildDecisionIndex} {
		if _, err := tx.exec(q); err != nil {
			return fmt.Errorf("index decisions: %w", err)
		}
	}
	return nil
}

// UnindexDecision takes the words of a decision out of the index.
func (tx *Tx) UnindexDecision(id int64) error {
	if _, err := tx.exec(`DELETE FROM fts_decision WHERE rowid = ?`, id); err != nil {
		return fmt.Errorf("unindex decision %d: %w", id, err)
	}
	return nil
}

// AddDecisionReader remembers that a person may see a decision. It reports whether that
// is new.
func (tx *Tx) AddDecisionReader(decision, person int64, now time.Time) (bool, error) {
	n, err := tx.exec(`INSERT OR IGNORE INTO decision_reader (person_id, decision_id, shown) VALUES (?, ?, ?)`, person, decision, stamp(now))
	if err != nil {
		return false, fmt.Errorf("show decision %d: %w", decision, err)
	}
	return n == 1, nil
}

// A DecisionGap is somebody who may see a decision and has it not in the folder yet.
type DecisionGap struct{ Decision, Person int64 }

// DecisionGaps returns whose folders lack what: of public decisions everybody's, of
// others the folders of those who took part and have got the mail. decision 0 is any
// public one.
func (tx *Tx) DecisionGaps(decision int64, limit int) ([]DecisionGap, error) {
	return all(tx, func(g *DecisionGap) []any { return []any{&g.Decision, &g.Person} }, `
		SELECT d.id, q.id FROM decision d CROSS JOIN person q
			WHERE d.public = 1 AND d.number IS NOT NULL AND q.active = 1 AND (?1 = 0 OR d.id = ?1)
			AND NOT EXISTS (SELECT 1 FROM decision_reader r WHERE r.person_id = q.id AND r.decision_id = d.id)
		UNION
		SELECT d.id, q.id FROM decision d JOIN decision_part p ON p.decision_id = d.id JOIN person q ON q.id = p.person_id
			WHERE d.id = ?1 AND d.number IS NOT NULL AND q.active = 1
			AND NOT EXISTS (SELECT 1 FROM decision_reader r WHERE r.person_id = q.id AND r.decision_id = d.id)
			AND (q.id = d.author_id OR EXISTS (SELECT 1 FROM recipient c LEFT JOIN delivery x ON x.recipient_id = c.id
				WHERE c.submission_id = d.submission_id AND c.person_id = q.id AND c.state = 'delivered' AND coalesce(x.state, 'published') = 'published'))
		ORDER BY 1, 2 LIMIT ?2`, decision, limit)
}

// DecisionGapsOf returns which decisions that a person took part in the folder lacks,
// although the mail is there.
func (tx *Tx) DecisionGapsOf(person int64, limit int) ([]DecisionGap, error) {
	return all(tx, func(g *DecisionGap) []any { return []any{&g.Decision, &g.Person} }, `
		SELECT d.id, p.person_id FROM decision_part p JOIN decision d ON d.id = p.decision_id
			WHERE p.person_id = ?1 AND d.number IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM decision_reader r WHERE r.person_id = ?1 AND r.decision_id = d.id)
			AND EXISTS (SELECT 1 FROM recipient c LEFT JOIN delivery x ON x.recipient_id = c.id
				WHERE c.submission_id = d.submission_id AND c.person_id = ?1 AND c.state = 'delivered' AND coalesce(x.state, 'published') = 'published')
			ORDER BY d.id LIMIT ?2`, person, limit)
}

// FreshDecisions returns the decisions that a person may see since an instant, oldest
// first, at most limit, and those seen before that were withdrawn since. Those that the
// person made are left out, but for what silence decided.
func (tx *Tx) FreshDecisions(person int64, since time.Time, limit int) ([]Decision, error) {
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision_reader r JOIN decision d ON d.id = r.decision_id
		WHERE r.person_id = ?1 AND (r.shown > ?2 AND d.state = 'filed' AND (d.author_id <> ?1 OR d.made = 'silence')
			OR r.shown <= ?2 AND d.state = 'withdrawn' AND d.settled > ?2 AND d.author_id <> ?1)
		ORDER BY d.number LIMIT ?3`, person, stamp(since), limit)
}

// DecisionEntries returns the entries of the message of a decision in the folders of
// kind Decisions.
func (tx *Tx) DecisionEntries(message int64) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT e.id, e.mailbox_id, e.uid, e.message_id, e.modseq, e.internaldate, e.flags, e.keywords,
		e.submission_id, e.delivery_id, e.remind FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
		WHERE e.message_id = ? AND b.kind = 'decisions' ORDER BY e.id`, message)
}
