package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	maxReminders   = 100
	pointerForever = 400 * 24 * time.Hour
	// noOpening is when a reminder comes back to a person who is never at work.
	noOpening = 9 * time.Hour
)

// RemindAt is when mail that is put into a Remind me folder at now comes back: at the
// person's first opening from tomorrow, from next Monday, or from the first day of
// next week on, in their zone.
func RemindAt(kind store.Kind, p *people.Person, now time.Time) time.Time {
	s := p.Schedule(now)
	today := scheduler.DateOf(now.In(s.Zone()))
	day := today.AddDays(1)
	switch kind {
	case store.KindRemindMonday:
		day = next(today, time.Monday)
	case store.KindRemindWeek:
		day = next(today, firstWeekday(p.Profile.Calendar.Hours))
	}
	midnight := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC)
	begin := scheduler.WallOf(midnight).Instant(s.Zone()).At
	if at, ok := s.NextOpening(begin); ok {
		return at
	}
	return scheduler.WallOf(midnight.Add(noOpening)).Instant(s.Zone()).At
}

// next is the first such weekday after today.
func next(today scheduler.Date, day time.Weekday) scheduler.Date {
	ahead := (int(day) - int(today.Weekday()) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return today.AddDays(ahead)
}

// firstWeekday is the day on which a person's week begins: the first one with hours
// after a day without, looking from Saturday on, as weeks begin in different places.
func firstWeekday(week scheduler.Week) time.Weekday {
	for _, day := range []time.Weekday{time.Saturday, time.Sunday, time.Monday} {
		before := (day + 6) % 7
		if len(week[day]) > 0 && len(week[before]) == 0 {
			return day
		}
	}
	return time.Monday
}

// Remind moves an entry into one of the Remind me folders and returns it there. It
// comes back to INBOX on its own.
func (b *Inbox) Remind(tx *store.Tx, p *people.Person, e store.Entry, kind store.Kind, now time.Time) (store.Entry, error) {
	at := RemindAt(kind, p, now)
	if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
		return store.Entry{}, err
	}
	out := store.Entry{MessageID: e.MessageID, InternalDate: now, Flags: e.Flags &^ store.Deleted, Keywords: e.Keywords, Remind: at}
	if err := b.add(tx, p.ID, kind, &out); err != nil {
		return out, err
	}
	tx.AfterCommit(func() { b.expect(at) })
	return out, nil
}

// remindDue brings back what is due.
func (b *Inbox) remindDue(ctx context.Context, now time.Time) error {
	var due []store.Entry
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueReminders(now, maxReminders)
		return err
	})
	errs := []error{err}
	for _, e := range due {
		err := b.db.Update(ctx, func(tx *store.Tx) error { return b.bringBack(tx, e, now) })
		if err != nil && !errors.Is(err, store.ErrNotFound) { // Moved meanwhile by its reader.
			errs = append(errs, fmt.Errorf("bring back entry %d: %w", e.ID, err))
		}
	}
	return errors.Join(errs...)
}

// bringBack puts a message on top of INBOX, unread, with a pointer in its thread:
// many clients sort by the Date field, and the old mail would sink to its old place.
func (b *Inbox) bringBack(tx *store.Tx, e store.Entry, now time.Time) error {
	box, err := tx.Mailbox(e.MailboxID)
	if err != nil {
		return err
	}
	p, ok := b.dir.ByID(box.PersonID)
	if !ok {
		return fmt.Errorf("person %d: %w", box.PersonID, store.ErrNotFound)
	}
	s := p.Schedule(now)
	if now.Sub(e.Remind) > lateAfter && !s.Working(now) {
		if at, ok := s.NextOpening(now); ok { // Missed in an outage: not by night.
			return tx.SetRemind(e, at)
		}
	}
	m, err := tx.Message(e.MessageID)
	if err != nil {
		return err
	}
	if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
		return err
	}
	back := store.Entry{MessageID: e.MessageID, InternalDate: now, Flags: e.Flags &^ (store.Seen | store.Deleted), Keywords: e.Keywords}
	if err := b.add(tx, p.ID, store.KindInbox, &back); err != nil {
		return err
	}
	if err := b.point(tx, p, m, e, now); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventReminded, PersonID: p.ID, MessageID: m.ID})
}

// A pointerNote is what is remembered of a pointer.
type pointerNote struct {
	About string `json:"about"` // Message-ID of the mail that came back
}

func (b *Inbox) point(tx *store.Tx, p *people.Person, m store.Message, e store.Entry, now time.Time) error {
	h := mail.ParseHeader(m.Head)
	from := "somebody"
	if list := h.Addresses("From"); len(list) > 0 {
		from = list[0].String()
	}
	about := digest.About{Subject: h.Text("Subject"), MID: m.MID}
	asked := people.Day(e.InternalDate, p.Zone(), now)
	_, mid, err := b.Put(tx, p, store.KindInbox, b.letters.Reminder(reader(p), about, from, asked), now.Add(time.Second))
	if err != nil || m.MID == "" {
		return err
	}
	return remember(tx, mid, p.ID, noteReminder, pointerNote{About: m.MID}, now)
}

// Answered drops the pointers to mail that the person has answered; the queue calls
// it with the ids a submitted message answers.
func (b *Inbox) Answered(tx *store.Tx, person int64, answered []string, now time.Time) error {
	if len(answered) == 0 {
		return nil
	}
	notes, err := tx.NotesSince(person, noteReminder, now.Add(-pointerForever))
	if err != nil || len(notes) == 0 {
		return err
	}
	box, err := tx.MailboxByKind(person, store.KindInbox)
	if err != nil {
		return err
	}
	for _, n := range notes {
		var d pointerNote
		if json.Unmarshal(n.Detail, &d) != nil || !slices.Contains(answered, d.About) {
			continue
		}
		entries, err := tx.EntriesByMID(box.ID, n.MID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := tx.RemoveEntry(e, store.GoneReplaced, now); err != nil {
				return err
			}
		}
	}
	return nil
}
