package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/policies"
)

// workCase is a line of work-mail/cases.jsonl; LABELS.md there says what the
// labels mean.
type workCase struct {
	ID     string `json:"id"`
	Eml    string `json:"eml"`
	Zone   string `json:"zone"`
	Labels struct {
		Asks       []workAsk     `json:"asks"`
		Decisions  []string      `json:"decisions"`
		Promises   []workPromise `json:"promises"`
		Attachment string        `json:"attachment"`
		Coach      string        `json:"coach"`
		Medium     string        `json:"medium"`
		Tone       string        `json:"tone"`
	} `json:"labels"`
}

type workAsk struct {
	Text string   `json:"text"`
	Of   []string `json:"of"`
	Due  *string  `json:"due"`
}

type workPromise struct {
	Text string `json:"text"`
}

// A workScore holds what is measured over a set of work mails.
type workScore struct {
	result                                             *Result
	ask, span, owner, due                              *Measure
	coach, decision, promise, attachment, medium, tone *Measure
}

// runWorkMail reads every mail of the set. Sentences are compared by overlap;
// owner and due time are judged for the asks that were found.
func runWorkMail(r *Result) func(line []byte) error {
	s := workScore{
		result:     r,
		ask:        r.measure("asks, mail", formF1, "ask_f1"),
		span:       r.measure("asks, sentence", formF1, "ask_span_f1"),
		owner:      r.measure("owner of found asks", formShare, "owner_acc"),
		due:        r.measure("due of found asks", formShare, "due_acc"),
		coach:      r.measure("coach", formBoth, "coach_precision", "coach_recall"),
		decision:   r.measure("decisions", formF1, "decision_f1"),
		promise:    r.measure("promises", formF1, "promise_f1"),
		attachment: r.measure("attachment", formF1, "attachment_f1"),
		medium:     r.measure("medium", formBoth, "medium_precision", "medium_recall"),
		tone:       r.measure("harsh", formBoth, "harsh_precision", "harsh_recall"),
	}
	return func(line []byte) error {
		var c workCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Eml == "" {
			return errors.New("id or eml is missing")
		}
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return fmt.Errorf("zone: %w", err)
		}
		r.Items++
		var got workRead
		r.ask(func() { got = c.read(zone) })
		s.judge(c, got)
		return nil
	}
}

// workRead is what the gateway makes of a mail.
type workRead struct {
	intent.Findings
	to     []mail.Mailbox
	advice []policies.Finding // that is on by default
}

// read scans the message and asks the coach, as the gateway does.
func (c workCase) read(zone *time.Location) workRead {
	head, body := mail.SplitHead([]byte(c.Eml))
	content := mail.Scan(head, body)
	facts := mail.FactsOf(mail.ParseHeader(head), content, mail.Address{Local: "a", Domain: "x.example"})
	in := policies.Standalone(facts, content, zone)
	out := workRead{Findings: in.Read(), to: facts.To}
	for _, f := range policies.Coach(in, facts.Date) {
		if !f.DryRun {
			out.advice = append(out.advice, f)
		}
	}
	return out
}

// judge compares the findings of one mail with its labels.
func (s *workScore) judge(c workCase, got workRead) {
	l := c.Labels
	wrong := mistakes{id: c.ID}
	s.ask.yesNo(len(got.Asks) > 0, len(l.Asks) > 0)
	s.judgeAsks(c, got.Asks, got.to, &wrong)
	s.judgeAdvice(l.Coach == "yes", got.advice, &wrong)
	m := match(textsOf(got.Decisions, func(d intent.Statement) string { return d.Text }), l.Decisions)
	s.decision.add(wrong.note("decisions", m))
	m = match(textsOf(got.Promises, func(p intent.Promise) string { return p.Text }), textsOf(l.Promises, func(p workPromise) string { return p.Text }))
	s.promise.add(wrong.note("promises", m))
	s.attachment.add(named(got.Attachment.Value, l.Attachment))
	wrong.differ("attachment", got.Attachment, l.Attachment)
	personal := func(m string) bool { return m == intent.MediumSensitive || m == intent.MediumBonding }
	s.medium.yesNo(personal(got.Medium.Value), personal(l.Medium))
	if personal(got.Medium.Value) != personal(l.Medium) {
		wrong.differ("medium", got.Medium, l.Medium)
	}
	s.tone.yesNo(got.Tone.Value == intent.ToneHarsh, l.Tone == intent.ToneHarsh)
	wrong.differ("tone", got.Tone, l.Tone)
	for _, f := range wrong.list { // the mails with the most mistakes are the worst
		f.Weight = float64(len(wrong.list))
		s.result.fail(f)
	}
}

// judgeAsks compares the asks, and owner and due time of those that were found.
func (s *workScore) judgeAsks(c workCase, got []intent.Ask, to []mail.Mailbox, wrong *mistakes) {
	want := c.Labels.Asks
	m := match(textsOf(got, func(a intent.Ask) string { return a.Text }), textsOf(want, func(a workAsk) string { return a.Text }))
	s.span.add(wrong.note("asks", m))
	var owners, dues counts
	for g, w := range m.pairs {
		found := ownersOf(got[g], to)
		owners.share(sameOwners(found, want[w].Of, to))
		if !sameOwners(found, want[w].Of, to) {
			wrong.add("owner of "+got[g].Text, canonical(found), canonical(want[w].Of))
		}
		if want[w].Due == nil {
			continue
		}
		due := got[g].Due
		right := due != nil && due.OK && sameInstant(due.At, *want[w].Due)
		if dues.share(right); !right {
			wrong.add("due of "+got[g].Text, dueText(due), *want[w].Due)
		}
	}
	s.owner.add(owners)
	s.due.add(dues)
}

// judgeAdvice compares whether the draft would be handed back.
func (s *workScore) judgeAdvice(want bool, advice []policies.Finding, wrong *mistakes) {
	if s.coach.yesNo(len(advice) > 0, want); (len(advice) > 0) == want {
		return
	}
	var reasons []string
	for _, f := range advice {
		reasons = append(reasons, string(f.Reason))
	}
	wrong.add("coach", canonical(reasons), canonical(want))
}

// named counts attachments that are named: the class has to be the right one.
func named(got, want string) (c counts) {
	switch {
	case got == want && want != intent.AttachmentNone:
		c.tp++
	case got != want:
		if got != intent.AttachmentNone {
			c.fp++
		}
		if want != intent.AttachmentNone {
			c.fn++
		}
	}
	return c
}

// mistakes collects what is wrong about one mail.
type mistakes struct {
	id   string
	list []Failure
}

func (m *mistakes) add(what, got, want string) {
	m.list = append(m.list, Failure{ID: m.id, Got: what + ": " + got, Want: want})
}

// note adds what a match left over, and returns its counts.
func (m *mistakes) note(what string, found matched) counts {
	if !found.whole() {
		m.add(what, canonical(found.extra), canonical(found.missed))
	}
	return found.counts()
}

func (m *mistakes) differ(what string, got intent.Stance, want string) {
	if got.Value != want {
		m.add(what, got.Value+" "+canonical(got.Because), want)
	}
}

func textsOf[T any](list []T, text func(T) string) []string {
	var out []string
	for _, item := range list {
		out = append(out, text(item))
	}
	return out
}

// ownersOf gives the owners as the labels do: addresses, names without one, "*"
// for all, nothing for somebody.
func ownersOf(a intent.Ask, to []mail.Mailbox) []string {
	if a.All {
		return []string{"*"}
	}
	var out []string
	for _, o := range a.Owners {
		if o.Address.IsNull() {
			out = append(out, plainName(o.Name))
		} else {
			out = append(out, o.Address.Key())
		}
	}
	return out
}

// plainName is a name as addresses write it: in lower case, without accents.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
}

// sameOwners compares sets of owners; "*" stands for all in To. A name that no
// recipient has is compared with the beginning of the address.
func sameOwners(got, want []string, to []mail.Mailbox) bool {
	all := func(list []string) []string {
		if len(list) == 1 && list[0] == "*" {
			list = nil
			for _, m := range to {
				list = append(list, m.Address.Key())
			}
		}
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Compact(list)
	}
	g, w := all(got), all(want)
	return slices.EqualFunc(g, w, func(a, b string) bool {
		return a == b || !strings.Contains(a, "@") && strings.HasPrefix(b, a+".")
	})
}

func sameInstant(got time.Time, want string) bool {
	t, err := time.Parse(time.RFC3339, want)
	return err == nil && got.Truncate(time.Second).Equal(t)
}

func dueText(d *intent.Due) string {
	if d == nil {
		return "none"
	}
	if !d.OK {
		return d.Text
	}
	return d.Text + " " + d.At.Format(time.RFC3339)
}
