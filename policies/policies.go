// Package policies looks at one message and says what about it matters for when it
// leaves: which line of the pass list it meets, which override its author wrote,
// whether it is urgent, whether it wants to reach everybody together. The policies
// of the coach, below these in the same table, say what would cost its readers a
// round trip; they speak only where Input.Read tells what the mail says, each in
// the mode that Input.Modes or Defaults gives it.
//
// Invariants:
//   - Everything here is pure: no clock, no I/O, no state. The same Input gives the
//     same findings.
//   - The order of the table (table.go) is the order of the findings; nothing
//     registers itself.
//   - Every finding has a Reason, which reaches ledger, letters and tests alike.
//   - A message that cannot be read passes. No policy refuses mail.
//
// It is not responsible for release times (queue) and not for filing (inbox).
package policies

import (
	"time"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/scheduler"
)

// An Action is what a finding asks for.
type Action string

// The actions. Judge says which wins where several speak of one recipient.
const (
	Pass     Action = "pass"     // leave at once: it stands on the pass list
	Urgent   Action = "urgent"   // leave at once, pass tides, count it
	Now      Action = "now"      // the author said: leave at once
	At       Action = "at"       // the author named a time: Finding.When
	AsIs     Action = "as-is"    // the author said: no advice
	Together Action = "together" // reach all of To at one moment
	Annotate Action = "annotate" // nothing happens; worth a word to the author
	Advise   Action = "advise"   // hand the draft back, with what is missing
)

// A Reason names why a finding was made. Its value is stored and logged.
type Reason string

// A Span is a half-open range of octets in the text a finding is about: the decoded
// subject, or the address of the recipient. The zero Span is none.
type Span struct{ Start, End int }

// Everybody is Finding.Recipient of a finding about the whole message.
const Everybody = -1

// A Finding is one thing a policy noticed.
type Finding struct {
	Policy    string // name in the table
	Reason    Reason
	Action    Action
	Span      Span
	Recipient int             // index into Input.Recipients, or Everybody
	When      *scheduler.When // of Action At
	Text      string          // what was found, for people: a tag, a word, an address

	// Of Action Advise:
	Quote   string    // the sentence it is about, white space folded; "" if it is about the whole mail
	Missing []string  // what a reader would have to ask back: see MissingWho and its kin
	Hours   string    // office hours of the person who is asked for a talk, ""
	Due     time.Time // the due time that comes too early; zero: not about one
	Seen    time.Time // when Recipient first sees the mail, beside Due
	DryRun  bool      // its policy is in dry run: count it, show nothing
}

// What Finding.Missing may hold.
const (
	MissingWho        = "who"        // nobody is named
	MissingWhat       = "what"       // what is to be done
	MissingWhen       = "when"       // by when
	MissingTopic      = "topic"      // what it is about
	MissingContext    = "context"    // what a newcomer cannot know
	MissingProposal   = "proposal"   // what the author thinks should be done
	MissingAttachment = "attachment" // the file that is named
	MissingLink       = "link"       // the link that is named
)

// A Recipient is one forward-path as the policies see it.
type Recipient struct {
	Address mail.Address // with its plus-tag
	Team    bool         // a local person, whose tags are Tidepost's to read
}

// Lists are what a team or a person put on the pass list by name. Senders are
// addresses or "@domain", Domains without at sign, all lower-case; Words are any
// case.
type Lists struct {
	Senders    []string // From or recipient: always at once
	Domains    []string // of sender or recipient: always at once
	Words      []string // in the subject: always at once
	UrgentFrom []string // from outside: their urgent mail counts
}

// Input is a message with what is known around it.
type Input struct {
	Facts      mail.Facts
	NewWords   string // without quote and signature; may be ""
	Unreadable bool   // the head is no head: nothing could be read
	From       mail.Address
	Recipients []Recipient
	Submitted  bool           // with a login of the team; false: it came from elsewhere
	Device     bool           // with an app password of a machine
	Zone       *time.Location // the author's; nil is UTC
	Schedule   *scheduler.Schedule

	ParentSubject string // of the message replied to, decoded; "" unknown
	UrgentThread  bool   // the thread is an urgent one
	Objection     bool   // it objects to what silence would decide
	HeaderUses    int    // requests for urgent by header in the author's last week
	Priority      int    // MT-PRIORITY, −9 to 9 (RFC 6710)

	Team, Person Lists

	// For the coach. Keys are those of mail.Address.Key.
	Read         func() intent.Findings // what the mail says, read once; nil: do not coach
	Modes        map[string]Mode        // by policy; what is missing is as in Defaults
	Newcomers    []mail.Address         // in To, and not in the thread before
	ThreadLength int                    // messages of the thread before this one
	Rounds       int                    // turns of the same two people up to this one
	OnlyOther    bool                   // nobody but sender and sole recipient was ever in the thread
	StormReplies int                    // replies to all in the thread within the last hour, with this one
	StormLimit   int                    // how many make a storm; 0: never
	FirstSees    map[string]time.Time   // when a reader first sees the mail
	Names        []string               // first names of the people of the team
	OfficeHours  map[string]string      // of people, for people: "Tue 14:00-15:00"

	PastDecisions []PastDecision // those that hold no longer
}

// A Verdict is what the findings come to for one recipient.
type Verdict struct {
	Address  mail.Address // without a tag that was understood
	Pass     Reason       // the first line of the pass list it meets, ""
	Urgent   Source       // how it became urgent, "" if it is not
	Now      bool
	When     *scheduler.When
	Together bool
}

// A Source says how a mail became urgent.
type Source string

// The sources of urgency; the values stand in the store.
const (
	ByTag     Source = "tag"
	ByAddress Source = "address"
	ByHeader  Source = "header"
)

// Evaluate collects the findings of all policies, in the order of the table. The
// coach is asked last, and not at all about mail that is never coached.
func Evaluate(in Input, now time.Time) []Finding {
	var out []Finding
	asked, coached := false, false
	for _, p := range Table() {
		mode := On
		if p.Coach {
			if !asked {
				asked, coached = true, coachable(in, out)
			}
			if !coached {
				continue
			}
			if mode = in.mode(p.Name); mode == Off {
				continue
			}
		}
		for _, f := range p.Evaluate(in, now) {
			f.Policy, f.DryRun = p.Name, mode == DryRun
			out = append(out, f)
		}
	}
	return out
}

// Coach returns the findings of the coach alone: those whose Action is Advise.
func Coach(in Input, now time.Time) []Finding {
	var out []Finding
	for _, f := range Evaluate(in, now) {
		if f.Action == Advise {
			out = append(out, f)
		}
	}
	return out
}

// Judge turns findings into one verdict per recipient. What is said of one
// recipient beats what is said of everybody; urgent beats an explicit time, and
// that beats the pass list, because a time was asked for knowingly.
func Judge(in Input, found []Finding) []Verdict {
	out := make([]Verdict, len(in.Recipients))
	for i, r := range in.Recipients {
		out[i].Address = r.Address
	}
	for _, f := range found {
		for i := range out {
			if f.Recipient == Everybody {
				out[i].take(f)
			}
		}
	}
	own := make([]bool, len(out))
	for _, f := range found {
		if f.Recipient < 0 || f.Recipient >= len(out) {
			continue
		}
		v := &out[f.Recipient]
		if !own[f.Recipient] && (f.Action == Now || f.Action == At || f.Action == Urgent) {
			own[f.Recipient] = true
			v.Now, v.When, v.Urgent = false, nil, ""
		}
		v.take(f)
		if f.Action != Annotate && f.Span != (Span{}) {
			v.Address, _ = v.Address.Tag()
		}
	}
	return out
}

func (v *Verdict) take(f Finding) {
	switch f.Action {
	case Pass:
		if v.Pass == "" {
			v.Pass = f.Reason
		}
	case Urgent:
		if v.Urgent == "" {
			v.Urgent = sourceOf(f.Reason)
		}
	case Now:
		v.Now = true
	case At:
		if v.When == nil {
			v.When = f.When
		}
	case Together:
		v.Together = true
	}
}

// Tag returns the override tag of the subject that was understood, as
// mail.SubjectTag gives it, to be cut off; "" if there is none.
func Tag(found []Finding) string {
	for _, f := range found {
		if f.Recipient == Everybody && f.Policy == nameTags && f.Action != Annotate {
			return f.Text
		}
	}
	return ""
}
