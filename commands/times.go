package commands

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/scheduler"
)

// A clock is a time of day as somebody wrote it.
type clock struct {
	minutes int
	sure    bool // it cannot be twelve hours later: "15:00", "3pm", "09:00"
}

func (c clock) String() string { return fmt.Sprintf("%02d:%02d", c.minutes/60, c.minutes%60) }

// clock reads "15:00", "15.30", "3pm", "3 p.m.", "15h", "15 Uhr", "noon", "9".
func (r *reader) clock() (clock, bool) {
	start := r.pos
	r.word("at", "um", "@")
	switch {
	case r.word("noon", "midday", "mittag"):
		return clock{12 * 60, true}, true
	}
	if c, ok := r.clockWords(); ok {
		return c, true
	}
	h := r.peek(0)
	if len(h.raw) == 4 && h.num >= 0 && h.num < 2400 && h.num%100 < 60 && !(r.peek(1).glue && strings.Contains("-/.", r.peek(1).low)) { // "1530", "0900"
		r.pos++
		r.word("h", "hrs", "hours")
		return clock{h.num/100*60 + h.num%100, true}, true
	}
	if h.num < 0 || h.num > 24 || len(h.raw) > 2 {
		r.pos = start
		return clock{}, false
	}
	r.pos++
	out := clock{minutes: h.num * 60, sure: h.num > 12 || h.num == 0}
	if sep, m := r.peek(0), r.peek(1); (sep.low == ":" || sep.low == "." || sep.low == "h") && sep.glue && m.glue && m.num >= 0 && len(m.raw) == 2 {
		if m.num > 59 {
			r.pos = start
			return clock{}, false
		}
		out.minutes += m.num
		out.sure = out.sure || h.num >= 7 || len(h.raw) == 2
		r.pos += 2
	}
	pm, said := r.halfOfDay()
	switch {
	case said && (h.num > 12 || h.num == 0):
		r.pos = start
		return clock{}, false
	case said:
		out.minutes, out.sure = out.minutes%(12*60), true
		if pm {
			out.minutes += 12 * 60
		}
	case r.word("h", "uhr", "o'clock", "hrs"):
		out.sure = out.sure || h.num >= 7
	}
	if out.minutes > 24*60 {
		r.pos = start
		return clock{}, false
	}
	return out, true
}

// clockWords reads "half past eight", "quarter to 3", "eight o'clock", "five".
func (r *reader) clockWords() (clock, bool) {
	start := r.pos
	r.word("a")
	add := 0
	switch {
	case r.phrase("half past"):
		add = 30
	case r.phrase("quarter past"):
		add = 15
	case r.phrase("quarter to"):
		add = -15
	case r.pos > start:
		r.pos = start
		return clock{}, false
	}
	h := r.peek(0)
	n := h.num
	if n < 0 && len(h.low) > 2 {
		n = smallNumbers[h.low]
	}
	if n < 1 || n > 12 || add == 0 && h.num >= 0 || h.low == "one" && add == 0 || h.low == "ein" || h.low == "eine" || h.low == "einen" {
		r.pos = start
		return clock{}, false
	}
	r.pos++
	out := clock{minutes: n*60 + add}
	r.word("o'clock", "uhr")
	if pm, said := r.halfOfDay(); said {
		out.minutes, out.sure = out.minutes%(12*60), true
		if pm {
			out.minutes += 12 * 60
		}
	}
	return out, true
}

// halfOfDay reads am and pm.
func (r *reader) halfOfDay() (pm, ok bool) {
	t := r.peek(0).low
	switch {
	case r.phrase("in the morning"):
		return false, true
	case r.phrase("in the afternoon", "in the evening"):
		return true, true
	case t == "am" || t == "pm":
		r.pos++
		return t == "pm", true
	case t == "a.m" || t == "p.m":
		r.pos++
		r.word(".")
		return t == "p.m", true
	case (t == "a" || t == "p") && r.peek(1).low == "." && r.peek(2).low == "m":
		r.pos += 3
		if r.peek(0).glue {
			r.word(".")
		}
		return t == "p", true
	}
	return false, false
}

// errHour is said of a time of day that can be morning or evening.
var errHour = errors.New("it does not tell morning from afternoon; write the time as in 15:00 or 3pm")

// clocks reads a list of times of day, as in "9, 13 and 16", "opening 13:00".
func (r *reader) clocks() (list []string, ok bool) {
	last := -1
	for {
		r.word("at", "um")
		r.phrase("the")
		if r.word("opening", "start") {
			list = append(list, "opening")
		} else {
			c, ok := r.clock()
			if !ok {
				return list, false
			}
			if !c.sure && c.minutes < 7*60 || c.minutes == 24*60 || c.minutes <= last {
				r.lost = errHour
			}
			last = c.minutes
			list = append(list, c.String())
		}
		r.word("uhr", "o'clock")
		more := r.word(",")
		more = r.word("and", "und", "&", "+", "/") || more
		if r.done() || !more && r.peek(0).num < 0 && r.peek(0).low != "at" {
			return list, !more
		}
	}
}

// moment reads the end of a pause: a time, a day, or both.
func (r *reader) moment(c *Command) error {
	now := r.in.Now
	start := r.pos
	today := r.today()
	if r.phrase("the end of the day", "end of day", "end of the day", "the end of today", "midnight", "tonight", "eod") {
		c.Until = &scheduler.Wall{Date: today.AddDays(1)}
		return nil
	}
	if t, ok := r.clock(); ok && !r.dateFollows() {
		on := today
		if d, ok := r.day(); ok {
			var err error
			if on, err = r.resolve(d, today, 0); err != nil {
				return err
			}
		}
		return r.setMoment(c, on, t, now)
	}
	r.pos = start
	if r.phrase("next week", "nächste woche") {
		c.Day = today.AddDays(1)
		for c.Day.Weekday() != time.Monday {
			c.Day = c.Day.AddDays(1)
		}
		return nil
	}
	d, ok := r.day()
	if !ok {
		return errMoment
	}
	on, err := r.resolve(d, today, 0)
	if err != nil {
		return err
	}
	if err := r.notPast(on); err != nil {
		return err
	}
	r.word(",")
	if t, ok := r.clock(); ok {
		return r.setMoment(c, on, t, now)
	}
	r.word("morning", "früh") // The opening.
	if on == today {
		return errors.New("write the time, as in 15:00")
	}
	c.Day = on
	return nil
}

var errMoment = errors.New("it does not say a time or a day, as in 15:00 or Friday")

// dateFollows tells "9 March" from "9".
func (r *reader) dateFollows() bool {
	t := r.peek(0)
	_, month := months[t.low]
	return month || t.low == "of" || t.glue && (t.low == "th" || t.low == "st" || t.low == "nd" || t.low == "rd" || t.low == "/" || t.low == "-" || t.low == ".")
}

func (r *reader) setMoment(c *Command, on scheduler.Date, t clock, now time.Time) error {
	if !t.sure && (t.minutes < 7*60 || t.minutes == 12*60) {
		return errHour
	}
	w := scheduler.Wall{Date: on, Hour: t.minutes / 60, Minute: t.minutes % 60}
	if t.minutes == 24*60 {
		w = scheduler.Wall{Date: on.AddDays(1)}
	}
	if !w.Instant(now.Location()).At.After(now) {
		return fmt.Errorf("%s has passed", t)
	}
	c.Until = &w
	return nil
}

// amount reads "for 2 hours", "for 30 minutes", "for an hour and a half": how long.
func (r *reader) amount() (time.Duration, bool) {
	start := r.pos
	if !r.word("for", "für") {
		return 0, false
	}
	r.word("the")
	r.word("next")
	if r.phrase("half an hour") {
		return 30 * time.Minute, true
	}
	n := r.peek(0).num
	if n < 0 {
		n = smallNumbers[r.peek(0).low]
	}
	if n > 0 {
		r.pos++
	} else if r.pos > start+1 {
		n = 1
	}
	switch {
	case n <= 0 || n > 400:
	case r.word("hour", "hours", "h", "hrs", "hr", "stunde", "stunden"):
		return time.Duration(n) * time.Hour, true
	case r.word("minute", "minutes", "min", "mins", "minuten"):
		return time.Duration(n) * time.Minute, true
	}
	r.pos = start
	return 0, false
}

// dayKeys are the weekdays as people.ParseHours has them, Monday first.
func dayKeys() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// week reads "Tue 9-12", "Mon-Thu 9-17 and Fri 9-13": hours of weekdays, as people
// write them and as people.ParseHours reads them.
func (r *reader) week() (string, bool) {
	used := map[string]bool{}
	var groups []string
	start := r.pos
	if iv, ok := r.interval(); ok { // "9 to 17 Monday to Friday"
		days, ok := r.weekdaysList()
		if !ok || !r.done() {
			return "", false
		}
		for _, d := range days.words {
			groups = append(groups, d+" "+iv)
		}
		return strings.Join(groups, "; "), true
	}
	r.pos = start
	for {
		days, ok := r.weekdaysList()
		if !ok {
			return "", false
		}
		for _, d := range days.list {
			if used[d] {
				return "", false
			}
			used[d] = true
		}
		r.word(":")
		r.word(",")
		r.word("from", "at", "between", "von")
		var hours []string
		for {
			iv, ok := r.interval()
			if !ok {
				return "", false
			}
			hours = append(hours, iv)
			at := r.pos
			r.word(",")
			r.word("and", "und", "&")
			r.word("from")
			if t := r.peek(0); t.num < 0 {
				r.pos = at
				break
			}
		}
		for _, d := range days.words {
			groups = append(groups, d+" "+strings.Join(hours, " "))
		}
		at := r.pos
		r.word(",", ";")
		r.word("and", "und", "&", "+")
		save := r.pos
		if _, ok := r.weekdaysList(); !ok {
			r.pos = at
			return strings.Join(groups, "; "), true
		}
		r.pos = save
	}
}

type dayList struct {
	list  []string // every day
	words []string // as ranges
}

// weekdaysList reads "Tue", "Tuesdays", "Mon-Fri", "Tue and Thu", "every day", "weekdays".
func (r *reader) weekdaysList() (out dayList, ok bool) {
	start := r.pos
	keys := dayKeys()
	r.word("on", "am")
	r.word("every", "each", "all", "jeden")
	switch {
	case r.word("weekdays", "weekday", "workdays", "workday"):
		return dayList{keys[:5], []string{"mon-fri"}}, true
	case r.word("daily", "day", "days"):
		return dayList{keys, []string{"daily"}}, true
	}
	for {
		first, ok := r.weekdayIndex()
		if !ok {
			r.pos = start
			return dayList{}, false
		}
		word, at := keys[first], r.pos
		last := first
		if r.word("-", "to", "until", "till", "through", "bis") {
			if last, ok = r.weekdayIndex(); !ok {
				r.pos, last = at, first
			} else {
				word += "-" + keys[last]
			}
		}
		for d := first; ; d = (d + 1) % 7 {
			out.list = append(out.list, keys[d])
			if d == last {
				break
			}
		}
		out.words = append(out.words, word)
		at = r.pos
		comma := r.word(",", "/")
		if !r.word("and", "und", "&", "+") && !comma {
			return out, true
		}
		r.word("on")
		if _, more := r.weekdayIndex(); !more {
			r.pos = at
			return out, true
		}
		r.pos--
	}
}

func (r *reader) weekdayIndex() (int, bool) {
	low := r.peek(0).low
	w, ok := weekdays[low]
	if !ok && len(low) > 4 {
		w, ok = weekdays[strings.TrimSuffix(low, "s")]
	}
	if !ok {
		return 0, false
	}
	r.pos++
	return (int(w) + 6) % 7, true
}

// interval reads "9-12", "9am to 5pm", "9:00 - noon": from-to, in order, as 09:00-12:00.
func (r *reader) interval() (string, bool) {
	r.word("from", "between")
	a, ok := r.clock()
	if !ok || !r.word("-", "to", "until", "till", "and", "bis") {
		return "", false
	}
	b, ok := r.clock()
	if !ok {
		return "", false
	}
	r.word("uhr")
	if !a.sure && b.sure && b.minutes > 12*60 && a.minutes+12*60 < b.minutes { // "1-4pm"
		if a.minutes >= 7*60 {
			r.lost = errHour
		}
		a.minutes += 12 * 60
		a.sure = true
	}
	switch {
	case !a.sure && a.minutes < 6*60:
		r.lost = errHour
	case b.minutes > a.minutes:
	case !b.sure && b.minutes < 12*60 && b.minutes+12*60 > a.minutes && a.minutes < 12*60:
		r.lost = errors.New("write the hours as in 9-17 or 9am-5pm")
	case a.sure && b.sure && a.minutes >= 18*60:
		// Past midnight: a night shift.
	default:
		r.lost = errors.New("the hours end before they begin")
	}
	return a.String() + "-" + b.String(), true
}
