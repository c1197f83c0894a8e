package scheduler

import (
	"fmt"
	"math"
	"time"
)

// A Wall is a local date and time of day without zone: what a person means. It
// becomes an instant only with a zone, and anew whenever the zone data changes.
type Wall struct {
	Date                 Date
	Hour, Minute, Second int
}

const wallLayout = "2006-01-02T15:04:05"

// ParseWall reads YYYY-MM-DDTHH:MM:SS.
func ParseWall(text string) (Wall, error) {
	t, err := time.Parse(wallLayout, text)
	if err != nil || t.Nanosecond() != 0 {
		return Wall{}, fmt.Errorf("%q is not a wall time (want YYYY-MM-DDTHH:MM:SS)", text)
	}
	return WallOf(t), nil
}

// WallOf returns what the clock of t's own location shows.
func WallOf(t time.Time) Wall {
	h, m, s := t.Clock()
	return Wall{DateOf(t), h, m, s}
}

// String gives YYYY-MM-DDTHH:MM:SS.
func (w Wall) String() string {
	return fmt.Sprintf("%sT%02d:%02d:%02d", w.Date, w.Hour, w.Minute, w.Second)
}

// MarshalText gives YYYY-MM-DDTHH:MM:SS.
func (w Wall) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads YYYY-MM-DDTHH:MM:SS.
func (w *Wall) UnmarshalText(text []byte) (err error) {
	*w, err = ParseWall(string(text))
	return err
}

// Resolved is the instant of a wall time and what the clocks did there.
type Resolved struct {
	At      time.Time // UTC
	Gap     bool      // never shown: At is the first instant after the gap
	Overlap bool      // shown twice: At is the first of the two
}

// Instant returns the instant of w in zone by rule 1.3. time.Date is not used
// for it: in a gap it answers with an earlier or a later time, by zone.
func (w Wall) Instant(zone *time.Location) Resolved {
	clock := newLocalClock(zone)
	local := w.Date.number()*daySeconds + int64(w.Hour)*3600 + int64(w.Minute)*60 + int64(w.Second)
	at, gap, overlap := clock.resolve(local)
	return Resolved{At: instantOf(at), Gap: gap, Overlap: overlap}
}

// Instants are reckoned in seconds of Unix time within the years 1 to 9999, so
// that no sum of them overflows.
const (
	minInstant = -62135596800
	maxInstant = 253402300799
)

func seconds(t time.Time) int64 { return min(max(t.Unix(), minInstant), maxInstant) }

func instantOf(sec int64) time.Time { return time.Unix(sec, 0).UTC() }

// maxSpan bounds every wait that a caller may ask for: ten years.
const maxSpan = 3660 * daySeconds

// wait turns a duration into whole seconds from 0 to maxSpan.
func wait(d time.Duration) int64 {
	return min(max(int64(d/time.Second), 0), maxSpan)
}

// A localClock is the clock on the wall of a zone. It remembers the period of
// constant offset it was last asked for, as questions come in clusters; it is
// made anew for each question and so needs no lock.
type localClock struct {
	zone       *time.Location
	start, end int64 // the remembered period is [start, end)
	offset     int64 // seconds east of UTC in it
}

func newLocalClock(zone *time.Location) localClock {
	return localClock{zone: zone, start: math.MaxInt64, end: math.MinInt64}
}

// offsetAt returns the offset at the instant u.
func (c *localClock) offsetAt(u int64) int64 {
	if u >= c.start && u < c.end {
		return c.offset
	}
	t := time.Unix(u, 0).In(c.zone)
	_, offset := t.Zone()
	from, to := t.ZoneBounds()
	c.start, c.end, c.offset = math.MinInt64, math.MaxInt64, int64(offset)
	if !from.IsZero() {
		c.start = from.Unix()
	}
	if !to.IsZero() {
		c.end = to.Unix()
	}
	if c.end <= u {
		// Beyond the table of a zone, ZoneBounds ends each year after 365 days,
		// also leap years: their 31 December is a period of its own.
		c.end = u - mod(u, daySeconds) + daySeconds
	}
	return c.offset
}

// local returns the local seconds at u: the wall time read as if it were UTC.
func (c *localClock) local(u int64) int64 { return u + c.offsetAt(u) }

// date returns the number of the local date at u.
func (c *localClock) date(u int64) int64 { return floorDay(c.local(u)) }

// The offsets of all zones, with the local mean times of old, lie within maxOffset
// of UTC, and so do any two instants that show the same wall time.
const maxOffset = 16 * 3600

// instant returns the instant of a local time (rule 1.3).
func (c *localClock) instant(local int64) int64 {
	// Inside a period and far from its begin no earlier instant shows the same.
	if u := local - c.offset; u < c.end && u-2*maxOffset >= c.start {
		return u
	}
	at, _, _ := c.resolve(local)
	return at
}

// resolve walks over the periods of constant offset around the local time.
func (c *localClock) resolve(local int64) (at int64, gap, overlap bool) {
	shown, after := 0, int64(math.MaxInt64)
	for u := local - maxOffset; u <= local+maxOffset; u = c.end {
		show := local - c.offsetAt(u)
		switch {
		case show < c.start:
			after = min(after, c.start) // The clock jumped over it at c.start.
		case show < c.end:
			if shown++; shown == 1 {
				at = show
			}
		}
		if c.end == math.MaxInt64 {
			break
		}
	}
	if shown == 0 {
		return after, true, false
	}
	return at, false, shown > 1
}

func mod(a, b int64) int64 { return (a%b + b) % b }

func floorDay(local int64) int64 { return (local - mod(local, daySeconds)) / daySeconds }
