package commands

import (
	"errors"
	"slices"
	"strings"
)

// errOtherwise is said of two commands of one mail that cannot both be meant.
var errOtherwise = errors.New("the same mail says otherwise elsewhere")

// settle joins what belongs together, and lets nothing be done where a sentence may
// take back what another one says, or two say different things.
func (r Reading) settle() Reading {
	var out []Command
	for _, c := range r.Commands {
		if c.Kind == Cover && len(out) > 0 {
			if last := &out[len(out)-1]; last.Kind == Away && !last.Off && last.Who == "" && !c.Off {
				last.Who = c.Who
				last.Text += " " + c.Text
				continue
			}
		}
		if i := slices.IndexFunc(out, func(o Command) bool { return o.Kind == c.Kind && apart(o, c) }); i >= 0 {
			out[i].Value += "; " + c.Value
			out[i].Text += " " + c.Text
			continue
		}
		if !slices.ContainsFunc(out, func(o Command) bool { return o.String() == c.String() }) {
			out = append(out, c)
		}
	}
	r.Commands = out[:min(len(out), maxCommands)]
	r.dropDenied()
	for _, b := range r.Back {
		if len(r.Commands) == 0 || !takesBack(b, r.Commands) {
			continue
		}
		for _, c := range r.Commands {
			r.Back = append(r.Back, Back{Text: c.Text, Why: "another sentence may take it back", Nearest: []Kind{c.Kind}})
		}
		r.Commands = nil
		break
	}
	if len(r.Commands) > 0 { // What is no command need not be mentioned if it is short.
		r.Back = slices.DeleteFunc(r.Back, func(b Back) bool { return b.Chatter && len(strings.Fields(b.Text)) <= 3 })
	}
	return r
}

// dropDenied sends back commands that say different things of one setting.
func (r *Reading) dropDenied() {
	bad := make([]bool, len(r.Commands))
	for i, a := range r.Commands {
		for j, b := range r.Commands[:i] {
			if denies(a, b) {
				bad[i], bad[j] = true, true
			}
		}
	}
	var kept []Command
	for i, c := range r.Commands {
		if !bad[i] {
			kept = append(kept, c)
			continue
		}
		r.Back = append(r.Back, Back{Text: c.Text, Why: errOtherwise.Error(), Nearest: []Kind{c.Kind}, tried: c.Kind})
	}
	r.Commands = kept
}

// denies reports whether two commands of one mail cannot both be meant.
func denies(a, b Command) bool {
	if a.String() == b.String() {
		return false
	}
	pair := func(x, y Kind) bool { return a.Kind == x && b.Kind == y || a.Kind == y && b.Kind == x }
	switch {
	case pair(Pause, Resume):
		return true
	case pair(Never, Advise):
		return a.Value == b.Value
	case a.Kind != b.Kind:
		return false
	}
	switch a.Kind {
	case Always:
		return a.Off != b.Off && strings.EqualFold(a.Who, b.Who)
	case Away:
		return a.Off != b.Off || a.First == b.First && a.Last == b.Last
	case Stay:
		return a.Off != b.Off || !a.Last.Before(b.First) && !b.Last.Before(a.First)
	case Cover, Zone, Pause, Deliveries, Digests, Focus, Office, Hours, Hold, Batch, Coach, Phone, Name, Vacation:
		return true
	}
	return false // These add up.
}

// says reports whether a command of the text says what its subject says, perhaps in more
// words: "away next week" above "away 9-11 March, cover Tom".
func (c Command) says(subject Command) bool {
	if c.Kind != subject.Kind || c.Off != subject.Off {
		return false
	}
	switch c.Kind {
	case Away, Stay:
		within := !subject.First.IsZero() && !c.First.Before(subject.First) && !subject.Last.Before(c.Last)
		return within && c.Zone == subject.Zone && (subject.Who == "" || strings.EqualFold(c.Who, subject.Who))
	}
	return c.String() == subject.String()
}

// apart reports whether two commands give hours to different weekdays, and so belong
// together: "focus Tue 9-12", "focus Thu 9-12".
func apart(a, b Command) bool {
	if a.Kind != Focus && a.Kind != Office && a.Kind != Hours {
		return false
	}
	x, y := weekdaysIn(a.Value), weekdaysIn(b.Value)
	return len(x) > 0 && len(y) > 0 && !slices.ContainsFunc(x, func(d string) bool { return slices.Contains(y, d) })
}

// weekdaysIn lists the weekdays of hours as people.ParseHours reads them.
func weekdaysIn(value string) []string {
	keys := dayKeys()
	var out []string
	for group := range strings.SplitSeq(value, ";") {
		word, _, _ := strings.Cut(strings.TrimSpace(group), " ")
		if word == "daily" {
			return keys
		}
		from, to, many := strings.Cut(word, "-")
		i, j := slices.Index(keys, from), slices.Index(keys, to)
		switch {
		case i < 0 || many && j < 0:
			continue
		case !many:
			j = i
		}
		for ; ; i = (i + 1) % 7 {
			out = append(out, keys[i])
			if i == j {
				break
			}
		}
	}
	return out
}
