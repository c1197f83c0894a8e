// Package commands reads what people write to Tidepost about their own settings:
// "away 3-14 Aug, cover Tom", "could you pause until 3pm?". It knows neither people nor
// their settings: it turns text into commands whose dates, times and places are sure, or
// says which commands the text may have meant.
//
// Invariants:
//   - Nothing is guessed. A command counts only if every word of its sentence was
//     understood; a word too many, a denial, a condition, a date that can be two days,
//     and the sentence comes back.
//   - Only the writer's own new words count: not quotations, signatures, forwarded mail.
//   - Typing errors are forgiven in the words of commands, never in names, places or
//     numbers.
//   - Work is bounded by Limit, whatever the text.
//
// It does not decide whether a name is somebody's, and changes nothing: see queue.
package commands

import (
	"strings"
	"time"

	"tidepost/scheduler"
)

// A Kind is what a command is about.
type Kind string

// The kinds.
const (
	Away       Kind = "away"
	Cover      Kind = "cover"
	Stay       Kind = "stay" // in another time zone for some days
	Zone       Kind = "zone" // for good
	Pause      Kind = "pause"
	Resume     Kind = "resume"
	Release    Kind = "release"
	Always     Kind = "always"
	Never      Kind = "never"
	Advise     Kind = "advise"
	Deliveries Kind = "deliveries"
	Focus      Kind = "focus"
	Office     Kind = "office"
	Hours      Kind = "hours"
	Holidays   Kind = "holidays"
	Coach      Kind = "coach"
	Hold       Kind = "hold"
	Batch      Kind = "batch"
	Digests    Kind = "digests"
	Settings   Kind = "settings"
	Help       Kind = "help"
	Report     Kind = "report"
	Why        Kind = "why"
	Phone      Kind = "phone"
	Name       Kind = "name"
	Password   Kind = "password"
	Vacation   Kind = "vacation" // what people outside are told meanwhile
	Undo       Kind = "undo"
)

// Kinds lists them in the order in which help explains them.
func Kinds() []Kind {
	return []Kind{Away, Cover, Vacation, Stay, Zone, Pause, Resume, Release, Always, Never, Advise, Deliveries, Digests, Focus, Office, Hours, Holidays,
		Hold, Batch, Coach, Phone, Name, Settings, Report, Why, Undo, Help, Password}
}

// A Command is one thing that somebody wants.
type Command struct {
	Kind Kind
	Text string // the words it was read from

	First, Last scheduler.Date  // Away, Stay: both included
	Until       *scheduler.Wall // Pause: a time on the writer's clock
	Day         scheduler.Date  // Pause: until this day's opening
	Zone        string          // Stay, Zone: of the tz database
	Who         string          // Cover, Away (the cover), Always, as written: a name, an address, a domain
	Off         bool            // Away, Stay, Cover, Always, Phone: taken back, none
	Value       string          // Never, Advise: a policy; Hold, Batch, Coach: off, on, dry-run, team; Digests: tide, day, off;
	// Vacation: the text, off, default, or "" to have it shown; Why: a Message-ID, "#3", or a subject in quotes;
	// Deliveries, Focus, Office, Hours, Holidays: as people.Fields are written; Phone, Name
}

// String is a short form of what was understood: "away 2026-08-03..2026-08-14 cover=Tom".
func (c Command) String() string {
	words := []string{string(c.Kind)}
	add := func(s string) {
		if s != "" {
			words = append(words, s)
		}
	}
	switch {
	case c.Off && c.Kind == Always:
		add("-")
	case c.Off && (c.Kind == Away || c.Kind == Stay):
		add("off")
	case c.Off:
		add("none")
	}
	add(c.Zone)
	if !c.First.IsZero() {
		add(c.First.String() + ".." + c.Last.String())
	}
	if c.Until != nil {
		add(strings.TrimSuffix(c.Until.String(), ":00"))
	}
	if !c.Day.IsZero() {
		add(c.Day.String())
	}
	if c.Who != "" && c.Kind == Away {
		add("cover=" + c.Who)
	} else {
		add(c.Who)
	}
	add(c.Value)
	return strings.Join(words, " ")
}

// A Back is a sentence that was not understood, with why, if that can be told, and the
// commands it may have meant, the nearest first.
type Back struct {
	Text    string
	Why     string // "4/5 can be 4 May or 5 April"; "" if nothing more is known
	Nearest []Kind
	Chatter bool // nothing in it reminds of a command
	tried   Kind // whose words it began with
}

// A Reading is what a mail to Tidepost says. Commands are to be done in their order. If
// there are none and Back is empty, the mail said nothing at all.
type Reading struct {
	Commands []Command
	Back     []Back
}

// Input is a mail to Tidepost.
type Input struct {
	Subject  string
	Text     string    // new words, as far as the caller could tell them
	Now      time.Time // in the zone of the writer
	Policies []string  // of the coach, which never and advise may name
	Letter   string    // Text with its closing words, for texts that are taken as they stand; "": Text
	Author   string    // name of the writer: a line of its own with it begins the signature
}

// Limit is how much of a text is read, in octets: nobody writes more to a program.
const Limit = 4000
