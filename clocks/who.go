package clocks

import (
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/threading"
)

// A writer is who wrote a mail.
type writer struct {
	person  *people.Person // nil: outside
	address string         // of somebody outside
}

// writerOf is who wrote a mail, as far as that can be believed. ok is false for
// machines, and for mail that says without proof that a colleague wrote it.
func (k *Keeper) writerOf(m *Mail) (w writer, ok bool) {
	if m.Facts.IsAuto || m.Facts.IsBounce {
		return w, false
	}
	if m.Author != nil {
		return writer{person: m.Author}, true
	}
	if len(m.Facts.From) != 1 || k.dir.IsLocalDomain(m.Facts.From[0].Address.Domain) {
		return w, false
	}
	return writer{address: m.Facts.From[0].Address.Key()}, true
}

// is reports whether the writer is somebody.
func (w writer) is(person int64, address string) bool {
	if w.person != nil {
		return w.person.ID == person
	}
	return person == 0 && address != "" && w.address == address
}

// answerer says as whom a writer answers an ask, "" if not at all.
func (k *Keeper) answerer(i *Item, w writer, now time.Time) threading.Answerer {
	if i.Ask.Owner == "" {
		return threading.TheOwner
	}
	if w.is(i.Ask.OwnerID, i.Ask.Owner) {
		return threading.TheOwner
	}
	if k.mayAnswer(i.Ask, w.person) {
		return threading.TheOwner
	}
	owner := k.person(i.Ask.OwnerID)
	if owner == nil || w.person == nil || i.Ask.Private {
		return ""
	}
	late := i.Clock.State == threading.Paused || i.Clock.State == threading.Overdue || away(owner.Schedule(now), now)
	if cover := k.coverOf(owner); late && cover != nil && cover.ID == w.person.ID {
		return threading.TheCover
	}
	return ""
}

// coverOf is who stands in for somebody; nil for nobody.
func (k *Keeper) coverOf(p *people.Person) *people.Person {
	a, err := mail.ParsePath(p.Profile.Cover, true)
	if err != nil {
		return nil
	}
	cover, _, ok := k.dir.ByAddress(a)
	if !ok || cover.ID == p.ID {
		return nil
	}
	return cover
}

// away reports whether leave takes somebody's next working time.
func away(s *scheduler.Schedule, now time.Time) bool {
	plain, ok := s.OpeningWithoutLeave(now)
	if !ok {
		return false
	}
	next, ok := s.NextOpening(now)
	return !ok || next.After(plain)
}
