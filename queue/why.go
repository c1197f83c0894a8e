package queue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// An Explanation is where one recipient stands and why, for people.
type Explanation struct {
	Recipient store.Recipient
	When      string // of release or next attempt, in the zones of reader and author; "" once settled
	Why       string // to stand after "because"; may be ""
}

// Why explains a submission: the address why@ and the command line show it.
func (q *Queue) Why(tx *store.Tx, submission int64, now time.Time) ([]Explanation, error) {
	s, err := tx.Submission(submission)
	if err != nil {
		return nil, err
	}
	rcpts, err := tx.Recipients(submission)
	if err != nil {
		return nil, err
	}
	return q.Explain(s, rcpts, now)
}

// Explain is Why for a submission that was read before. Tidepost's own mail has no
// author: ErrNotFound.
func (q *Queue) Explain(s store.Submission, rcpts []store.Recipient, now time.Time) ([]Explanation, error) {
	author, ok := q.people.ByID(s.AuthorID)
	if !ok {
		return nil, fmt.Errorf("author of submission %d: %w", s.ID, store.ErrNotFound)
	}
	var out []Explanation
	for _, r := range rcpts {
		x := Explanation{Recipient: r}
		if s.Stopped != store.Going && (r.State == store.Held || r.State == store.Deferred) {
			x.Why = stoppedWords(s.Stopped)
			out = append(out, x)
			continue
		}
		if !r.Due.IsZero() {
			x.When = q.when(r.Due, author, r, now)
		}
		if r.State == store.Held {
			why, err := whyOf(r.Plan)
			if err != nil {
				return nil, fmt.Errorf("read plan of recipient %d: %w", r.ID, err)
			}
			x.Why = Plan{Why: why}.words()
		}
		out = append(out, x)
	}
	return out, nil
}

// whyOf reads the reason of a plan and nothing else: a list may be long. What encode
// writes begins with the rule and the reason.
func whyOf(raw json.RawMessage) (string, error) {
	if rest, ok := bytes.CutPrefix(raw, []byte(`{"rule":"`)); ok {
		_, rest, _ = bytes.Cut(rest, []byte{'"'})
		if rest, ok = bytes.CutPrefix(rest, []byte(`,"why":"`)); ok {
			if why, _, ok := bytes.Cut(rest, []byte{'"'}); ok && !bytes.ContainsRune(raw[:len(raw)-len(rest)+len(why)], '\\') {
				return string(why), nil
			}
		}
	}
	var p struct{ Why string }
	err := json.Unmarshal(raw, &p)
	return p.Why, err
}

// When says when a mail of author to reader would leave if it were sent at now, and
// why: what the hold would do, without sending anything.
func (q *Queue) When(author, reader *people.Person, now time.Time) (at time.Time, why string) {
	p := Plan{Rule: RuleHours, From: now}
	if q.holdMode(author) != people.On {
		return now, whyOff
	}
	if _, paused := q.people.Paused(author, now); paused {
		return now, whyPaused
	}
	m := q.moment(p, party{author: author, reader: reader}, now)
	return m.At, m.Reason.String()
}
