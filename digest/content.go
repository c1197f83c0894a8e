package digest

import (
	"fmt"
	"slices"
	"time"
)

// MaxEntries is how many conversations a digest shows; the rest is counted.
const MaxEntries = 20

// maxKept bounds what a digest remembers beyond what it shows, and maxMIDs the
// messages it remembers of each conversation.
const (
	maxKept = 200
	maxMIDs = 20
)

// A Content is what a digest says. It is stored as JSON with the digest, so that the
// next one can repeat what was not read. Foreign texts are as they came: rendering
// makes them harmless.
type Content struct {
	Tide      time.Time `json:"tide"`                // when this tide opened
	Missed    time.Time `json:"missed,omitzero"`     // a tide that could not open in time; zero: none
	Entries   []Entry   `json:"entries,omitempty"`   // one for each conversation; what was not read first
	More      int       `json:"more,omitempty"`      // messages that came with this tide and are in no entry
	Counts    Counts    `json:"counts,omitzero"`     // filed elsewhere since the last digest
	Confirmed []string  `json:"confirmed,omitempty"` // senders whose mail now always goes to INBOX
}

// An Entry is a conversation. Its Number stays the same as long as a digest repeats
// it.
type Entry struct {
	Number   int       `json:"n"`
	Thread   int64     `json:"thread,omitempty"` // 0: a message that stands alone
	Subject  string    `json:"subject"`
	Authors  []Author  `json:"authors"` // in the order in which they came, each once
	Messages int       `json:"messages"`
	Preview  string    `json:"preview,omitempty"` // of the newest message
	At       time.Time `json:"at"`                // when the newest message came
	MID      string    `json:"mid,omitempty"`     // of the newest message, without <>
	MIDs     []string  `json:"mids,omitempty"`    // of all, at most 20
	Since    time.Time `json:"since"`             // the tide whose digest first told of it
}

// An Author is who wrote.
type Author struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
	Outside bool   `json:"outside,omitempty"` // not known to be a colleague
}

// Counts says how many messages went elsewhere.
type Counts struct {
	Lists         int `json:"lists,omitempty"`
	Social        int `json:"social,omitempty"`
	Notifications int `json:"notifications,omitempty"`
}

// A Message is one that comes with a tide.
type Message struct {
	Thread  int64
	Subject string
	Author  Author
	Preview string
	At      time.Time // when it came
	MID     string
}

// Add puts a message into c: into the entry of its conversation or a new one.
func (c *Content) Add(m Message) {
	if m.Thread != 0 {
		for i := range c.Entries {
			if c.Entries[i].Thread == m.Thread {
				c.Entries[i].add(m)
				return
			}
		}
	}
	if len(c.Entries) >= maxKept {
		c.More++
		return
	}
	e := Entry{Number: c.nextNumber(), Thread: m.Thread, Since: c.Tide}
	e.add(m)
	c.Entries = append(c.Entries, e)
}

func (c *Content) nextNumber() int {
	n := 0
	for _, e := range c.Entries {
		n = max(n, e.Number)
	}
	return n + 1
}

func (e *Entry) add(m Message) {
	e.Messages++
	e.Subject, e.Preview, e.At = m.Subject, m.Preview, m.At
	e.MID = m.MID
	if m.MID != "" && len(e.MIDs) < maxMIDs {
		e.MIDs = append(e.MIDs, m.MID)
	}
	if !slices.ContainsFunc(e.Authors, func(a Author) bool { return a.Address == m.Author.Address }) && len(e.Authors) < maxMIDs {
		e.Authors = append(e.Authors, m.Author)
	}
}

// Repeat begins the digest of the tide at now with what the unread one before it
// said, entries first. keep tells which entries still wait to be read; nil keeps
// all. Their numbers stay.
func Repeat(last Content, tide time.Time, keep func(Entry) bool) Content {
	c := Content{Tide: tide, Missed: last.Missed, Counts: last.Counts, Confirmed: slices.Clone(last.Confirmed)}
	for _, e := range last.Entries {
		if keep == nil || keep(e) {
			c.Entries = append(c.Entries, e)
		}
	}
	return c
}

// Empty reports whether there is nothing to tell: then no digest is sent.
func (c Content) Empty() bool {
	return len(c.Entries) == 0 && c.More == 0 && len(c.Confirmed) == 0
}

// shown returns the entries that are shown, and how many messages are in the others.
func (c Content) shown() (entries []Entry, more int) {
	entries, more = c.Entries, c.More
	if len(entries) > MaxEntries {
		for _, e := range entries[MaxEntries:] {
			more += e.Messages
		}
		entries = entries[:MaxEntries]
	}
	return entries, more
}

// messages counts what the digest tells of.
func (c Content) messages() int {
	n := c.More
	for _, e := range c.Entries {
		n += e.Messages
	}
	return n
}

// line tells of the counts, "" if there is nothing.
func (n Counts) line() string {
	var parts []string
	for _, p := range []struct {
		n    int
		name string
	}{{n.Lists, "Lists"}, {n.Social, "Social"}, {n.Notifications, "Notifications"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d in %s", p.n, p.name))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Filed elsewhere: " + commas(parts) + "."
}
