package digest

import (
	"fmt"
	"slices"
	"time"

	"tidepost/scheduler"
	"tidepost/threading"
)

// MaxEntries is how many lines a digest has over all sections; the rest is counted.
const MaxEntries = 20

// maxKept bounds what a digest remembers beyond what it shows, and maxMIDs the
// messages it remembers of each conversation.
const (
	maxKept = 200
	maxMIDs = 20
)

// A Content is what a digest says. It is stored as JSON with the digest: a reply is
// understood by its Numbers, and the next digest repeats what was not read. Foreign
// texts are as they came: rendering makes them harmless. Instants are UTC.
//
// Whoever fills the sections puts what presses most first and calls Settle at the end.
type Content struct {
	Tide          time.Time      `json:"tide"`                // when this tide opened
	Since         time.Time      `json:"since,omitzero"`      // what happened from then on is told; zero: of all time
	First         bool           `json:"first,omitempty"`     // it tells what only the first digest of a day does
	Missed        time.Time      `json:"missed,omitzero"`     // a tide that could not open in time; zero: none
	Asks          []AskLine      `json:"asks,omitempty"`      // 1: what is asked of the reader, numbered
	MoreAsks      int            `json:"more_asks,omitempty"` // those without a line: they stand in Needs reply
	Mine          []MineLine     `json:"mine,omitempty"`      // 2: what became of the reader's own questions
	MoreMine      int            `json:"more_mine,omitempty"`
	Roles         []RoleLine     `json:"roles,omitempty"` // what others have of what the reader's roles were asked
	MoreRoles     int            `json:"more_roles,omitempty"`
	Decisions     []DecisionLine `json:"decisions,omitempty"` // 3
	MoreDecisions int            `json:"more_decisions,omitempty"`
	Blocked       []BlockedLine  `json:"blocked,omitempty"` // the oldest first; only in the first digest of a day
	MoreBlocked   int            `json:"more_blocked,omitempty"`
	Entries       []Entry        `json:"entries,omitempty"`    // 4: one for each conversation; what was not read first
	More          int            `json:"more,omitempty"`       // messages that came with this tide and are in no entry
	Counts        Counts         `json:"counts,omitzero"`      // 5: filed elsewhere since the last digest
	NotUrgent     int            `json:"not_urgent,omitempty"` // last month's urgent mail of the reader that others filed as not urgent; in the first digest of a month
	Confirmed     []string       `json:"confirmed,omitempty"`  // senders whose mail now always goes to INBOX
	Clocks        []ClockChange  `json:"clocks,omitempty"`     // zones whose clocks change in the next days
	Paused        *Pause         `json:"paused,omitempty"`     // new mail leaves and comes at once for now; nil: it does not
}

// An AskLine is one question to the reader. Its Number is what a reply to this very
// digest calls it, for good; another digest has numbers of its own.
type AskLine struct {
	Number  int             `json:"n"`
	Ask     int64           `json:"ask"`
	Thread  int64           `json:"thread,omitempty"`
	Asker   Author          `json:"asker"`
	Role    string          `json:"role,omitempty"`  // the role it was put to, which nobody has answered for; ""
	For     string          `json:"for,omitempty"`   // whom the reader stands in for; "": asked of the reader
	Text    string          `json:"text,omitempty"`  // the sentence; "": not for the reader's eyes
	State   threading.State `json:"state,omitempty"` // "": open, without a clock
	Due     time.Time       `json:"due,omitzero"`
	There   string          `json:"there,omitempty"` // Due on the asker's clock, "Mon 22:00 London"; "" if it shows the same
	Subject string          `json:"subject,omitempty"`
	MID     string          `json:"mid,omitempty"` // of the mail that asks, without <>
}

// An Outcome is what became of a question of the reader.
type Outcome string

// The outcomes.
const (
	OutcomeAnswered Outcome = "answered"
	OutcomePromised Outcome = "promised" // its owner said by when
	OutcomeClosed   Outcome = "closed"   // by its owner, without a mail
	OutcomeOverdue  Outcome = "overdue"
	OutcomeAway     Outcome = "away"        // its owner is on leave: the clock stands still
	OutcomeHanded   Outcome = "handed-over" // somebody else is to answer: Owner
	OutcomeLost     Outcome = "lost"        // the mail that asks could not be delivered
)

// A MineLine is news of one of the reader's own questions.
type MineLine struct {
	Ask     int64     `json:"ask"`
	Thread  int64     `json:"thread,omitempty"`
	What    Outcome   `json:"what"`
	Owner   Author    `json:"owner"`          // who answers, or answered
	Text    string    `json:"text,omitempty"` // the sentence
	At      time.Time `json:"at"`             // when it happened
	Reaches time.Time `json:"reaches,omitzero"`
	Due     time.Time `json:"due,omitzero"`    // promised: by when now; overdue: since when
	There   string    `json:"there,omitempty"` // Due on the owner's clock; "" if it shows the same
	Cover   string    `json:"cover,omitempty"` // away: who stands in; "" for nobody
	Back    time.Time `json:"back,omitzero"`   // away: until when; zero: nobody knows
	Subject string    `json:"subject,omitempty"`
	MID     string    `json:"mid,omitempty"` // of the answer if there is one, else of the question
}

// A DecisionKind is why a digest tells of a decision.
type DecisionKind string

// The kinds.
const (
	DecisionMade      DecisionKind = "made"
	DecisionSilent    DecisionKind = "silent"    // nobody objected in time
	DecisionWithdrawn DecisionKind = "withdrawn" // its text is gone, the number stays
	DecisionToConfirm DecisionKind = "confirm"   // found in a mail of the reader, who has not said yes
)

// A DecisionLine is one decision.
type DecisionLine struct {
	Decision int64        `json:"decision,omitempty"`
	Label    string       `json:"label,omitempty"` // "D-12"; "" if it has no number yet
	What     DecisionKind `json:"what"`
	Text     string       `json:"text,omitempty"` // the sentence; "" if withdrawn
	Who      []string     `json:"who,omitempty"`  // who took part
	Away     []string     `json:"away,omitempty"` // of a silence: who was on leave, and not asked
	Replaces string       `json:"replaces,omitempty"`
	At       time.Time    `json:"at"`
	MID      string       `json:"mid,omitempty"` // of the mail that decides
}

// A BlockedLine is a conversation in which an answer is overdue or nearly so, for
// those who can read it. It says what is needed, not who is slow.
type BlockedLine struct {
	Thread  int64     `json:"thread"`
	Subject string    `json:"subject"`
	MID     string    `json:"mid,omitempty"`
	Since   time.Time `json:"since"` // when its oldest answer was due, or is
	Needed  []Needed  `json:"needed"`
	Awake   []string  `json:"awake,omitempty"` // who can unblock it now, in words: "Ana until 17:00", "Tom from Tue 09:00"
}

// Needed is one answer that a blocked conversation waits for.
type Needed struct {
	Text    string `json:"text"`            // the sentence
	From    Author `json:"from"`            // whose answer is wanted
	To      Author `json:"to"`              // who asked
	Overdue bool   `json:"overdue"`         // false: at risk
	Cover   string `json:"cover,omitempty"` // who stands in; "" for nobody
}

// An Entry is a conversation with new mail.
type Entry struct {
	Thread   int64     `json:"thread,omitempty"` // 0: a message that stands alone
	Subject  string    `json:"subject"`
	Authors  []Author  `json:"authors"` // in the order in which they came, each once
	Messages int       `json:"messages"`
	At       time.Time `json:"at"`             // when the newest message came
	MID      string    `json:"mid,omitempty"`  // of the newest message, without <>
	MIDs     []string  `json:"mids,omitempty"` // of all, at most 20
	Since    time.Time `json:"since"`          // the tide whose digest first told of it
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

// A ClockChange is a day on which clocks change somewhere that matters to the reader.
type ClockChange struct {
	Cities  []string       `json:"cities,omitempty"` // empty: the reader's own
	Day     scheduler.Date `json:"day"`              // there
	Forward time.Duration  `json:"forward"`          // by how much; negative: back
	There   string         `json:"there,omitempty"`  // "09:00": a time of day in these places, and what
	Before  string         `json:"before,omitempty"` // the reader's clock shows then, now
	After   string         `json:"after,omitempty"`  // and after the change
}

// A Message is one that comes with a tide.
type Message struct {
	Thread  int64
	Subject string
	Author  Author
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
	e := Entry{Thread: m.Thread, Since: c.Tide}
	e.add(m)
	c.Entries = append(c.Entries, e)
}

func (e *Entry) add(m Message) {
	e.Messages++
	e.Subject, e.At = m.Subject, m.At
	e.MID = m.MID
	if m.MID != "" && len(e.MIDs) < maxMIDs {
		e.MIDs = append(e.MIDs, m.MID)
	}
	if !slices.ContainsFunc(e.Authors, func(a Author) bool { return a.Address == m.Author.Address }) && len(e.Authors) < maxMIDs {
		e.Authors = append(e.Authors, m.Author)
	}
}

// Repeat begins the digest of the tide at now with what the unread one before it
// said and nobody can look up again. keep tells which entries still wait to be read;
// nil keeps all. Questions, decisions and what is blocked are told anew, from Since
// on, as they are now.
func Repeat(last Content, tide time.Time, keep func(Entry) bool) Content {
	c := Content{Tide: tide, Since: last.Since, First: last.First, Counts: last.Counts, Confirmed: slices.Clone(last.Confirmed)}
	for _, e := range last.Entries {
		if keep == nil || keep(e) {
			c.Entries = append(c.Entries, e)
		}
	}
	for _, d := range last.Decisions { // The others are looked up again; this was asked once.
		if d.What == DecisionToConfirm {
			c.Decisions = append(c.Decisions, d)
		}
	}
	return c
}

// Empty reports whether there is nothing to tell: then no digest is sent.
func (c Content) Empty() bool {
	return len(c.Asks) == 0 && len(c.Mine) == 0 && len(c.Decisions) == 0 && len(c.Entries) == 0 && c.More == 0 && len(c.Confirmed) == 0 && len(c.Clocks) == 0
}

// messages counts the mail the digest tells of.
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
