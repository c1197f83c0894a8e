package commands

import (
	"errors"
	"fmt"
	"strings"
)

// place looks for the zone of the next words, the longest name first.
func (r *reader) place() (zone string, ok bool) {
	places := places()
	for n := 4; n >= 1; n-- {
		if r.pos+n > len(r.toks) {
			continue
		}
		name := strings.ToLower(joinRaw(r.toks[r.pos : r.pos+n]))
		if z, ok := places[strings.ReplaceAll(name, "_", " ")]; ok {
			r.pos += n
			return z, true
		}
		if n == 1 && strings.Contains(name, "/") {
			for _, z := range places {
				if strings.EqualFold(z, name) {
					r.pos++
					return z, true
				}
			}
		}
	}
	return "", false
}

func readStay(r *reader) (Command, bool) {
	c := Command{Kind: Stay}
	first, last, early, err := r.span(false)
	open := early && errors.Is(err, errEnd)
	if !early || err != nil && !open {
		r.pos, early = 0, false
	}
	r.word(",")
	be := r.phrase("i am going to be", "i will be", "i am", "i shall be", "i work", "i stay", "i will work", "i will stay", "i travel", "i will travel", "i will be working", "we are", "ich bin", "ich arbeite", "set me", "put me", "i go", "i will go", "i fly", "i will fly")
	if be && !early {
		at := r.pos
		if first, last, early, err = r.span(false); !early || err != nil {
			r.pos, early = at, false
		}
	}
	verb := r.word("working", "travelling", "traveling", "staying", "based", "going", "flying", "located", "visiting", "remote", "work", "stay", "travel", "trip", "stationed")
	r.word("remotely")
	zoned := false
	switch {
	case r.word("in", "from", "at", "to", "out"):
		r.word("of")
	case verb && r.phrase("on a trip to"), r.phrase("on a trip to", "on a business trip to", "on a visit to", "currently in", "now in", "still in"):
	case r.phrase("my timezone is", "timezone is", "my timezone", "timezone", "set my timezone to", "set timezone to", "use timezone", "zone"):
		zoned = true
		r.word(":", "to", "=")
	case r.pos > 0 && r.toks[r.pos-1].low == "visiting":
	default: // "Berlin until Friday"
		at := r.pos
		if _, ok := r.place(); !ok || r.done() || early {
			return c, false
		}
		r.pos = at
	}
	zone, ok := r.place()
	if !ok {
		return r.strangePlace(c, be || verb || zoned || early)
	}
	c.Zone = zone
	r.phrase(", germany", ", france", ", uk", ", usa", ", spain", ", italy", ", japan", "time", "timezone")
	r.word(",", ":", "-")
	if open {
		c.First = first
		return c, r.endOfSpan(&c) && r.done()
	}
	if early {
		c.First, c.Last = first, last
		return c, r.done()
	}
	if r.done() {
		if zoned {
			return c, false
		}
		r.lost = errEnd
		return c, true
	}
	c.First, c.Last, early, err = r.span(false)
	r.lost = orElse(r.lost, err)
	return c, early && r.done()
}

// strangePlace is a stay whose place no zone has; it is said so.
func (r *reader) strangePlace(c Command, sure bool) (Command, bool) {
	start := r.pos
	for n := 1; n <= 3 && start+n <= len(r.toks); n++ {
		r.pos = start + n
		if r.peek(-1).num >= 0 {
			break
		}
		if _, _, found, _ := r.span(false); found && r.done() || r.done() && sure {
			r.lost = fmt.Errorf("there is no place %q: write the city, or the time zone as in Europe/Berlin", joinRaw(r.toks[start:start+n]))
			r.pos = len(r.toks)
			return c, true
		}
	}
	r.pos = start
	return c, false
}

func readStayOff(r *reader) (Command, bool) {
	c := Command{Kind: Stay, Off: true}
	r.phrase("i am", "ich bin")
	ok := r.phrase("back home", "home again", "back at home", "back in my own timezone", "back in my own time", "back in my timezone", "home", "stay off", "stay none", "back to my own timezone", "back to my timezone", "wieder zu hause", "zurück zu hause", "wieder zuhause", "home from my trip", "back from my trip", "cancel my stay", "cancel the stay", "end my stay", "end the stay", "not travelling any more", "no longer travelling", "cancel my trip", "remove my stay")
	return c, ok && r.done()
}

func readZone(r *reader) (Command, bool) {
	c := Command{Kind: Zone}
	if !r.phrase("my timezone is now", "my timezone is", "my new timezone is", "set my timezone to", "change my timezone to", "switch my timezone to", "set timezone to", "set the timezone to", "timezone is", "my timezone", "timezone", "zone", "set my zone to", "i have moved to", "i moved to", "i have relocated to", "i relocated to", "i now live in", "i live in", "i am moving to", "ich bin umgezogen nach") {
		return c, false
	}
	r.word(":", "to", "=", "is")
	zone, ok := r.place()
	c.Zone = zone
	if !ok {
		if rest := r.rest(); rest != "" && len(r.toks)-r.pos <= 3 {
			r.lost = fmt.Errorf("there is no place %q: write the city, or the time zone as in Europe/Berlin", rest)
			r.pos = len(r.toks)
			return c, true
		}
		return c, false
	}
	r.phrase("time", "for good", "permanently")
	return c, r.done()
}
