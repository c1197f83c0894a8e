package inbox

import (
	"fmt"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
)

const (
	noteWelcome = "welcome"
	// welcomeOnce is for how long somebody who left and came back is not greeted again.
	welcomeOnce = 24 * time.Hour
)

// Welcome files the letter that greets a new person, in their hours: outside of them it
// waits in Next delivery. hold is their switch. did is false if they were greeted within
// a day.
func (b *Inbox) Welcome(tx *store.Tx, p *people.Person, hold people.Switch, now time.Time) (did bool, err error) {
	before, err := tx.NotesSince(p.ID, noteWelcome, now.Add(-welcomeOnce))
	if err != nil || len(before) > 0 {
		return false, err
	}
	batch := b.batchMode(p)
	n := digest.Newcomer{Waits: hold == people.On, Batches: batch == people.On,
		Trying: hold != people.On && batch != people.On && (hold == people.DryRun || batch == people.DryRun)}
	if p.Schedule(now).HasTides() {
		n.Tides = tidesInWords(p)
	}
	letter := b.letters.Welcome(digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}, n)
	mid, err := b.PutAtWork(tx, p, letter, now)
	if err != nil {
		return false, fmt.Errorf("welcome %s: %w", p.Address, err)
	}
	return true, tx.AddNote(store.Note{MID: mid, PersonID: p.ID, Kind: noteWelcome, Created: now})
}

// tidesInWords are the times of day at which a person's mail comes.
func tidesInWords(p *people.Person) string {
	list, err := p.Profile.TideClocks()
	if err != nil || len(list) == 0 {
		return ""
	}
	var words []string
	for _, c := range list {
		words = append(words, c.String())
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return words[0]
}
