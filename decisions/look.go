package decisions

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// maxListed bounds what one look returns.
const maxListed = 10_000

// List returns what a viewer may see, withdrawn ones too, the newest first. A View is
// enough.
func (k *Keeper) List(tx *store.Tx, v store.DecisionView) ([]Entry, error) {
	found, err := tx.Decisions(v, maxListed)
	if err != nil {
		return nil, err
	}
	return k.entries(tx, found)
}

// Search returns the decisions of a viewer in which every word of the query occurs, or
// one that begins with it, the newest first. A query of a name ("D-12") finds that one,
// and an empty one everything. No query is an error. A View is enough.
func (k *Keeper) Search(tx *store.Tx, v store.DecisionView, query string) ([]Entry, error) {
	if n, ok := Number(query); ok && strings.HasPrefix(strings.ToLower(strings.TrimSpace(query)), "d") {
		e, err := k.Show(tx, v, n)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return []Entry{e}, err
	}
	if strings.TrimSpace(query) == "" {
		return k.List(tx, v)
	}
	match := Match(query)
	if match == "" {
		return nil, nil
	}
	found, err := tx.SearchDecisions(v, match, maxListed)
	if err != nil {
		return nil, err
	}
	return k.entries(tx, found)
}

// Show returns D-n, if the viewer may see it. ErrNotFound. A View is enough.
func (k *Keeper) Show(tx *store.Tx, v store.DecisionView, n int) (Entry, error) {
	d, err := tx.DecisionByNumber(n)
	if err != nil {
		return Entry{}, err
	}
	sees, err := tx.SeesDecision(v, d.ID)
	if err != nil {
		return Entry{}, err
	}
	if !sees {
		return Entry{}, fmt.Errorf("decision D-%d: %w", n, store.ErrNotFound)
	}
	return k.read(tx, d)
}

func (k *Keeper) entries(tx *store.Tx, found []store.Decision) ([]Entry, error) {
	out := make([]Entry, 0, len(found))
	for _, d := range found {
		e, err := k.read(tx, d)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// freshMost bounds what one digest is told.
const freshMost = 50

// Fresh returns the decisions that a person may see since an instant, oldest first: what
// others decided, what silence decided of the person's own proposals, and what the person
// had seen and others have withdrawn since. A View is enough.
func (k *Keeper) Fresh(tx *store.Tx, person int64, since time.Time) ([]Entry, error) {
	found, err := tx.FreshDecisions(person, since, freshMost)
	if err != nil {
		return nil, err
	}
	return k.entries(tx, found)
}

// Catch puts into a person's folder what came with the mail of this moment, so that the
// digest on top of it can tell of it.
func (k *Keeper) Catch(tx *store.Tx, person int64, now time.Time) error {
	gaps, err := tx.DecisionGapsOf(person, freshMost)
	if err != nil || len(gaps) == 0 {
		return err
	}
	return k.fill(tx, gaps, now)
}

// A Question is a sentence of a person's own that may be a decision.
type Question struct {
	ID       int64 // what Word.Asked wants
	Sentence string
	MID      string // of the mail
	Subject  string
}

// Ask returns the one question that the next digest of a person may put, if there is
// any, and remembers that it was put: about one mail there is never a second one.
func (k *Keeper) Ask(tx *store.Tx, person int64) (q Question, ok bool, err error) {
	d, err := tx.NextCandidate(person)
	if errors.Is(err, store.ErrNotFound) {
		return q, false, nil
	}
	if err != nil {
		return q, false, err
	}
	d.Why = asked
	if err := tx.UpdateDecision(d); err != nil {
		return q, false, err
	}
	s, err := tx.Submission(d.SubmissionID)
	if err != nil {
		return q, false, err
	}
	return Question{ID: d.ID, Sentence: d.Sentence, MID: d.MID, Subject: s.Subject}, true, nil
}

// Asking reports whether a question is still to be answered. A View is enough.
func (k *Keeper) Asking(tx *store.Tx, id int64) (bool, error) {
	d, err := tx.Decision(id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return d.State == store.DecisionCandidate, err
}

// asked stands in Why of a candidate whose author was asked.
const asked = "asked"

// searchLetter answers "decisions budget" by mail.
func (k *Keeper) searchLetter(tx *store.Tx, p *people.Person, query string, now time.Time) (string, error) {
	found, err := k.Search(tx, store.DecisionView{Person: p.ID}, query)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return fmt.Sprintf("No decision that you can see has %q in it.", short(query)), nil
	}
	var b strings.Builder
	for _, e := range found[:min(len(found), foundMost)] {
		b.WriteString(e.title() + "\n")
		if !e.Withdrawn {
			fmt.Fprintf(&b, "    %s, %s, %s\n", people.Day(e.Filed, p.Zone(), now), e.Author, midURL(e.MID))
		}
	}
	if more := len(found) - foundMost; more > 0 {
		fmt.Fprintf(&b, "\nand %d more in the folder Decisions\n", more)
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

// showLetter answers "D-12" by mail.
func (k *Keeper) showLetter(tx *store.Tx, p *people.Person, n int) (string, error) {
	e, err := k.Show(tx, store.DecisionView{Person: p.ID}, n)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Sprintf("There is no decision D-%d that you can see.", n), nil
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(e.Text(), "\n"), nil
}

// Superseded returns the decisions whose place others have taken, as far as a person may
// see them. They are remembered until something changes. A View is enough.
func (k *Keeper) Superseded(tx *store.Tx, person int64) ([]store.Superseded, error) {
	k.mu.Lock()
	old, ok, gen := k.old, k.oldOK, k.oldGen
	k.mu.Unlock()
	if !ok {
		var err error
		if old, err = tx.Superseded(oldMost); err != nil {
			return nil, err
		}
		k.mu.Lock()
		if k.oldGen == gen {
			k.old, k.oldOK = old, true
		}
		k.mu.Unlock()
	}
	var out []store.Superseded
	for _, s := range old {
		if slices.Contains(s.Readers, person) {
			out = append(out, s)
		}
	}
	return out, nil
}

// NoneSuperseded reports whether it is known that no decision has taken the place of
// another: then nobody need look.
func (k *Keeper) NoneSuperseded() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.oldOK && len(k.old) == 0
}

// oldMost bounds the superseded decisions that drafts are compared with.
const oldMost = 1000

// forgetOld has Superseded look again.
func (k *Keeper) forgetOld() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.old, k.oldOK = nil, false
	k.oldGen++
}
