package digest

import (
	"fmt"
	"strings"
	"time"
)

// How much of the longer things is shown.
const (
	maxNeeded   = 5 // answers that one blocked conversation waits for
	maxAwake    = 3
	maxSentence = 200 // characters of a question or a decision
	maxSettings = 5   // senders whose mail is filed differently from now on
)

// A view is what a digest says, in words, before anybody decides what a letter looks
// like. Its foreign texts are lines without control characters, of bounded length.
type view struct {
	Title    string // "Tuesday 24 November, 13:00"
	Leads    []string
	Sections []section
	Remarks  []string // below: what was filed elsewhere, what changed
}

type section struct {
	Title string
	Items []item
	More  string
	Hint  hint
}

// A hint says how to answer; zero: there is nothing to answer.
type hint struct{ Lead, Example, Rule string }

// A tone is how much an item presses.
type tone string

const (
	calm tone = ""
	risk tone = "at risk"
	late tone = "overdue"
)

// An item is one line of a section, of which most take several lines on paper.
type item struct {
	Mark  string // "[1]", what a reply calls it
	Tone  tone
	Head  string   // the sentence
	Facts []string // by when, who; each on a line of its own
	Where string   // subject of the mail that it is in
	MID   string
	Right string // when it came; only in one-line items
	Short bool   // everything on one line if it fits
}

// guard sees to it that foreign text does not begin a line like a question: an answer
// below it would be taken for the answer to that.
func (it *item) guard() {
	if it.Mark == "" {
		it.Head = unmarked(it.Head)
	}
	it.Where = unmarked(it.Where)
	for i, f := range it.Facts {
		it.Facts[i] = unmarked(f)
	}
}

func unmarked(s string) string {
	if word, _, _ := strings.Cut(s, " "); isMark(word) {
		return "· " + s
	}
	return s
}

func (c Content) view(zone *time.Location) view {
	v := view{Title: longMoment(c.Tide, zone, c.Tide)}
	if !c.Missed.IsZero() {
		v.Leads = append(v.Leads, "This delivery is late: Tidepost was not running at "+clock(c.Missed, zone, c.Tide)+".")
	}
	for _, ch := range c.Clocks {
		v.Leads = append(v.Leads, ch.line())
	}
	for _, s := range []section{c.asksSection(zone), c.mineSection(zone), c.rolesSection(zone), c.decisionsSection(), c.blockedSection(zone), c.restSection(zone)} {
		for i := range s.Items {
			s.Items[i].guard()
		}
		if len(s.Items) > 0 || s.More != "" {
			v.Sections = append(v.Sections, s)
		}
	}
	v.Remarks = c.remarks()
	if c.Paused != nil {
		v.Remarks = append(v.Remarks, c.Paused.line(zone, c.Tide))
	}
	return v
}

func more(n int, folder string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more in %s", n, folder)
}
