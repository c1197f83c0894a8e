package inbox

import (
	"encoding/json"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// awayAgain is how long a sender is not told again (RFC 3834 §2; a day at least).
const awayAgain = 4 * 24 * time.Hour

// An awayNote is what is remembered of a note to a colleague.
type awayNote struct {
	Reader int64 `json:"reader"`
	Thread int64 `json:"thread,omitempty"`
}

// Away reports whether TellAway may have something to say.
func (b *Inbox) Away(person, author *people.Person, now time.Time) bool {
	_, away := absence(person.Schedule(now), now)
	return away && author.ID != person.ID
}

// TellAway tells a colleague at once that the reader of their mail is on leave, who
// stands in, and what reaches the reader anyway: once in four days for each reader.
// It does nothing if the reader is there. The queue calls it when it accepts mail,
// because a hold would make the news stale.
func (b *Inbox) TellAway(tx *store.Tx, person, author *people.Person, about digest.About, now time.Time) error {
	s := person.Schedule(now)
	if !b.Away(person, author, now) {
		return nil
	}
	told, err := noted(tx, author.ID, noteAway, now.Add(-awayAgain), func(n awayNote) bool { return n.Reader == person.ID })
	if err != nil || told {
		return err
	}
	a := digest.Absence{Name: person.FirstName()}
	if back, ok := s.NextOpening(now); ok {
		a.Back = people.Day(back, person.Zone(), now)
	}
	if cover, err := mail.ParsePath(person.Profile.Cover, true); err == nil {
		if c, _, ok := b.dir.ByAddress(cover); ok {
			a.Cover = c.FirstName()
		}
	}
	_, mid, err := b.Put(tx, author, store.KindInbox, b.letters.Away(reader(author), about, a), now)
	if err != nil {
		return err
	}
	return remember(tx, mid, author.ID, noteAway, awayNote{Reader: person.ID}, now)
}

// noted reports whether the person got a note of a kind since an instant that is like
// the one asked for.
func noted(tx *store.Tx, person int64, kind string, since time.Time, like func(awayNote) bool) (bool, error) {
	notes, err := tx.NotesSince(person, kind, since)
	if err != nil {
		return false, err
	}
	for _, n := range notes {
		var d awayNote
		if json.Unmarshal(n.Detail, &d) == nil && like(d) {
			return true, nil
		}
	}
	return false, nil
}

// hintTalk tells the author of a fourth quick reply that it waits, once for each
// conversation within a working day.
func (b *Inbox) hintTalk(tx *store.Tx, a Arrival, to place, about digest.About) error {
	told, err := noted(tx, a.Author.ID, noteTalk, a.At.Add(-quickMemory), func(n awayNote) bool { return n.Thread == a.Message.ThreadID })
	if err != nil || told || to.wait == waitNot {
		return err
	}
	when := people.Both(to.due, a.Person.Zone(), a.Author.Zone(), a.At)
	l := b.letters.Talk(reader(a.Author), about, a.Person.FirstName(), a.Person.Profile.Phone, when)
	_, mid, err := b.Put(tx, a.Author, store.KindInbox, l, a.At)
	if err != nil {
		return err
	}
	return remember(tx, mid, a.Author.ID, noteTalk, awayNote{Thread: a.Message.ThreadID}, a.At)
}
