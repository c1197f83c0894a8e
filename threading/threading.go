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
	Topic       string // the same as it was written, to be shown
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
		ID: f.MessageID, References: f.References, InReplyTo: f.InReplyTo, Subject: f.BaseSubject, Topic: f.Topic,
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

// A Reason says what decided.
type Reason string

// The reasons of a placement.
const (
	ByID       Reason = "id"         // somebody named this message before it came
	ByAncestor Reason = "references" // the nearest known ancestor
	BySubject  Reason = "subject"
	New        Reason = "new"
)
