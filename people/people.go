// Package people knows who belongs to the team: addresses, calendars, switches and
// credentials. It answers the four questions that every front-end asks: whose
// address is this, may they log in, when do they work, and how does a moment read
// in their zone.
//
// Invariants:
//   - A Person is a snapshot that never changes. The Directory swaps the whole set
//     at once; who holds a Person keeps a consistent view of it.
//   - Wall time, zone names and country codes are stored; instants and the dates of
//     holidays are computed when they are asked for.
//   - A profile that cannot be read makes its person reachable at any time and is
//     reported; it never stops mail, theirs or anybody's.
//   - Passwords exist as argon2id strings only. None is ever logged or put into an
//     error or an event.
//
// It is not responsible for what waits because of a calendar (queue, inbox), nor
// for the wording of letters (digest).
package people

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/store"
)

// A Person is one team member as of one version of the directory. Its fields must
// not be changed.
type Person struct {
	ID      int64
	Name    string
	Address mail.Address   // the primary one, lower-case
	Aliases []mail.Address // the others, lower-case
	Profile Profile
	Active  bool // false once removed: no mail, no login
	Created time.Time
	Frozen  bool // logs in nowhere and sends nothing; mail to them is filed

	row      store.Person // as stored, to see what changed
	schedule atomic.Pointer[yearSchedule]
}

// A yearSchedule is a compiled calendar with the holidays around one year.
type yearSchedule struct {
	year     int
	schedule *scheduler.Schedule
}

// Schedule returns the compiled calendar of the person, with the holidays of
// their countries from the year before now to three years after: every answer
// within the horizon of 400 days stands on known holidays, whenever the process
// was started.
func (p *Person) Schedule(now time.Time) *scheduler.Schedule {
	year := now.UTC().Year()
	if cached := p.schedule.Load(); cached != nil && (cached.year == year || len(p.Profile.HolidayCountries) == 0) {
		return cached.schedule
	}
	s, err := scheduler.Compile(p.Profile.calendarAround(year))
	if err != nil {
		// The profile compiled when the person was loaded, so this is zone data that
		// went away under the running process. In doubt, deliver.
		s = alwaysOpen()
	}
	p.schedule.Store(&yearSchedule{year: year, schedule: s})
	return s
}

// Zone returns the person's time zone, with the days they spend in others in it: what it
// shows at an instant is what the clock on their wall shows then.
func (p *Person) Zone() *time.Location {
	if cached := p.schedule.Load(); cached != nil && len(p.Profile.Calendar.Stays) > 0 {
		return cached.schedule.Zone()
	}
	zone, err := p.Profile.Calendar.Location()
	if err != nil {
		return time.UTC
	}
	return zone
}

// ZoneName returns the name of the zone the person is in at t.
func (p *Person) ZoneName(t time.Time) string { return scheduler.ZoneNameAt(p.Zone(), t) }

// HasAddress reports whether a, without a plus tag, belongs to the person: it may
// then stand in From.
func (p *Person) HasAddress(a mail.Address) bool {
	base, _ := a.Tag()
	for _, own := range append([]mail.Address{p.Address}, p.Aliases...) {
		if own.Key() == a.Key() || own.Key() == base.Key() {
			return true
		}
	}
	return false
}

// FirstName is the first word of the name, for lines such as "Waits until Tue
// 09:00 for Mei."; the local part of the address if there is no name.
func (p *Person) FirstName() string {
	if words := strings.Fields(p.Name); len(words) > 0 {
		return words[0]
	}
	return p.Address.Local
}

// newPerson reads a stored person. On an error the person is returned too, with a
// profile that lets everything through.
func newPerson(row store.Person) (*Person, error) {
	p := &Person{ID: row.ID, Name: row.Name, Address: parseAddress(row.Address), Active: row.Active, Created: row.Created, Frozen: row.Frozen, row: row}
	for _, a := range row.Aliases {
		p.Aliases = append(p.Aliases, parseAddress(a))
	}
	profile, err := DecodeProfile(row.Profile)
	if err == nil {
		_, err = scheduler.Compile(profile.calendarAround(1))
	}
	if err != nil {
		p.Profile = Profile{Calendar: openCalendar()}
		return p, err
	}
	p.Profile = profile
	return p, nil
}

// sameRow reports whether nothing of a stored person changed.
func sameRow(a, b store.Person) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Address == b.Address && a.Password == b.Password &&
		a.Active == b.Active && a.Frozen == b.Frozen && a.PasswordTurn == b.PasswordTurn && slices.EqualFunc(a.AppPasswords, b.AppPasswords, sameAppPassword) && slices.Equal(a.Aliases, b.Aliases) && string(a.Profile) == string(b.Profile)
}

// sameAppPassword does not look at when it was used: that changes nothing.
func sameAppPassword(a, b store.AppPassword) bool {
	return a.ID == b.ID && a.Hash == b.Hash && a.Kind == b.Kind && a.Name == b.Name
}

// parseAddress splits a stored address; the store holds none that lack a domain.
func parseAddress(s string) mail.Address {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return mail.Address{Local: s}
	}
	return mail.Address{Local: s[:i], Domain: s[i+1:]}
}

// openCalendar is at work at every instant and has no tides.
func openCalendar() scheduler.Calendar {
	var week scheduler.Week
	for day := range week {
		week[day] = []scheduler.Interval{{Start: 0, End: 24 * 60}}
	}
	return scheduler.Calendar{Zone: "UTC", Hours: week}
}

func alwaysOpen() *scheduler.Schedule {
	s, err := scheduler.Compile(openCalendar())
	if err != nil {
		panic("people: the calendar that is always open does not compile: " + err.Error())
	}
	return s
}
