package people

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/scheduler"
)

// profileVersion is the version of the stored form. A newer one is refused: this
// program would lose what it does not know.
const profileVersion = 1

// A Switch is a person's own setting of hold, batch or coach.
type Switch string

// The settings: Team leaves it to the team's configuration.
const (
	Team   Switch = ""
	Off    Switch = "off"
	DryRun Switch = "dry-run"
	On     Switch = "on"
)

// Or returns the person's setting, or the team's if the person has none.
func (s Switch) Or(team Switch) Switch {
	if s == Team {
		return team
	}
	return s
}

// A CoachMode is how a person gets advice on a draft.
type CoachMode string

// The modes there are.
const (
	Advise   CoachMode = "advise" // accepted, with advice beside it; leaves by itself
	Stop     CoachMode = "stop"   // refused once; the same mail again passes
	CoachOff CoachMode = "off"    // none
)

// Or returns the mode, advise if the person chose none.
func (m CoachMode) Or(otherwise CoachMode) CoachMode {
	if m == "" {
		return otherwise
	}
	return m
}

// A Style is how batched mail arrives: "" leaves it to the team's configuration.
type Style string

// The styles there are.
const (
	StyleTeam   Style = ""
	StyleNormal Style = "normal"
	StyleQuiet  Style = "quiet" // only the digest and questions to the reader arrive unread
)

// A Pace is how often a digest may come: "" leaves it to the team's configuration.
type Pace string

// The paces there are.
const (
	PaceTeam Pace = ""
	PaceTide Pace = "tide" // with every tide that has something to tell
	PaceDay  Pace = "day"  // once a day
	PaceOff  Pace = "off"  // never
)

// A Mailbox is where a person reads their mail.
type Mailbox string

// The mailboxes there are.
const (
	MailboxStore Mailbox = ""     // Tidepost's own
	MailboxIMAP  Mailbox = "imap" // an account at a provider, which Tidepost tends
)

// Words in Profile.Tides beside times of day.
const (
	tideOpening = "opening" // the first opening of the day
	tideDefault = "default" // opening, 13:00 and 16:00, as far as they lie in the hours
)

// A Profile is what a person says of their work, stored as JSON with the person.
type Profile struct {
	// Calendar as written: holidays by country are not in it, and its Tides are
	// empty; see Tides.
	Calendar scheduler.Calendar `json:"calendar"`

	// HolidayCountries are codes of Countries, "gb" or "de-by". Their dates are
	// computed; an entry of Calendar.Holidays for the same date takes precedence.
	HolidayCountries []string `json:"holiday_countries,omitempty"`

	// Tides are times of day "HH:MM", "opening", or "default" alone. Empty: no tides,
	// mail comes when it comes. They are rules, not times, because they follow the
	// hours.
	Tides []string `json:"tides,omitempty"`

	Phone string `json:"phone,omitempty"`
	Hold  Switch `json:"hold,omitempty"`
	Batch Switch `json:"batch,omitempty"`
	Coach Switch `json:"coach,omitempty"`

	// CoachMode is how advice comes; "" is advise.
	CoachMode CoachMode `json:"coach_mode,omitempty"`

	// CoachPolicies are the person's own settings of single policies of the coach, by
	// name; what is missing is as the team has it.
	CoachPolicies map[string]Switch `json:"coach_policies,omitempty"`

	Style Style `json:"style,omitempty"`

	// Digests is how often a digest may come.
	Digests Pace `json:"digests,omitempty"`

	// Inbox is where the person reads their mail.
	Inbox Mailbox `json:"inbox,omitempty"`

	// Quota is how many octets the person may keep, 0 without end; nil: the team's.
	Quota *int64 `json:"quota,omitempty"`

	// UrgentBudget is the number of urgent mails a month; nil: the team's.
	UrgentBudget *int `json:"urgent_budget,omitempty"`

	// Cover is the address of who answers during leave; "" nobody.
	Cover string `json:"cover,omitempty"`

	// Vacation is what people outside are told during leave, VacationOff nothing, "" a
	// sentence of Tidepost's. {back} is the day of return, {cover} the name of who stands in.
	Vacation string `json:"vacation,omitempty"`

	// SecondAddress is where the person is told what must not go into their mailbox: it
	// is outside the team. "": nowhere.
	SecondAddress string `json:"second_address,omitempty"`

	// Pass lists senders that are always delivered at once: addresses or "@domain",
	// lower-case.
	Pass []string `json:"pass,omitempty"`

	// UrgentFrom lists senders outside the team whose urgent mail counts as urgent.
	UrgentFrom []string `json:"urgent_from,omitempty"`

	// FirstDigestAt is when the first digest was sent, zero before: during the week
	// after it there is one digest a day.
	FirstDigestAt time.Time `json:"first_digest_at,omitzero"`

	// PausedUntil is until when hold, batch and coach leave the person's new mail alone;
	// what waits keeps its times. Ask Directory.Paused, which knows of the team too.
	PausedUntil time.Time `json:"paused_until,omitzero"`
}

// DefaultProfile is the profile of somebody of whom only the zone is known:
// Monday to Friday 09:00-17:00, default tides, the team's switches.
func DefaultProfile(zone string) Profile {
	var week scheduler.Week
	for day := time.Monday; day <= time.Friday; day++ {
		week[day] = []scheduler.Interval{{Start: 9 * 60, End: 17 * 60}}
	}
	return Profile{Calendar: scheduler.Calendar{Zone: zone, Hours: week}, Tides: []string{tideDefault}}
}

// DecodeProfile reads the stored form.
func DecodeProfile(data []byte) (Profile, error) {
	var stored struct {
		Version int `json:"version"`
		Profile
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	if stored.Version < 1 || stored.Version > profileVersion {
		return Profile{}, fmt.Errorf("read profile: version %d is not known, this program reads 1 to %d", stored.Version, profileVersion)
	}
	if err := stored.Profile.validate(); err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	return stored.Profile, nil
}

// Encode gives the stored form.
func (p Profile) Encode() ([]byte, error) {
	data, err := json.Marshal(struct {
		Version int `json:"version"`
		Profile
	}{profileVersion, p})
	if err != nil {
		return nil, fmt.Errorf("write profile: %w", err)
	}
	return data, nil
}

// Validate reports the first thing that is wrong with p.
func (p Profile) Validate() error {
	for _, code := range p.HolidayCountries {
		if err := CheckCountry(code); err != nil {
			return fmt.Errorf("holidays: %w", err)
		}
	}
	return p.validate()
}

// validate leaves out the countries: a stored profile must not become unreadable
// because the library stopped keeping a country. Its holidays are then missing.
func (p Profile) validate() error {
	if err := p.Calendar.Validate(); err != nil {
		return err
	}
	if _, err := p.clocks(); err != nil {
		return err
	}
	for _, s := range []struct {
		name string
		s    Switch
	}{{"hold", p.Hold}, {"batch", p.Batch}, {"coach", p.Coach}} {
		if !slices.Contains([]Switch{Team, Off, DryRun, On}, s.s) {
			return fmt.Errorf("%s: %q is not off, dry-run or on", s.name, s.s)
		}
	}
	if !slices.Contains([]CoachMode{"", Advise, Stop, CoachOff}, p.CoachMode) {
		return fmt.Errorf("coach mode: %q is not advise, stop or off", p.CoachMode)
	}
	for name, s := range p.CoachPolicies {
		if !slices.Contains([]Switch{Off, DryRun, On}, s) || !isPolicyName(name) {
			return fmt.Errorf("coach policies: %q is not NAME=off, NAME=dry-run or NAME=on", name+"="+string(s))
		}
	}
	if !slices.Contains([]Style{StyleTeam, StyleNormal, StyleQuiet}, p.Style) {
		return fmt.Errorf("style: %q is not normal or quiet", p.Style)
	}
	if !slices.Contains([]Pace{PaceTeam, PaceTide, PaceDay, PaceOff}, p.Digests) {
		return fmt.Errorf("digests: %q is not tide, day or off", p.Digests)
	}
	if !slices.Contains([]Mailbox{MailboxStore, MailboxIMAP}, p.Inbox) {
		return fmt.Errorf("inbox: %q is not store or imap", p.Inbox)
	}
	if p.UrgentBudget != nil && (*p.UrgentBudget < 0 || *p.UrgentBudget > 1000) {
		return fmt.Errorf("urgent budget: %d is not from 0 to 1000", *p.UrgentBudget)
	}
	if p.Quota != nil && *p.Quota < 0 {
		return fmt.Errorf("quota: %d is negative", *p.Quota)
	}
	return nil
}

// calendarAround returns the calendar to compile: tides as times of day, and the
// holidays of the person's countries from the year before year to three years
// after. What the person wrote of a date goes before what a country says.
func (p Profile) calendarAround(year int) scheduler.Calendar {
	c := p.Calendar
	c.Tides, _ = p.clocks() // Checked by Validate.
	written := make(map[scheduler.Date]bool, len(c.Holidays))
	for _, h := range c.Holidays {
		written[h.Date] = true
	}
	c.Holidays = slices.Clone(c.Holidays)
	for _, code := range p.HolidayCountries {
		for y := year - 1; y <= year+3; y++ {
			for _, date := range CountryHolidays(code, y) {
				if !written[date] {
					written[date] = true
					c.Holidays = append(c.Holidays, scheduler.Holiday{Date: date})
				}
			}
		}
	}
	return c
}

// TideClocks are the times of day of the person's tides, in order, each once.
func (p Profile) TideClocks() ([]scheduler.Clock, error) { return p.clocks() }

// clocks turns Tides into times of day, in order, each once.
func (p Profile) clocks() ([]scheduler.Clock, error) {
	var out []scheduler.Clock
	for _, word := range p.Tides {
		switch word {
		case tideDefault:
			if len(p.Tides) > 1 {
				return nil, errors.New(`tides: "default" stands alone`)
			}
			out = append(out, p.defaultTides()...)
		case tideOpening:
			for _, d := range workdays(p.Calendar.Hours) {
				out = append(out, d.opening)
			}
		default:
			c, err := scheduler.ParseClock(word)
			if err != nil || c == 24*60 {
				return nil, fmt.Errorf(`tides: %q is not a time of day "HH:MM", "opening" or "default"`, word)
			}
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// A workday is the shape of a weekday: its first opening and its length in
// minutes to the last closing.
type workday struct {
	opening scheduler.Clock
	length  int
}

// workdays returns the different shapes of the week, in the order of the week.
func workdays(week scheduler.Week) []workday {
	var out []workday
	for _, intervals := range week {
		if len(intervals) == 0 {
			continue
		}
		first, last := 24*60, 0
		for _, iv := range intervals {
			end := int(iv.End)
			if iv.End < iv.Start {
				end += 24 * 60
			}
			first, last = min(first, int(iv.Start)), max(last, end)
		}
		if d := (workday{scheduler.Clock(first), last - first}); !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// defaultTides are the opening, 13:00 and 16:00. A day in which neither 13:00 nor
// 16:00 lies, such as a night shift, has its opening and its middle.
func (p Profile) defaultTides() []scheduler.Clock {
	var out []scheduler.Clock
	for _, d := range workdays(p.Calendar.Hours) {
		out = append(out, d.opening)
		inside := false
		for _, c := range []scheduler.Clock{13 * 60, 16 * 60} {
			if after := (int(c) - int(d.opening) + 24*60) % (24 * 60); after > 0 && after < d.length {
				out = append(out, c)
				inside = true
			}
		}
		if !inside {
			middle := int(d.opening) + d.length/2
			out = append(out, scheduler.Clock(middle/30*30%(24*60)))
		}
	}
	return out
}
