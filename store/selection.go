package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Selection says which outgoing mail an operator means: recipients that are not
// settled and meet every condition. A zero condition does not narrow.
type Selection struct {
	Submission int64     `json:"submission,omitempty"`
	Author     int64     `json:"author,omitempty"` // a person
	To         string    `json:"to,omitempty"`     // address, or @domain, in any case
	States     []State   `json:"states,omitempty"` // of Held, Deferred, Sending; none: all three
	Frozen     bool      `json:"frozen,omitempty"` // only what its author marked as deleted in Scheduled, and what is stopped
	Before     time.Time `json:"before,omitzero"`  // due before
	After      time.Time `json:"after,omitzero"`   // due at or after
}

// where returns the conditions of s on recipient r and submission s, and their values.
// The states are written as the partial indexes have them, who are not found otherwise.
func (s Selection) where() (string, []any) {
	cond, args := []string{`r.state = 'sending'`}, []any{}
	if s.waits() {
		cond[0] = `r.state IN ('held', 'deferred')`
	}
	add := func(text string, value any) {
		args = append(args, value)
		cond = append(cond, strings.ReplaceAll(text, "?", "?"+strconv.Itoa(len(args))))
	}
	if s.waits() && len(s.States) == 1 {
		add(`r.state = ?`, string(s.States[0]))
	}
	if s.Submission != 0 {
		add(`r.submission_id = ?`, s.Submission)
	}
	if s.Author != 0 {
		add(`s.author_id = ?`, s.Author)
	}
	if domain, ok := strings.CutPrefix(s.To, "@"); ok {
		add(`lower(substr(r.address, instr(r.address, '@') + 1)) = lower(?)`, domain)
	} else if s.To != "" {
		add(`lower(r.address) = lower(?)`, s.To)
	}
	if s.Frozen {
		cond = append(cond, `(s.frozen = 1 AND r.state = 'held' OR s.stopped <> 0)`)
	}
	if !s.Before.IsZero() {
		add(`r.due < ?`, stamp(s.Before))
	}
	if !s.After.IsZero() {
		add(`r.due >= ?`, stamp(s.After))
	}
	return strings.Join(cond, " AND "), args
}

// from is where the recipients of s are looked for. Mail that waits is found by when it
// is due and not by walking through all that ever left.
func (s Selection) from() string {
	switch {
	case s.Submission != 0:
		return ` FROM recipient r INDEXED BY recipient_by_submission`
	case s.waits():
		return ` FROM recipient r INDEXED BY recipient_due`
	}
	return ` FROM recipient r INDEXED BY recipient_sending`
}

// waits reports whether s is about mail that waits, and not about mail being sent.
func (s Selection) waits() bool { return !slices.Contains(s.States, Sending) }

// parts splits s into one Selection for each index.
func (s Selection) parts() []Selection {
	states := s.States
	if len(states) == 0 {
		states = []State{Held, Deferred, Sending}
	}
	waiting, sending := s, s
	waiting.States = slices.DeleteFunc(slices.Clone(states), func(x State) bool { return x == Sending })
	sending.States = []State{Sending}
	var out []Selection
	if len(waiting.States) > 0 {
		out = append(out, waiting)
	}
	if slices.Contains(states, Sending) {
		out = append(out, sending)
	}
	return out
}

// Select returns the submissions with a selected recipient, the oldest first. It comes
// as one text from SQLite: a million rows would cost seconds.
func (tx *Tx) Select(s Selection) ([]int64, error) {
	var ids []int64
	for _, p := range s.parts() {
		found, err := tx.selectIDs(p)
		if err != nil {
			return nil, fmt.Errorf("select submissions: %w", err)
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func (tx *Tx) selectIDs(s Selection) ([]int64, error) {
	where, args := s.where()
	var text string
	err := tx.row([]any{&text}, `SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT DISTINCT r.submission_id AS id`+s.from()+
		` JOIN submission s ON s.id = r.submission_id WHERE `+where+` ORDER BY 1)`, args...)
	if err != nil {
		return nil, err
	}
	return parseIDs(text)
}

// parseIDs reads numbers with a space between them.
func parseIDs(text string) ([]int64, error) {
	ids := make([]int64, 0, strings.Count(text, " ")+1)
	for word := range strings.FieldsSeq(text) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read id %q: %w", word, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// A Listed is a submission with all its recipients.
type Listed struct {
	Submission Submission // without Digest, Plan and Subject
	Recipients []Recipient
}

// List returns submissions with their recipients, in the order of ids: a page of a
// long list, in one question.
func (tx *Tx) List(ids []int64) ([]Listed, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("list submissions: %w", err)
	}
	type row struct {
		s Submission
		r Recipient
	}
	rows, err := all(tx, func(x *row) []any {
		s, r := &x.s, &x.r
		return []any{&s.ID, (*nullID)(&s.AuthorID), &s.ReversePath, &s.MID, &s.Urgent, &s.Frozen, (*stamp)(&s.Accepted), &s.Stopped,
			&r.ID, &r.SubmissionID, &r.Address, (*nullID)(&r.PersonID), (*string)(&r.State), (*stamp)(&r.Due),
			(*[]byte)(&r.Plan), &r.Attempts, (*stamp)(&r.Settled), &r.Reply, &r.Remote}
	}, `SELECT s.id, s.author_id, s.reverse_path, s.mid, s.urgent, s.frozen, s.accepted, s.stopped,
		r.id, r.submission_id, r.address, r.person_id, r.state, r.due, r.plan, r.attempts, r.settled, r.reply, r.remote
		FROM json_each(?) j CROSS JOIN submission s ON s.id = j.value CROSS JOIN recipient r ON r.submission_id = s.id
		ORDER BY j.key, r.id`, string(list))
	if err != nil {
		return nil, fmt.Errorf("list submissions: %w", err)
	}
	rcpts := make([]Recipient, len(rows)) // Of all: one allocation.
	out := make([]Listed, 0, len(rows))
	for i := range rows {
		rcpts[i] = rows[i].r
		if n := len(out); n > 0 && out[n-1].Submission.ID == rows[i].s.ID {
			mine := len(out[n-1].Recipients) + 1
			out[n-1].Recipients = rcpts[i+1-mine : i+1 : i+1]
			continue
		}
		out = append(out, Listed{Submission: rows[i].s, Recipients: rcpts[i : i+1 : i+1]})
	}
	return out, nil
}

// ReleaseSelected lets the selected recipients of some submissions leave at ev.At: what
// is due later is due then, and held ones get the plan. Frozen ones stay. ev becomes a
// line of the ledger for each. It returns the submission of every recipient that leaves.
func (tx *Tx) ReleaseSelected(ids []int64, s Selection, plan json.RawMessage, ev Event) ([]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	detail, err := json.Marshal(ev.Detail)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	s.States = waitingOf(s.States)
	where, args := s.where()
	n := len(args)
	mark := func(i int) string { return "?" + strconv.Itoa(n+i) }
	chosen := `SELECT r.id FROM json_each(` + mark(1) + `) j CROSS JOIN submission s ON s.id = j.value CROSS JOIN recipient r
		INDEXED BY recipient_by_submission ON r.submission_id = s.id WHERE ` + where + ` AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0`
	args = append(args, string(list), stamp(ev.At))
	wrote, err := tx.exec(`INSERT INTO event (at, kind, submission_id, recipient_id, state, detail)
		SELECT `+mark(2)+`, `+mark(3)+`, submission_id, id, state, `+mark(4)+` FROM recipient WHERE id IN (`+chosen+`) ORDER BY id`,
		append(args[:n+2:n+2], ev.Kind, string(detail))...)
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	moved, err := all(tx, func(id *int64) []any { return []any{id} }, `UPDATE recipient SET due = min(due, `+mark(2)+`),
		plan = CASE state WHEN 'held' THEN `+mark(3)+` ELSE plan END WHERE id IN (`+chosen+`) RETURNING submission_id`,
		append(args[:n+2:n+2], jsonText(plan))...)
	if err == nil && int64(len(moved)) != wrote {
		err = ErrConflict
	}
	if err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return moved, nil
}

// waitingOf leaves the states of mail that waits; none means both.
func waitingOf(states []State) []State {
	out := slices.DeleteFunc(slices.Clone(states), func(x State) bool { return x == Sending })
	if len(states) == 0 {
		return []State{Held, Deferred}
	}
	return out
}

// SelectedRecipients returns the selected recipients in the order of ids: for one
// submission, not for a whole queue.
func (tx *Tx) SelectedRecipients(s Selection) ([]Recipient, error) {
	var out []Recipient
	for _, p := range s.parts() {
		where, args := p.where()
		found, err := all(tx, scanRecipient, `SELECT `+recipientColumns+p.from()+` JOIN submission s ON s.id = r.submission_id
			WHERE `+where+` ORDER BY r.id`, args...)
		if err != nil {
			return nil, fmt.Errorf("select recipients: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// Authors returns who wrote some submissions, each once; nobody for Tidepost's own.
func (tx *Tx) Authors(submissions []int64) ([]int64, error) {
	list, err := json.Marshal(submissions)
	if err != nil {
		return nil, fmt.Errorf("authors: %w", err)
	}
	return all(tx, func(id *int64) []any { return []any{id} }, `SELECT DISTINCT s.author_id FROM json_each(?) j
		CROSS JOIN submission s ON s.id = j.value WHERE s.author_id IS NOT NULL ORDER BY 1`, string(list))
}

// Names reports whether the To of s means the address.
func (s Selection) Names(address string) bool {
	if domain, ok := strings.CutPrefix(s.To, "@"); ok {
		return strings.EqualFold(address[strings.Index(address, "@")+1:], domain)
	}
	return s.To == "" || strings.EqualFold(address, s.To)
}

// SubmissionsBelow returns the ids of submissions whatever became of them, the newest
// first, below an id (0: all) and at most limit; author 0 means everybody's.
func (tx *Tx) SubmissionsBelow(author, below int64, limit int) ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} }, `SELECT id FROM submission
		WHERE (?1 = 0 OR author_id = ?1) AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3`, author, below, limit)
}
