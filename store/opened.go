package store

import (
	"fmt"
	"strconv"
	"time"
)

// openedKey is where stands on which day somebody first opened their folders. No later
// login is noted: it says who has found them, not who is there.
func openedKey(person int64) string { return "opened/" + strconv.FormatInt(person, 10) }

// HasOpened reports whether a person has ever opened their folders with a mail program.
func (tx *Tx) HasOpened(person int64) (bool, error) {
	day, err := tx.Meta(openedKey(person))
	return day != "", err
}

// NoteOpened notes the first day on which a person opened their folders, in UTC.
func (tx *Tx) NoteOpened(person int64, now time.Time) error {
	_, err := tx.exec(`INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)`, openedKey(person), now.UTC().Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("note that person %d opened their folders: %w", person, err)
	}
	return nil
}

// NeverOpened returns the active people who have sent mail before an instant, and have
// never opened their folders.
func (tx *Tx) NeverOpened(before time.Time) ([]int64, error) {
	ids, err := all(tx, func(id *int64) []any { return []any{id} }, `SELECT p.id FROM person p WHERE p.active = 1
		AND EXISTS (SELECT 1 FROM submission s WHERE s.author_id = p.id AND s.accepted < ?)
		AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'opened/' || p.id) ORDER BY p.id`, stamp(before))
	if err != nil {
		return nil, fmt.Errorf("look who never opened their folders: %w", err)
	}
	return ids, nil
}

// A Week counts what became of mail in some time, of nobody in particular.
type Week struct {
	Accepted  int `json:"accepted"` // mails
	Delivered int `json:"delivered"`
	Bounced   int `json:"bounced"`
	Cancelled int `json:"cancelled"`
	Expired   int `json:"expired"` // these four: recipients
	Senders   int `json:"senders"` // people who sent anything
	Urgent    int `json:"urgent"`  // mails
	Incoming  int `json:"incoming"`
	Decisions int `json:"decisions"`
}

// WeekOf counts from an instant on to another.
func (tx *Tx) WeekOf(since, until time.Time) (w Week, err error) {
	err = tx.row([]any{&w.Accepted, &w.Senders, &w.Urgent}, `SELECT count(*), count(DISTINCT author_id), coalesce(sum(urgent), 0) FROM submission
		WHERE author_id IS NOT NULL AND accepted >= ? AND accepted < ?`, stamp(since), stamp(until))
	if err == nil {
		err = tx.row([]any{&w.Delivered, &w.Bounced, &w.Cancelled, &w.Expired}, `SELECT
			count(*) FILTER (WHERE r.state = 'delivered'), count(*) FILTER (WHERE r.state = 'bounced'),
			count(*) FILTER (WHERE r.state = 'cancelled'), count(*) FILTER (WHERE r.state = 'expired')
			FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.author_id IS NOT NULL AND r.settled >= ? AND r.settled < ?`, stamp(since), stamp(until))
	}
	if err == nil {
		err = tx.row([]any{&w.Incoming, &w.Decisions}, `SELECT (SELECT count(*) FROM delivery WHERE arrived >= ?1 AND arrived < ?2),
			(SELECT count(*) FROM decision WHERE filed >= ?1 AND filed < ?2)`, stamp(since), stamp(until))
	}
	if err != nil {
		return w, fmt.Errorf("count the week: %w", err)
	}
	return w, nil
}

// OpenQuestions counts questions of which somebody of the team is the owner. People is
// how many owners there are: a figure of fewer than five is shown to nobody.
type OpenQuestions struct{ Count, People int }

// Questions counts open questions by how they stand: "open" are all of them, "at-risk"
// and "overdue" are among them.
func (tx *Tx) Questions() (map[string]OpenQuestions, error) {
	type row struct {
		state string
		n     OpenQuestions
	}
	rows, err := all(tx, func(r *row) []any { return []any{&r.state, &r.n.Count, &r.n.People} },
		`SELECT 'open', count(*), count(DISTINCT owner_id) FROM ask WHERE open = 1 AND owner_id IS NOT NULL
		UNION ALL SELECT c.state, count(*), count(DISTINCT a.owner_id) FROM clock c JOIN ask a ON a.id = c.ask_id
			WHERE c.state IN ('at-risk', 'overdue') AND a.open = 1 AND a.owner_id IS NOT NULL GROUP BY c.state`)
	if err != nil {
		return nil, fmt.Errorf("count questions: %w", err)
	}
	out := map[string]OpenQuestions{}
	for _, r := range rows {
		out[r.state] = r.n
	}
	return out, nil
}
