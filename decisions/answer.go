package decisions

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// The words that a mail to Tidepost may say of decisions.
const (
	WordPublish   = "publish"
	WordWithdraw  = "withdraw"
	WordDecision  = "decision"
	WordDecisions = "decisions"
)

// withdrawTime is how long an author may withdraw a decision.
const withdrawTime = 7 * 24 * time.Hour

// found is how many decisions a mail answers with.
const foundMost = 10

// A Word is what somebody wrote to Tidepost.
type Word struct {
	Text  string      // the first line, as written
	Note  *store.Note // of this person's, that it answers; nil: none
	Asked int64       // the sentence that the digest it answers asks about; 0: none
}

// Answer does what a word says of decisions, and says what it did. ok is false if the
// word is about something else.
func (k *Keeper) Answer(tx *store.Tx, p *people.Person, w Word, now time.Time) (said string, ok bool, err error) {
	text := strings.Trim(fold(w.Text), "*\"'.!`[] ")
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch verb = strings.ToLower(verb); verb {
	case WordPublish, WordWithdraw:
		about, said, err := k.meant(tx, p, w, rest)
		if err != nil || said != "" || len(about) == 0 {
			return said, said != "" || err != nil, err
		}
		act := k.publish
		if verb == WordWithdraw {
			act = k.withdraw
		}
		var lines []string
		for _, d := range about {
			line, err := act(tx, p, d, now)
			if err != nil {
				return "", true, err
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n"), true, nil
	case WordDecision:
		if rest == "" && w.Asked != 0 {
			said, err = k.confirm(tx, p, w.Asked, now)
			return said, true, err
		}
	case WordDecisions:
		said, err = k.searchLetter(tx, p, rest, now)
		return said, true, err
	}
	if n, is := Number(text); is && strings.HasPrefix(strings.ToLower(text), "d") {
		said, err = k.showLetter(tx, p, n)
		return said, true, err
	}
	return "", false, nil
}

// meant are the decisions that a word is about: those it names, or those of the note.
func (k *Keeper) meant(tx *store.Tx, p *people.Person, w Word, rest string) (about []store.Decision, said string, err error) {
	if rest == "" {
		if w.Note == nil {
			return nil, "Which one? Write for example *publish D-12*, or answer my note about it.", nil
		}
		about, err = noted(tx, *w.Note)
		return about, "", err
	}
	for _, word := range strings.Fields(strings.NewReplacer(",", " ", " and ", " ").Replace(rest)) {
		n, ok := Number(word)
		if !ok {
			return nil, fmt.Sprintf("I do not understand %q, and did nothing. Write for example *publish D-12*.", short(rest)), nil
		}
		d, err := k.visible(tx, p, n)
		if errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Sprintf("There is no decision D-%d that you can see; I did nothing.", n), nil
		}
		if err != nil {
			return nil, "", err
		}
		about = append(about, d)
	}
	return about, "", nil
}

// visible is a decision by its number, if a person may see it. ErrNotFound.
func (k *Keeper) visible(tx *store.Tx, p *people.Person, n int) (store.Decision, error) {
	d, err := tx.DecisionByNumber(n)
	if err != nil {
		return d, err
	}
	sees, err := tx.SeesDecision(store.DecisionView{Person: p.ID}, d.ID)
	if err == nil && !sees && d.AuthorID != p.ID {
		err = fmt.Errorf("decision D-%d: %w", n, store.ErrNotFound)
	}
	return d, err
}

// publish shows a decision to everybody.
func (k *Keeper) publish(tx *store.Tx, p *people.Person, d store.Decision, now time.Time) (string, error) {
	switch {
	case d.AuthorID != p.ID:
		return fmt.Sprintf("D-%d is not published: only who decided it can do that.", d.Number), nil
	case d.State == store.DecisionWithdrawn:
		return fmt.Sprintf("D-%d is withdrawn; there is nothing to publish.", d.Number), nil
	case d.State != store.DecisionFiled:
		return "That is no decision, so there is nothing to publish.", nil
	case d.Public:
		return fmt.Sprintf("D-%d is public already.", d.Number), nil
	}
	d.Public, d.Published = true, now
	if err := k.render(tx, &d, now); err != nil {
		return "", err
	}
	if err := tx.AddEvent(k.event(d, EventPublished, p.ID, now)); err != nil {
		return "", err
	}
	if err := k.show(tx, &d, now); err != nil {
		return "", err
	}
	return fmt.Sprintf("D-%d is public: everybody in the team finds it in the folder Decisions.", d.Number), nil
}

func (k *Keeper) event(d store.Decision, kind string, person int64, now time.Time) store.Event {
	return store.Event{At: now, Kind: kind, SubmissionID: d.SubmissionID, PersonID: person, Detail: map[string]any{"decision": d.ID, "number": d.Number}}
}

// withdraw takes the words of a decision back, or a proposal before silence decides it.
func (k *Keeper) withdraw(tx *store.Tx, p *people.Person, d store.Decision, now time.Time) (string, error) {
	switch {
	case d.AuthorID != p.ID:
		return fmt.Sprintf("D-%d stays: only who decided it can withdraw it.", d.Number), nil
	case d.State == store.DecisionOpen:
		return "Withdrawn: silence decides nothing now. Whoever got your proposal does not know yet; write to them.", k.drop(tx, &d, WhyProposer, now)
	case d.State == store.DecisionWithdrawn:
		return fmt.Sprintf("D-%d is withdrawn already.", d.Number), nil
	case d.State != store.DecisionFiled:
		return "There is nothing to withdraw: it is no decision.", nil
	case now.Sub(d.Filed) > withdrawTime:
		return fmt.Sprintf("D-%d is older than 7 days and stays. Decide anew: \"Decision: ... This replaces D-%d.\"", d.Number, d.Number), nil
	}
	d.Sentence, d.Settled, d.Note, d.Wake = "", now, "", time.Time{}
	if err := k.move(tx, &d, store.DecisionWithdrawn, EventWithdrawn, now); err != nil {
		return "", err
	}
	if err := tx.UnindexDecision(d.ID); err != nil {
		return "", err
	}
	tx.AfterCommit(k.forgetOld)
	if err := k.render(tx, &d, now); err != nil {
		return "", err
	}
	if err := k.renderLinked(tx, d, now); err != nil {
		return "", err
	}
	return fmt.Sprintf("D-%d is withdrawn: the number stays, its words are gone from the folder and the search. Digests and mail that were delivered keep them.", d.Number), nil
}

// confirm makes a decision of what a digest asked about.
func (k *Keeper) confirm(tx *store.Tx, p *people.Person, id int64, now time.Time) (string, error) {
	d, err := tx.Decision(id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	switch {
	case err != nil || d.AuthorID != p.ID:
		return "I do not know which sentence you mean, and did nothing.", nil
	case d.State == store.DecisionDropped:
		return "That was too long ago: I forgot the sentence. Write a line \"Decision: ...\" in the thread.", nil
	case d.State != store.DecisionCandidate:
		return "That is taken down already.", nil
	}
	d.Why, d.Wake = "", now
	if err := k.move(tx, &d, store.DecisionPending, EventFound, now); err != nil {
		return "", err
	}
	if err := k.stepPending(tx, d, "", now); err != nil { // This answer says it.
		return "", err
	}
	if d, err = tx.Decision(id); err != nil {
		return "", err
	}
	if d.State != store.DecisionFiled {
		return "Taken down: it gets its number as soon as your mail has left.", nil
	}
	return fmt.Sprintf("D-%d  %s\n\nThose whom your mail went to find it in the folder Decisions. *publish D-%d* shows it to everybody, *withdraw D-%d* takes it back.",
		d.Number, d.Sentence, d.Number, d.Number), nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
