package scheduler

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Stay is some days that a person spends in another time zone: the clock on the wall of
// these dates, both included, is that of Zone. Before and after it is that of the
// calendar, without anybody doing anything.
type Stay struct {
	Zone        string
	First, Last Date
}

const maxStays = 200

// MarshalJSON writes {"zone": Z, "from": D, "to": D}.
func (s Stay) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"zone": s.Zone, "from": s.First.String(), "to": s.Last.String()})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Stay) UnmarshalJSON(data []byte) error {
	*s = Stay{}
	return readObject(data, []field{
		{"zone", func(raw []byte) error { return json.Unmarshal(raw, &s.Zone) }},
		{"from", func(raw []byte) error { return json.Unmarshal(raw, &s.First) }},
		{"to", func(raw []byte) error { return json.Unmarshal(raw, &s.Last) }},
	})
}

// validateStays wants stays in order, none on a date of another. It reads the zone data.
func validateStays(list []Stay) error {
	if len(list) > maxStays {
		return fmt.Errorf(": %d entries are more than %d", len(list), maxStays)
	}
	for i, s := range list {
		switch {
		case !s.First.valid() || !s.Last.valid():
			return fmt.Errorf("[%d]: %s to %s: a date does not exist", i, s.First, s.Last)
		case s.Last.Before(s.First):
			return fmt.Errorf("[%d]: %w", i, errors.New("to lies before from"))
		case i > 0 && !list[i-1].Last.Before(s.First):
			return fmt.Errorf("[%d]: %s is a day of the stay before", i, s.First)
		}
		if _, err := LoadZone(s.Zone); err != nil {
			return fmt.Errorf("[%d].zone: %w", i, err)
		}
	}
	return nil
}

// WithStay returns the list with s in it: it takes its dates from the others.
func WithStay(list []Stay, s Stay) []Stay {
	out := append(WithoutDates(list, s.First, s.Last), s)
	slices.SortFunc(out, func(a, b Stay) int { return int(a.First.number() - b.First.number()) })
	return out
}

// WithoutDates returns the list without the dates first to last.
func WithoutDates(list []Stay, first, last Date) []Stay {
	var out []Stay
	for _, s := range list {
		if s.Last.Before(first) || last.Before(s.First) {
			out = append(out, s)
			continue
		}
		if s.First.Before(first) {
			out = append(out, Stay{s.Zone, s.First, first.AddDays(-1)})
		}
		if last.Before(s.Last) {
			out = append(out, Stay{s.Zone, last.AddDays(1), s.Last})
		}
	}
	return out
}

// Location returns the clock of the calendar: that of its zone, and on the dates of a
// stay that of the stay's. It is an ordinary location, so everything that prints or
// reckons with it follows. Where the clock changes place, wall times are missing or
// come twice as they do when summer time begins and ends; the dates of a stay are
// whole. Its name is that of the zone, and of the stays behind: see ZoneNameAt.
func (c Calendar) Location() (*time.Location, error) {
	home, err := LoadZone(c.Zone)
	if err != nil || len(c.Stays) == 0 {
		return home, err
	}
	if err := validateStays(c.Stays); err != nil {
		return nil, fmt.Errorf("stays%w", err)
	}
	name := []string{c.Zone}
	var parts []stretch
	from := int64(minInstant)
	here := home // Whose clock ends where a stay begins: home's, or that of the stay before.
	for i, s := range c.Stays {
		zone, err := LoadZone(s.Zone)
		if err != nil {
			return nil, err
		}
		begin := min(midnight(s.First, here), midnight(s.First, zone))
		begin = max(begin, from)
		if here == home {
			parts = append(parts, stretch{home, from, begin})
		}
		end := midnight(s.Last.AddDays(1), zone)
		if i+1 < len(c.Stays) && c.Stays[i+1].First == s.Last.AddDays(1) {
			next, err := LoadZone(c.Stays[i+1].Zone)
			if err != nil {
				return nil, err
			}
			end = min(end, midnight(c.Stays[i+1].First, next))
		}
		end = max(end, begin)
		parts = append(parts, stretch{zone, begin, end})
		name = append(name, s.Zone+nameMark+strconv.FormatInt(begin, 10)+nameMark+strconv.FormatInt(end, 10))
		from, here = end, home
		if i+1 < len(c.Stays) && c.Stays[i+1].First == s.Last.AddDays(1) {
			here = zone
		}
	}
	parts = append(parts, stretch{home, from, from + 30*366*daySeconds})
	return joinZones(strings.Join(name, nameJoint), parts)
}

// nameJoint stands between the zones in the name of a location with stays, nameMark
// before the instants of a stay.
const (
	nameJoint = ";"
	nameMark  = "@"
)

// ZoneNameAt returns the name of the zone whose clock loc shows at t: for a location
// with stays that of the stay t lies in, else that of loc.
func ZoneNameAt(loc *time.Location, t time.Time) string {
	home, stays, ok := strings.Cut(loc.String(), nameJoint)
	if !ok {
		return home
	}
	for s := range strings.SplitSeq(stays, nameJoint) {
		zone, span, _ := strings.Cut(s, nameMark)
		from, to, _ := strings.Cut(span, nameMark)
		begin, errBegin := strconv.ParseInt(from, 10, 64)
		end, errEnd := strconv.ParseInt(to, 10, 64)
		if errBegin == nil && errEnd == nil && t.Unix() >= begin && t.Unix() < end {
			return zone
		}
	}
	return home
}

// midnight is the first instant of a date on the clock of zone.
func midnight(d Date, zone *time.Location) int64 { return Wall{Date: d}.Instant(zone).At.Unix() }

// A stretch is the time [from, to) on the clock of a zone.
type stretch struct {
	zone     *time.Location
	from, to int64
}

// A period is a time of constant offset.
type period struct {
	from   int64
	offset int32
	dst    bool
	abbrev string
}

// joinZones makes one location of stretches of others, by way of the form in which zone
// data is kept (RFC 8536).
func joinZones(name string, parts []stretch) (*time.Location, error) {
	var list []period
	for _, p := range parts {
		for u := p.from; u < p.to; {
			t := time.Unix(u, 0).In(p.zone)
			abbrev, offset := t.Zone()
			one := period{u, int32(offset), t.IsDST(), abbrev}
			if n := len(list); n == 0 || list[n-1].offset != one.offset || list[n-1].abbrev != one.abbrev || list[n-1].dst != one.dst {
				list = append(list, one)
			}
			_, end := t.ZoneBounds()
			if end.IsZero() {
				break
			}
			next := end.Unix()
			if next <= u { // Beyond the table of a zone a period can end before it: see offsetAt.
				next = u - mod(u, daySeconds) + daySeconds
			}
			u = next
		}
	}
	loc, err := time.LoadLocationFromTZData(name, zoneData(list))
	if err != nil {
		return nil, fmt.Errorf("join zones: %w", err)
	}
	return loc, nil
}

// zoneData writes periods as a TZif file of version 2 (RFC 8536 §3).
func zoneData(list []period) []byte {
	types, abbrevs := []period{list[0]}, "" // The first one stands for the time before, and for nothing else.
	var index []byte
	var times []byte
	for _, p := range list {
		i := slices.IndexFunc(types[1:], func(t period) bool { return t.offset == p.offset && t.dst == p.dst && t.abbrev == p.abbrev })
		if i < 0 && len(types) < 256 {
			types = append(types, p)
			i = len(types) - 2
		}
		times = binary.BigEndian.AppendUint64(times, uint64(p.from))
		index = append(index, byte(max(i, 0)+1))
	}
	var kinds []byte
	for _, t := range types {
		at := strings.Index(abbrevs, t.abbrev+"\x00")
		if at < 0 {
			at = len(abbrevs)
			abbrevs += t.abbrev + "\x00"
		}
		kinds = binary.BigEndian.AppendUint32(kinds, uint32(t.offset))
		dst := byte(0)
		if t.dst {
			dst = 1
		}
		kinds = append(kinds, dst, byte(at))
	}
	header := func(timecnt, typecnt, charcnt int) []byte {
		h := append([]byte("TZif2"), make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, timecnt, typecnt, charcnt} {
			h = binary.BigEndian.AppendUint32(h, uint32(n))
		}
		return h
	}
	out := header(0, 0, 0) // Of version 1: nothing.
	out = append(out, header(len(list), len(types), len(abbrevs))...)
	return slices.Concat(out, times, index, kinds, []byte(abbrevs), []byte("\n\n"))
}
