package policies

import "time"

// A Policy is one line of the table.
type Policy struct {
	Name     string
	Doc      string // one sentence, shown by "tidepost policy list"
	Evaluate func(in Input, now time.Time) []Finding
	Coach    bool // it advises, in the mode of Input.Modes
}

const (
	namePass     = "pass"
	nameTags     = "tags"
	nameUrgent   = "urgent"
	nameTogether = "together"
)

// The policies of the coach; their names are keys of Input.Modes, and what a
// person says in "never attachment".
const (
	Attachment  = "attachment"
	Context     = "context"
	CTA         = "cta"
	Proposal    = "proposal"
	NobodyNamed = "nobody-named"
	DueTime     = "due"
	Superseded  = "superseded"
	Storm       = "storm"
	InPerson    = "in-person"
	Tone        = "tone"
	Length      = "length"
	Subject     = "subject"
)

// Table returns the policies in their order: what lets mail pass comes first, what
// its author said comes before what Tidepost thinks, and that comes before what the
// coach advises.
func Table() []Policy {
	return []Policy{
		{namePass, "Mail that never waits: calendar, codes, machines, lists, and whom you named.", passList, false},
		{nameTags, "What the author wrote in front of the subject or behind a plus sign.", tags, false},
		{nameUrgent, "Mail that passes holds and tides, and is counted.", urgent, false},
		{nameTogether, "Decisions and proposals with a due time reach everybody at one moment.", together, false},
		{Attachment, "A file or link is named and missing.", attachment, true},
		{Context, "Its readers would have to ask what it is about.", noContext, true},
		{CTA, "Something is wanted, and it is not said what.", callToAction, true},
		{Proposal, "A problem is put, and nothing is proposed.", noProposal, true},
		{NobodyNamed, "Several people are asked, and nobody is named.", nobodyNamed, true},
		{DueTime, "Silence decides without a day, or something is due before it is seen.", dueTime, true},
		{Superseded, "It relies on a decision whose place another has taken.", superseded, true},
		{Storm, "Too many replies go to all.", storm, true},
		{InPerson, "It is better said than written.", inPerson, true},
		{Tone, "Its reader would wince.", tone, true},
		{Length, "It is too long, or asks too much at once.", length, true},
		{Subject, "Its subject says nothing.", subject, true},
	}
}
