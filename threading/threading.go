// Package threading says which conversation a message belongs to, and by when the
// answers that it asks for are due. It is pure: nothing here reads a clock, a file or
// a database, and what it has to know of other mail it asks the caller.
//
// # Threads
//
// A message is placed when it comes; nothing is computed over a whole mailbox. Join
// hangs every message id below at most one other: a message below the one it names as
// its parent, an id that was only cited where the fullest list of References has it.
// What hangs together is a thread. So the threads follow from the messages and not
// from their order, a ring of references is just one thread, a copy changes nothing,
// and whoever cites everything joins one thread and not all. A message that comes
// late can join two threads (the older id stays, the younger one resolves to it) or
// part them again (the younger id lives again).
//
// What is trusted, in this order:
//   - the message's own id, if somebody has cited it before it came, or if a copy of
//     it is here already: the first copy counts;
//   - its References, or its In-Reply-To without any;
//   - the base subject, only for an answer that names nobody at all, only if its
//     author and one of its recipients took part in the mail it answers, and only
//     within 14 days.
//
// To be in a thread proves nothing: anybody who knows an id can cite it.
//
// References and OrderedSubject are something else: the trees of the THREAD command
// of IMAP, which clients expect to the letter.
//
// # Clocks
//
// An ask of one owner has a Clock: a state machine whose only way to change is Step,
// by the table in clock_table.go, which docs/clocks.md draws and explains. Due times
// come from the owner's calendar alone. Until is the timer of lazy consensus.
//
// Not here: whom a name means, who covers for whom, which mail is a reply to which
// ask, and where any of it is kept.
package threading

import (
	"slices"
	"time"

	"tidepost/mail"
)

// MaxRefs bounds how many ids of one message are looked up and remembered; the
// root and the nearest ancestors are kept.
const MaxRefs = mail.MaxMessageIDs

// SubjectWindow is how long after the last message of a thread an answer without
// references may still join it by its subject.
const SubjectWindow = 14 * 24 * time.Hour

// A Message is what threading needs to know of one that has come.
type Message struct {
	ID          string   // Message-ID without <>, "" if none
	References  []string // oldest first
	InReplyTo   []string
	Subject     string // base subject (RFC 5256 §2.1)
	IsReply     bool
	From        []string // addresses, lower-case
	To          []string // all recipients of the header, lower-case
	At          time.Time
	IsAutomatic bool // lists and machines: their subjects join nothing
	Doubtful    bool // forged or junk: it joins the mail it names and says nothing of others
}

// Of takes from facts what threading needs. at is when the message came, or for Join
// what Written says.
func Of(f mail.Facts, at time.Time) Message {
	return Message{
		ID: f.MessageID, References: f.References, InReplyTo: f.InReplyTo, Subject: f.BaseSubject,
		IsReply: f.IsReply, From: keys(f.From), To: append(keys(f.To), keys(f.Cc)...), At: at,
		IsAutomatic: f.IsList || f.IsBulk || f.IsAuto || f.IsBounce,
	}
}

// Written is when a message was written: its Date, if that is not more than
// SubjectWindow before it came nor an hour after, else when it came.
func Written(f mail.Facts, received time.Time) time.Time {
	if !f.DateOK || f.Date.Before(received.Add(-SubjectWindow)) || f.Date.After(received.Add(time.Hour)) {
		return received
	}
	return f.Date.UTC()
}

func keys(list []mail.Mailbox) []string {
	out := make([]string, 0, len(list))
	for _, m := range list {
		out = append(out, m.Address.Key())
	}
	return out
}

// A Known is what is remembered of a message id.
type Known struct {
	Thread int64 // 0: never seen
	Here   bool  // a message with that id is here; false: it was only cited
}

// A Candidate is a thread with the same base subject.
type Candidate struct {
	Thread  int64
	Members []string // who wrote or was written to, lower-case
	Last    time.Time
}

// A Memory answers for what came before. Its errors end the placing.
type Memory interface {
	// Known returns what is remembered of a message id.
	Known(mid string) (Known, error)
	// Candidates returns threads with that base subject that had a message since.
	Candidates(subject string, since time.Time) ([]Candidate, error)
}

// A Reason says what decided.
type Reason string

// The reasons of a placement.
const (
	ByID       Reason = "id"         // somebody named this message before it came
	ByAncestor Reason = "references" // the nearest known ancestor
	BySubject  Reason = "subject"
	New        Reason = "new"
)

// A Placement is where a message belongs.
type Placement struct {
	Thread   int64    // to join; 0: begin a new one
	Merge    int64    // a thread that turns out to be the same one, to become part of Thread; 0: none
	Remember []string // ids to remember as part of the thread
	Reason   Reason
}

// Place says where m belongs by what is known so far. It needs less of its memory
// than Join does of a Graph, and its answer depends on what came before m.
func Place(m Message, memory Memory) (Placement, error) {
	refs := ancestors(m)
	p := Placement{Remember: remember(m.ID, refs), Reason: New}
	own, err := known(memory, m.ID)
	if err != nil {
		return p, err
	}
	parent, err := nearest(memory, refs)
	if err != nil {
		return p, err
	}
	switch {
	case own.Thread != 0:
		p.Thread, p.Reason = own.Thread, ByID
		// This is the message that was missing between two halves. One that is here
		// already, and comes again with other references, proves nothing.
		if !own.Here && parent != 0 && parent != own.Thread {
			p.Thread, p.Merge = min(parent, own.Thread), max(parent, own.Thread)
		}
	case parent != 0:
		p.Thread, p.Reason = parent, ByAncestor
	case len(refs) == 0:
		if p.Thread, err = bySubject(m, memory); err != nil {
			return p, err
		}
		if p.Thread != 0 {
			p.Reason = BySubject
		}
	}
	return p, nil
}

func known(memory Memory, mid string) (Known, error) {
	if mid == "" {
		return Known{}, nil
	}
	return memory.Known(mid)
}

// ancestors are the ids that m names, the nearest first, each once and never m
// itself.
func ancestors(m Message) []string {
	var out []string
	add := func(id string) {
		if id != "" && id != m.ID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range slices.Backward(m.References) {
		add(id)
	}
	for _, id := range m.InReplyTo {
		add(id)
	}
	if n := len(out); n > MaxRefs {
		// The root is the last but for what In-Reply-To adds; both ends matter most.
		root := out[n-1]
		out = append(out[:MaxRefs-1:MaxRefs-1], root)
	}
	return out
}

func remember(id string, refs []string) []string {
	out := make([]string, 0, len(refs)+1)
	if id != "" {
		out = append(out, id)
	}
	return append(out, refs...)
}

func nearest(memory Memory, refs []string) (int64, error) {
	for _, id := range refs {
		k, err := memory.Known(id)
		if err != nil || k.Thread != 0 {
			return k.Thread, err
		}
	}
	return 0, nil
}

// bySubject finds the youngest thread that m may join by its subject alone.
func bySubject(m Message, memory Memory) (int64, error) {
	if !m.IsReply || m.Subject == "" || m.IsAutomatic {
		return 0, nil
	}
	list, err := memory.Candidates(m.Subject, m.At.Add(-SubjectWindow))
	if err != nil {
		return 0, err
	}
	var best Candidate
	for _, c := range list {
		if c.fits(m) && (best.Thread == 0 || c.Last.After(best.Last)) {
			best = c
		}
	}
	return best.Thread, nil
}

// fits reports whether author and a recipient of m took part in c, and in time.
func (c Candidate) fits(m Message) bool {
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(a string) bool { return slices.Contains(c.Members, a) })
	}
	return in(m.From) && in(m.To) && !c.Last.Before(m.At.Add(-SubjectWindow))
}
