package queue

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tidepost/coach"
	"tidepost/people"
	"tidepost/store"
)

// actOnAdvice does what a word says in answer to advice; said is "" if it is none of
// these words.
func (q *Queue) actOnAdvice(tx *store.Tx, in *intake, a *ask) (said string, err error) {
	var d adviceDetail
	if a.known && len(a.note.Detail) > 0 {
		if err := json.Unmarshal(a.note.Detail, &d); err != nil {
			return "", fmt.Errorf("note %s: %w", a.note.MID, err)
		}
	}
	onAdvice := a.known && a.note.Kind == noteAdvice
	switch {
	case onAdvice && a.word == coach.WordSend && a.sub.ID != 0:
		return q.sendAsIs(tx, in, a)
	case onAdvice && a.word == coach.WordNever:
		return q.setPolicies(tx, in, d.Policies, people.Off)
	case a.known && a.note.Kind == noteSilenced && a.word == coach.WordUndo:
		return q.setPolicies(tx, in, d.Policies, people.Team)
	case a.known && a.note.Kind == noteReplaced && a.word == coach.WordBoth && a.message.ID != 0:
		return q.sendBoth(tx, in, a)
	}
	return "", nil
}

// sendAsIs sends a draft that waits with advice now.
func (q *Queue) sendAsIs(tx *store.Tx, in *intake, a *ask) (string, error) {
	held, err := q.held(tx, a.sub.ID)
	if err == ErrLeft {
		return "It has left already: " + a.sub.Subject + ".", nil
	}
	if err != nil {
		return "", err
	}
	if err := q.outOfBefore(tx, in.author, a.sub, held, store.KindSendNow, in.now); err != nil {
		return "", err
	}
	plan, _ := wish(store.KindSendNow, in.author, in.now)
	if err := q.retime(tx, a.sub, held, plan, in.now); err != nil {
		return "", err
	}
	return "Sent as it is: " + a.sub.Subject + " → " + coach.And(q.about(a.sub, held).To) + ".", nil
}

// setPolicies switches policies off for the author, or back to what the team has, and
// answers with what changed and how to undo it.
func (q *Queue) setPolicies(tx *store.Tx, in *intake, names []string, to people.Switch) (string, error) {
	var about []string
	for _, name := range names {
		if err := q.setPolicy(tx, in.author, name, to, in.now); err != nil {
			return "", err
		}
		if to == people.Team {
			if err := tx.SetMeta(wantedKey(in.author.ID, name), in.now.UTC().Format(time.RFC3339Nano)); err != nil {
				return "", err
			}
		}
		about = append(about, coach.About(name))
	}
	if to == people.Off {
		return fmt.Sprintf("No more advice on %s for you. To have it again, write *advise %s* to me.", coach.And(about), strings.Join(names, "*, *advise ")), nil
	}
	return fmt.Sprintf("Advice on %s again. To stop it, write *never %s* to me.", coach.And(about), strings.Join(names, "*, *never ")), nil
}
