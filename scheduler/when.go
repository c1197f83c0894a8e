package scheduler

import (
	"errors"
	"fmt"
	"time"
)

// A When is an explicit send time as its author meant it.
type When struct {
	At      time.Time // UTC, never before the time it was counted from
	Wall    Wall      // the wall time asked for (WhenClock), else what the author's clock shows at At
	Kind    WhenKind
	Day     Date // the date asked for; for WhenOpening, At may lie on a later one
	Gap     bool // the time asked for is skipped by the clocks: At is just after
	Overlap bool // the time asked for comes twice: At is the first
}

// A WhenKind says how At follows from the wish, and so how it is computed anew
// when the zone data changes.
type WhenKind string

const (
	WhenClock   WhenKind = "clock"   // Wall in the author's zone
	WhenOpening WhenKind = "opening" // the first opening from the begin of Day on
	WhenElapsed WhenKind = "elapsed" // a span after the Date of the mail: At is fixed
)

// defaultHour is the time of a date without time if no schedule is known.
const defaultHour = 9

// ParseWhen reads an explicit send time, as in the subject tag [send Fri 9am]
// (text is what stands in the brackets, with or without "send") or in the
// plus-tag of mei+fri9am@. It is counted from from, the Date of the mail, on the
// clock of zone, the author's. The grammar, in any case, spaces as you like:
//
//	in 2h · 45 min · in 1h30m · in 3 days · in 2 weeks
//	9am · 9:15pm · 14:30 · 1430 · noon                        (today, or tomorrow if past)
//	today · tomorrow · Fri · next week · next week Wed        (first opening)
//	24 Dec · Dec 24 2026 · Thu 24 Dec · 2026-12-24            (first opening)
//	day and time together, in either order, with "on" and "at"
//
// A day without time is the first opening of sched from the begin of that day
// on, or 9:00 if sched is nil. The weekday of today means today if that is still
// to come, else in a week. "Next week" is its Monday. Everything else, a time in
// the past and one more than 400 days ahead are errors, never a guess.
func ParseWhen(text string, from time.Time, zone *time.Location, sched *Schedule) (When, error) {
	w, err := readWish(text)
	if err != nil {
		return When{}, fmt.Errorf("send time %q: %w", shortened(text), err)
	}
	from = instantOf(seconds(from))
	c := counter{from: from, today: WallOf(from.In(zone)), zone: zone, sched: sched}
	when, err := c.resolve(w)
	if err == nil && when.At.Sub(from) > horizon*time.Second {
		err = errors.New("is more than 400 days ahead")
	}
	if err != nil {
		return When{}, fmt.Errorf("send time %q: %w", shortened(text), err)
	}
	return when, nil
}

var (
	errPast      = errors.New("is in the past")
	errNoOpening = errors.New("no working hours within 400 days")
)

// A counter turns a wish into an instant, counted from a mail.
type counter struct {
	from  time.Time
	today Wall // from on the author's clock
	zone  *time.Location
	sched *Schedule
}

func (c counter) resolve(w wish) (When, error) {
	switch {
	case w.elapsed > 0:
		at := c.from.Add(w.elapsed)
		wall := WallOf(at.In(c.zone))
		return When{At: at, Wall: wall, Kind: WhenElapsed, Day: wall.Date}, nil
	case w.days > 0:
		if !w.hasTime {
			w.hour, w.minute, w.second, w.hasTime = c.today.Hour, c.today.Minute, c.today.Second, true
		}
		return c.on(c.today.Date.AddDays(w.days), w)
	case w.nextWeek:
		return c.on(c.nextWeek(w), w)
	case w.month != 0:
		return c.onDate(w)
	case w.today:
		return c.onToday(w)
	case w.tomorrow:
		return c.on(c.today.Date.AddDays(1), w)
	case w.hasWeekday:
		ahead := (int(w.weekday) - int(c.today.Date.Weekday()) + 7) % 7
		when, err := c.on(c.today.Date.AddDays(ahead), w)
		if errors.Is(err, errPast) {
			return c.on(c.today.Date.AddDays(ahead+7), w)
		}
		return when, err
	}
	when, err := c.on(c.today.Date, w) // A time alone.
	if errors.Is(err, errPast) {
		return c.on(c.today.Date.AddDays(1), w)
	}
	return when, err
}

// on resolves the time of the wish on a date, or its first opening.
func (c counter) on(day Date, w wish) (When, error) {
	if !w.hasTime && c.sched != nil {
		return c.opening(day, Wall{Date: day}.Instant(c.zone).At)
	}
	wall := Wall{day, w.hour, w.minute, w.second}
	if !w.hasTime {
		wall.Hour = defaultHour
	}
	r := wall.Instant(c.zone)
	if r.At.Before(c.from) {
		return When{}, errPast
	}
	return When{At: r.At, Wall: wall, Kind: WhenClock, Day: day, Gap: r.Gap, Overlap: r.Overlap}, nil
}

func (c counter) opening(day Date, earliest time.Time) (When, error) {
	at, ok := c.sched.NextOpening(earliest)
	if !ok {
		return When{}, errNoOpening
	}
	if at.Before(c.from) {
		return When{}, errPast
	}
	return When{At: at, Wall: WallOf(at.In(c.zone)), Kind: WhenOpening, Day: day}, nil
}

// onToday lets "today" without time be the next opening of today, not only the
// first.
func (c counter) onToday(w wish) (When, error) {
	day := c.today.Date
	if w.hasTime || c.sched == nil {
		return c.on(day, w)
	}
	when, err := c.opening(day, c.from)
	if err == nil && when.Wall.Date != day {
		return When{}, errors.New("there is no opening left today")
	}
	return when, err
}

// nextWeek returns the Monday of next week, or its weekday of the wish.
func (c counter) nextWeek(w wish) Date {
	monday := 7 - (int(c.today.Date.Weekday())+6)%7
	if w.hasWeekday {
		monday += (int(w.weekday) + 6) % 7
	}
	return c.today.Date.AddDays(monday)
}

// justPassed: a date without year that would come in more than this many days,
// but for the turn of the year, is one that has just passed.
const justPassed = 300

func (c counter) onDate(w wish) (When, error) {
	years := []int{w.year}
	if w.year == 0 {
		years = []int{c.today.Date.Year, c.today.Date.Year + 1}
	}
	err := errors.New("there is no such date")
	for i, year := range years {
		day := Date{year, w.month, w.day}
		if !day.valid() {
			continue
		}
		if i > 0 && day.number()-c.today.Date.number() > justPassed {
			break
		}
		if w.hasWeekday && day.Weekday() != w.weekday {
			err = fmt.Errorf("%s is a %s", day, day.Weekday())
			continue
		}
		when, onErr := c.on(day, w)
		if onErr == nil {
			return when, nil
		}
		err = onErr
	}
	return When{}, err
}
