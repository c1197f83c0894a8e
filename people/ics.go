package people

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"tidepost/scheduler"
)

// Limits of an .ics file. Anybody may have written it.
const (
	maxICS         = 256 << 10
	maxICSLine     = 8 << 10 // of the properties that are read; others are skipped
	maxICSDepth    = 4
	maxOccurrences = 1000
	icsHorizon     = 800 // days after the first date that is looked at
)

// A DayOff is an all-day event of an .ics file.
type DayOff struct {
	Name        string
	First, Last scheduler.Date // both included
}

// An ICS is what ReadICS found.
type ICS struct {
	Days []DayOff // in order
	// Skipped says in words what was left out and why: events with a time of day,
	// cancelled ones, ones outside of the horizon.
	Skipped []string
}

// ReadICS reads the all-day events of an iCalendar file (RFC 5545) that touch the
// 800 days from the date from on. Yearly events are repeated; any other repetition
// is an error, because half of a calendar would be believed to be all of it.
// Zones in the file are not looked at: a day off is a date.
func ReadICS(r io.Reader, from scheduler.Date) (ICS, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxICS+1))
	if err != nil {
		return ICS{}, fmt.Errorf("read .ics: %w", err)
	}
	if len(data) > maxICS {
		return ICS{}, fmt.Errorf("read .ics: the file is larger than %d KiB", maxICS>>10)
	}
	sieved, err := sieveICS(data)
	if err != nil {
		return ICS{}, fmt.Errorf("read .ics: %w", err)
	}
	parsed, err := ical.ParseCalendar(bytes.NewReader(sieved))
	if err != nil {
		return ICS{}, fmt.Errorf("read .ics: %w", err)
	}
	out := icsReader{from: from, until: from.AddDays(icsHorizon)}
	for _, e := range parsed.Events() {
		if err := out.event(e); err != nil {
			return ICS{}, fmt.Errorf("read .ics: event %q: %w", out.name(e), err)
		}
	}
	slices.SortStableFunc(out.Days, func(a, b DayOff) int { return compareDates(a.First, b.First) })
	return out.ICS, nil
}

// icsKept are the lines that the library gets to see. It spends time and memory on
// each parameter in proportion to the line, and nests without a limit: 256 KiB of
// parameters on one line would take it gigabytes.
func icsKept(name string) bool {
	return slices.Contains([]string{"BEGIN", "END", "DTSTART", "DTEND", "DURATION", "SUMMARY", "STATUS",
		"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"}, name)
}

// sieveICS unfolds lines (RFC 5545 §3.1), drops what is not read and refuses what
// is out of measure.
func sieveICS(data []byte) ([]byte, error) {
	var out bytes.Buffer
	depth := 0
	emit := func(line []byte) error {
		name := strings.ToUpper(string(line[:min(bytes.IndexAny(append(line[:len(line):len(line)], ':'), ":;"), 32)]))
		if !icsKept(name) {
			return nil
		}
		if len(line) > maxICSLine {
			if name == "SUMMARY" {
				return nil
			}
			return fmt.Errorf("a %s line is longer than %d octets", name, maxICSLine)
		}
		switch name {
		case "BEGIN":
			if depth++; depth > maxICSDepth {
				return errors.New("components are nested too deeply")
			}
		case "END":
			depth--
		}
		rest := line[len(name):]
		if name == "BEGIN" || name == "END" || name == "STATUS" || name == "RRULE" {
			rest = bytes.ToUpper(rest) // The library compares octets; RFC 5545 §3.1.2 does not.
		}
		out.WriteString(name)
		out.Write(rest)
		out.WriteString("\r\n")
		return nil
	}
	var line []byte
	sc := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	sc.Buffer(nil, maxICS+1)
	for sc.Scan() {
		text := bytes.TrimSuffix(sc.Bytes(), []byte("\r"))
		if len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			line = append(line, text[1:]...)
			continue
		}
		if err := emit(line); err != nil {
			return nil, err
		}
		line = append(line[:0], text...)
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	if err := emit(line); err != nil {
		return nil, err
	}
	switch {
	case !bytes.HasPrefix(out.Bytes(), []byte("BEGIN:VCALENDAR\r\n")):
		return nil, errors.New("this is not an iCalendar file")
	case depth != 0:
		return nil, errors.New("the file ends in the middle of a calendar")
	}
	return out.Bytes(), nil
}

// An icsReader collects the events of one file.
type icsReader struct {
	ICS
	from, until scheduler.Date
	occurrences int
}

func (r *icsReader) name(e *ical.VEvent) string {
	name := "without a name"
	if p := e.GetProperty(ical.ComponentPropertySummary); p != nil && strings.TrimSpace(p.Value) != "" {
		name = strings.TrimSpace(p.Value)
	}
	name = strings.ToValidUTF8(name, "\uFFFD")
	if runes := []rune(name); len(runes) > 80 {
		name = string(runes[:80]) + "…"
	}
	return name
}

func (r *icsReader) skip(e *ical.VEvent, why string) {
	if len(r.Skipped) < maxOccurrences {
		r.Skipped = append(r.Skipped, fmt.Sprintf("%q: %s", r.name(e), why))
	}
}

// event adds the occurrences of one event.
func (r *icsReader) event(e *ical.VEvent) error {
	if p := e.GetProperty(ical.ComponentPropertyStatus); p != nil && p.Value == "CANCELLED" {
		r.skip(e, "is cancelled")
		return nil
	}
	start := e.GetProperty(ical.ComponentPropertyDtStart)
	if start == nil {
		return errors.New("has no DTSTART")
	}
	first, allDay := icsDate(start.Value)
	if !allDay {
		r.skip(e, "is not all-day")
		return nil
	}
	days, err := icsLength(e, first)
	if err != nil {
		return err
	}
	dates, err := r.repeated(e, first)
	if err != nil {
		return err
	}
	before := len(r.Days)
	for _, d := range dates {
		last := d.AddDays(days - 1)
		if last.Before(r.from) || !d.Before(r.until) {
			continue
		}
		if r.occurrences += days; r.occurrences > maxOccurrences {
			return fmt.Errorf("the file has more than %d days off", maxOccurrences)
		}
		r.Days = append(r.Days, DayOff{Name: r.name(e), First: d, Last: last})
	}
	if len(r.Days) == before {
		r.skip(e, fmt.Sprintf("has no day from %s to %s", r.from, r.until.AddDays(-1)))
	}
	return nil
}

// icsDate reads a DATE value (RFC 5545 §3.3.4); false if it is something else.
func icsDate(s string) (scheduler.Date, bool) {
	t, err := time.Parse("20060102", strings.TrimSpace(s))
	if err != nil || t.Year() < 1 {
		return scheduler.Date{}, false
	}
	return scheduler.DateOf(t), true
}

// icsLength returns the length of an all-day event: its DTEND is not included
// (RFC 5545 §3.6.1), and without one it is a day.
func icsLength(e *ical.VEvent, first scheduler.Date) (int, error) {
	days := 1
	if p := e.GetProperty(ical.ComponentPropertyDtEnd); p != nil {
		end, ok := icsDate(p.Value)
		if !ok {
			return 0, errors.New("DTSTART is a date, DTEND is not")
		}
		for days = 0; days <= maxOccurrences && first.AddDays(days).Before(end); {
			days++
		}
		days = max(days, 1) // Some programs write the same day twice.
	} else if p := e.GetProperty(ical.ComponentProperty(ical.PropertyDuration)); p != nil {
		var err error
		if days, err = icsDays(p.Value); err != nil {
			return 0, err
		}
	}
	if days > maxOccurrences {
		return 0, fmt.Errorf("is longer than %d days", maxOccurrences)
	}
	return days, nil
}

// icsDays reads a DURATION of whole days or weeks, the only ones allowed beside a
// date (RFC 5545 §3.6.1).
func icsDays(s string) (int, error) {
	number, unit := strings.TrimPrefix(s, "P"), 0
	switch {
	case strings.HasSuffix(number, "D"):
		number, unit = strings.TrimSuffix(number, "D"), 1
	case strings.HasSuffix(number, "W"):
		number, unit = strings.TrimSuffix(number, "W"), 7
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || unit == 0 || n == 0 {
		return 0, fmt.Errorf("DURATION %q is not in days", s)
	}
	return int(n) * unit, nil
}
