// Package check looks at mail in files, without a server and without a configuration:
// what it asks, promises and decides, which dates it names, and what the coach would
// say of it if its author sent it now.
//
// Whatever a message does to the reader of it, the next one is looked at. Files are
// read one message at a time: an mailbox file of any size takes the memory of its
// largest message, MaxMessage at most.
package check

import (
	"fmt"
	"strings"
	"time"

	"tidepost/coach"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/policies"
)

// MaxMessage is how large a message may be that is looked at.
const MaxMessage = 64 << 20

// A Report is what there is to say of one message. It is printed as JSON: fields are
// only added, never renamed, and empty ones are left out but for those without
// omitempty. Times are RFC 3339 with the offset of the zone they are meant in.
type Report struct {
	Source    string   `json:"source"`          // the file; FILE#N is the Nth message of a mailbox file
	Error     string   `json:"error,omitempty"` // why it could not be looked at; then nothing below is there
	MessageID string   `json:"message_id,omitempty"`
	Subject   string   `json:"subject"`
	From      string   `json:"from,omitempty"`
	To        []string `json:"to,omitempty"`
	Date      string   `json:"date,omitempty"`
	Language  string   `json:"language"` // "" is one that is not read
	Kind      string   `json:"kind"`

	Advice   bool      `json:"advice"`   // the draft would be handed back
	Findings []Finding `json:"findings"` // of the coach, those in dry run too

	Asks      []Ask      `json:"asks"`
	Promises  []Promise  `json:"promises"`
	Decisions []Sentence `json:"decisions"`
	Lazy      *Promise   `json:"lazy_consensus,omitempty"` // silence decides
	Dates     []Date     `json:"dates"`

	Tone       Stance `json:"tone"`
	Medium     Stance `json:"medium"`
	Attachment Stance `json:"attachment"`
	Context    Stance `json:"context"`
	Proposal   Stance `json:"proposal"`
	CTA        Stance `json:"call_to_action"`

	text string // the advice as its author would read it, but for when it leaves
}

// A Finding is what a policy of the coach noticed.
type Finding struct {
	Policy    string   `json:"policy"`
	Reason    string   `json:"reason"`
	DryRun    bool     `json:"dry_run,omitempty"` // counted only, unless it is switched on
	Quote     string   `json:"quote,omitempty"`
	Missing   []string `json:"missing,omitempty"`
	Recipient string   `json:"recipient,omitempty"` // "" is all of them
	Says      string   `json:"says"`                // in the words of the advice
}

// A Sentence is a sentence with the words it was recognised by. Start and End count
// octets of the new words, or of the subject.
type Sentence struct {
	Text      string `json:"text"`
	Because   string `json:"because,omitempty"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
	InSubject bool   `json:"in_subject,omitempty"`
}

// A Due is when something is due. At is "" where the words name no instant.
type Due struct {
	Text string `json:"text"`
	At   string `json:"at,omitempty"`
}

// An Ask is something that the author wants.
type Ask struct {
	Sentence
	Kind    string   `json:"kind"`
	Owners  []string `json:"owners,omitempty"` // addresses, or names of people who are no recipients
	All     bool     `json:"all,omitempty"`
	Someone bool     `json:"someone,omitempty"`
	Due     *Due     `json:"due,omitempty"`
	Score   float64  `json:"score"`
}

// A Promise is something the author commits to.
type Promise struct {
	Sentence
	Due *Due `json:"due,omitempty"`
}

// A Date is an expression of time.
type Date struct {
	Text string `json:"text"`
	At   string `json:"at"`
}

// A Stance is a value with the words that speak for it.
type Stance struct {
	Value   string   `json:"value"`
	Because []string `json:"because,omitempty"`
}

// Message looks at one message. zone is the author's; nil is that of its Date.
func Message(source string, octets []byte, zone *time.Location) (r Report) {
	defer func() {
		if p := recover(); p != nil {
			r = Report{Source: source, Error: fmt.Sprintf("reading it panicked: %v", p)}
		}
	}()
	head, body := mail.SplitHead(octets)
	content := mail.Scan(head, body)
	var from mail.Address
	h := mail.ParseHeader(head)
	if list := h.Addresses("From"); len(list) > 0 {
		from = list[0].Address
	}
	facts := mail.FactsOf(h, content, from)
	in := policies.Standalone(facts, content, zone)
	read := in.Read()
	r = Report{Source: source, MessageID: facts.MessageID, Subject: facts.Subject, From: from.String(),
		Language: string(read.Language), Kind: read.Kind,
		Tone: stance(read.Tone), Medium: stance(read.Medium), Attachment: stance(read.Attachment),
		Context: stance(read.Context), Proposal: stance(read.Proposal), CTA: stance(read.CTA)}
	for _, m := range facts.To {
		r.To = append(r.To, m.Address.String())
	}
	ref := facts.Date
	if facts.DateOK {
		r.Date = facts.Date.Format(time.RFC3339)
	}
	if zone != nil {
		ref = ref.In(zone)
	}
	r.read(read, in.NewWords, ref)
	r.coach(facts, in, read)
	return r
}

// read fills in what the words say.
func (r *Report) read(f intent.Findings, words string, ref time.Time) {
	r.Asks, r.Promises, r.Decisions, r.Dates = []Ask{}, []Promise{}, []Sentence{}, []Date{}
	for _, a := range f.Asks {
		out := Ask{Sentence: sentence(a.Statement), Kind: a.Kind, All: a.All, Someone: a.Someone, Due: due(a.Due), Score: a.Score}
		for _, o := range a.Owners {
			if s := o.Address.String(); s != "" {
				out.Owners = append(out.Owners, s)
			} else {
				out.Owners = append(out.Owners, o.Name)
			}
		}
		r.Asks = append(r.Asks, out)
	}
	for _, p := range f.Promises {
		r.Promises = append(r.Promises, Promise{sentence(p.Statement), due(p.Due)})
	}
	for _, d := range f.Decisions {
		r.Decisions = append(r.Decisions, sentence(d))
	}
	if f.Lazy != nil {
		r.Lazy = &Promise{sentence(f.Lazy.Statement), due(f.Lazy.Due)}
	}
	if f.Language == intent.Unknown {
		return
	}
	for _, t := range intent.Times(words, ref, intent.TimeOptions{Language: f.Language}) {
		r.Dates = append(r.Dates, Date{strings.Join(strings.Fields(words[t.Start:t.End]), " "), t.At.Format(time.RFC3339)})
	}
}

// coach fills in what the coach would say.
func (r *Report) coach(f mail.Facts, in policies.Input, read intent.Findings) {
	r.Findings = []Finding{}
	now := f.Date
	if !f.DateOK {
		now = time.Unix(0, 0).UTC() // No policy of the coach looks at it.
	}
	found := policies.Coach(in, now)
	a := coach.Advice{Subject: f.Subject, Read: read}
	for _, rcpt := range in.Recipients {
		a.To = append(a.To, nameOf(f, rcpt.Address))
	}
	for _, x := range found {
		out := Finding{Policy: x.Policy, Reason: string(x.Reason), DryRun: x.DryRun, Quote: x.Quote, Missing: x.Missing, Says: a.Sentence(x)}
		if x.Recipient >= 0 && x.Recipient < len(in.Recipients) {
			out.Recipient = in.Recipients[x.Recipient].Address.String()
		}
		r.Findings = append(r.Findings, out)
		if !x.DryRun {
			r.Advice = true
			a.Findings = append(a.Findings, x)
		}
	}
	if a.Findings = coach.Shown(a.Findings); r.Advice {
		r.text = a.Body()
	}
}

// Text is the advice as the author would read it, "" if there is none.
func (r *Report) Text() string { return r.text }

// nameOf is how a recipient is called.
func nameOf(f mail.Facts, a mail.Address) string {
	for _, list := range [][]mail.Mailbox{f.To, f.Cc} {
		for _, m := range list {
			if m.Address.Key() == a.Key() && m.Name != "" {
				return strings.Fields(m.Name + " ")[0]
			}
		}
	}
	return a.String()
}

func sentence(s intent.Statement) Sentence {
	return Sentence{Text: s.Text, Because: s.Because, Start: s.Start, End: s.End, InSubject: s.InSubject}
}

func due(d *intent.Due) *Due {
	if d == nil {
		return nil
	}
	out := &Due{Text: strings.Join(strings.Fields(d.Text), " ")}
	if d.OK {
		out.At = d.At.Format(time.RFC3339)
	}
	return out
}

func stance(s intent.Stance) Stance { return Stance{Value: s.Value, Because: s.Because} }
