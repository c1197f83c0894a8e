package decisions

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// The kinds of notes that this package looks up again.
const (
	NoteFiled = "decision"
	NoteTimer = "decision-timer"
)

// A noteDetail is what a note remembers to be answered.
type noteDetail struct {
	Decisions []int64 `json:"decisions"`
}

// tell writes the letter that a decision waits with, if its author is at work; else it
// returns when they are next. One letter tells of everything that was decided in one
// mail.
func (k *Keeper) tell(tx *store.Tx, d *store.Decision, now time.Time) (again time.Time, err error) {
	author, ok := k.dir.ByID(d.AuthorID)
	if !ok || !author.Active || k.put == nil {
		d.Note = ""
		return time.Time{}, nil
	}
	s := author.Schedule(now)
	if !s.Deliverable(now) {
		at, ok := s.NextOpening(now.Add(time.Minute))
		if !ok {
			d.Note = "" // Somebody without hours is told by the folder.
			return time.Time{}, nil
		}
		if !at.After(now) {
			at = now.Add(lookLatest) // focus
		}
		return at, nil
	}
	kind, subject, text, about := "", "", "", []store.Decision{*d}
	switch d.Note {
	case store.NoteDecisionFiled:
		if about, err = k.together(tx, *d); err != nil {
			return time.Time{}, err
		}
		kind, subject, text = k.filedNote(about)
	case store.NoteTimerRuns:
		kind, subject, text = k.timerNote(*d, author, now)
	case store.NoteObjection:
		if kind, subject, text, err = k.objectionNote(tx, *d); err != nil {
			return time.Time{}, err
		}
	}
	if err := k.note(tx, author, kind, subject, text, about, now); err != nil {
		return time.Time{}, err
	}
	for _, other := range about {
		if other.ID != d.ID {
			other.Note = ""
			if err := tx.UpdateDecision(other); err != nil {
				return time.Time{}, err
			}
		}
	}
	d.Note = ""
	return time.Time{}, nil
}

// together are the decisions of the same mail that wait to be told too.
func (k *Keeper) together(tx *store.Tx, d store.Decision) ([]store.Decision, error) {
	all, err := tx.DecisionsOf(d.SubmissionID)
	if err != nil {
		return nil, err
	}
	out := []store.Decision{}
	for _, o := range all {
		if o.State == store.DecisionFiled && o.Note == store.NoteDecisionFiled || o.ID == d.ID {
			out = append(out, o)
		}
	}
	return out, nil
}

func (k *Keeper) filedNote(about []store.Decision) (kind, subject, text string) {
	var b strings.Builder
	for _, d := range about {
		fmt.Fprintf(&b, "D-%d  %s\n", d.Number, d.Sentence)
	}
	word := "it"
	if subject = fmt.Sprintf("Decision D-%d", about[0].Number); len(about) > 1 {
		subject = fmt.Sprintf("Decisions D-%d to D-%d", about[0].Number, about[len(about)-1].Number)
		word = "them; with a number behind it, only that one"
	}
	b.WriteString("\n")
	if about[0].Public {
		b.WriteString("Everybody in the team can find this in the folder Decisions, because you wrote to the team.\n")
	} else {
		b.WriteString("Those whom your mail went to can find this in the folder Decisions; nobody else.\n" +
			"Reply *publish* to show everybody in the team " + word + ".\n")
	}
	b.WriteString("Reply *withdraw* within 7 days to take " + word + " back: the number stays, the words go.")
	return NoteFiled, subject, b.String()
}

func (k *Keeper) timerNote(d store.Decision, author *people.Person, now time.Time) (kind, subject, text string) {
	text = fmt.Sprintf("Everybody has your proposal now:\n\n    %s\n\nIf nobody objects it is decided %s.", d.Sentence, people.Moment(d.Ends, author.Zone(), now))
	if !d.Stated.IsZero() && d.Ends.After(d.Stated) {
		text += " That is later than your mail says: everybody has one working day to object."
	}
	if len(d.Away) > 0 {
		text += "\nAway, not asked: " + strings.Join(d.Away, ", ") + "."
	}
	return NoteTimer, "Silence decides " + people.Moment(d.Ends, author.Zone(), now), text + "\nReply *withdraw* to take the proposal back."
}

func (k *Keeper) objectionNote(tx *store.Tx, d store.Decision) (kind, subject, text string, err error) {
	s, err := tx.Submission(d.SubmissionID)
	if err != nil {
		return "", "", "", err
	}
	who := d.Objector
	if who == "" {
		who = "Somebody"
	}
	text = fmt.Sprintf("%s has answered your proposal with more than a yes. In doubt that is an objection, so silence decides nothing now.\n"+
		"If it was none, or you have agreed, write a line \"Decision: ...\" in the thread.", who)
	return NoteTimer, "Not decided by silence: " + fold(s.Subject), text, nil
}

// note files a letter in the author's INBOX, threaded on the mail, and remembers what
// it may be answered about.
func (k *Keeper) note(tx *store.Tx, to *people.Person, kind, subject, text string, about []store.Decision, now time.Time) error {
	l := mail.Letter{
		From: mail.Mailbox{Name: "Tidepost", Address: k.own()}, To: []mail.Mailbox{{Name: to.Name, Address: to.Address}},
		Subject: subject, Text: text + "\n", InReplyTo: about[0].MID, References: []string{about[0].MID},
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-generated", Raw: true},
			{Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: loopField, Value: k.o.Domain, Raw: true},
		},
	}
	_, mid, err := k.put(tx, to, store.KindInbox, l, now)
	if err != nil {
		return fmt.Errorf("note on decision: %w", err)
	}
	var d noteDetail
	for _, o := range about {
		d.Decisions = append(d.Decisions, o.ID)
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("note on decision: %w", err)
	}
	return tx.AddNote(store.Note{MID: mid, PersonID: to.ID, Kind: kind, SubmissionID: about[0].SubmissionID, Detail: raw, Created: now})
}

// noted are the decisions that a note is about.
func noted(tx *store.Tx, n store.Note) ([]store.Decision, error) {
	var d noteDetail
	if n.Kind != NoteFiled && n.Kind != NoteTimer {
		return nil, nil
	}
	if err := json.Unmarshal(n.Detail, &d); err != nil {
		return nil, fmt.Errorf("note %s: %w", n.MID, err)
	}
	var out []store.Decision
	for _, id := range d.Decisions {
		o, err := tx.Decision(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}
