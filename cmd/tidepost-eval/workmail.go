package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// workCase is a line of work-mail/cases.jsonl; LABELS.md there says what the
// labels mean.
type workCase struct {
	ID     string `json:"id"`
	Eml    string `json:"eml"`
	Zone   string `json:"zone"`
	Labels struct {
		Asks []struct {
			Text string   `json:"text"`
			Of   []string `json:"of"`
			Due  *string  `json:"due"`
		} `json:"asks"`
		Decisions []string `json:"decisions"`
		Promises  []struct {
			Text string `json:"text"`
		} `json:"promises"`
		Attachment string `json:"attachment"`
		Medium     string `json:"medium"`
		Tone       string `json:"tone"`
	} `json:"labels"`
}

// workScore counts over a set of work mails.
type workScore struct {
	ask, span, decision, promise, medium, harsh counts
	attachment                                  map[string]*counts
	owner, due                                  share
}

// counts are those of a yes-or-no question.
type counts struct{ tp, fp, fn int }

func (c *counts) add(got, want bool) {
	switch {
	case got && want:
		c.tp++
	case got:
		c.fp++
	case want:
		c.fn++
	}
}

func (c counts) precision() float64 { return ratio(c.tp, c.tp+c.fp) }
func (c counts) recall() float64    { return ratio(c.tp, c.tp+c.fn) }
func (c counts) f1() float64        { return ratio(2*c.tp, 2*c.tp+c.fp+c.fn) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// runWorkMail reads every mail of the set. Sentences are compared by overlap;
// owner and due time are judged for the asks that were found.
func runWorkMail(cases io.Reader, path string) (Result, error) {
	result := Result{Metrics: map[string]float64{}}
	score := workScore{attachment: map[string]*counts{intent.AttachmentPresent: {}, intent.AttachmentMissing: {}}}
	err := eachLine(cases, path, func(line []byte) error {
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
		result.Items++
		got, to := c.read(zone)
		result.Failures = append(result.Failures, score.add(c, got, to)...)
		return nil
	})
	m := result.Metrics
	m["ask_f1"], m["ask_span_f1"] = score.ask.f1(), score.span.f1()
	m["decision_f1"], m["promise_f1"] = score.decision.f1(), score.promise.f1()
	present, missing := score.attachment[intent.AttachmentPresent], score.attachment[intent.AttachmentMissing]
	m["attachment_f1"] = counts{present.tp + missing.tp, present.fp + missing.fp, present.fn + missing.fn}.f1()
	m["medium_precision"], m["medium_recall"] = score.medium.precision(), score.medium.recall()
	m["harsh_precision"], m["harsh_recall"] = score.harsh.precision(), score.harsh.recall()
	score.owner.put(m, "owner_acc")
	score.due.put(m, "due_acc")
	return result, err
}

// read scans the message as the gateway does.
func (c workCase) read(zone *time.Location) (intent.Findings, []mail.Mailbox) {
	head, body := mail.SplitHead([]byte(c.Eml))
	content := mail.Scan(head, body)
	facts := mail.FactsOf(mail.ParseHeader(head), content, mail.Address{Local: "a", Domain: "x.example"})
	return intent.Read(intent.InputOf(facts, content, zone)), facts.To
}

// add compares the findings of one mail with its labels.
func (s *workScore) add(c workCase, got intent.Findings, to []mail.Mailbox) []Failure {
	var out []Failure
	fail := func(what, got, want string) {
		out = append(out, Failure{ID: c.ID, Got: what + ": " + got, Want: want})
	}
	l := c.Labels
	s.ask.add(len(got.Asks) > 0, len(l.Asks) > 0)
	var texts, wants []string
	for _, a := range got.Asks {
		texts = append(texts, a.Text)
	}
	for _, a := range l.Asks {
		wants = append(wants, a.Text)
	}
	pairs := s.span.match(texts, wants, func(missed, extra []string) {
		fail("asks", canonical(extra), canonical(missed))
	})
	for g, w := range pairs {
		owners := ownersOf(got.Asks[g], to)
		right := sameOwners(owners, l.Asks[w].Of, to)
		if s.owner.add(right); !right {
			fail("owner of "+texts[g], canonical(owners), canonical(l.Asks[w].Of))
		}
		if l.Asks[w].Due == nil {
			continue
		}
		right = got.Asks[g].Due != nil && got.Asks[g].Due.OK && sameInstant(got.Asks[g].Due.At, *l.Asks[w].Due)
		if s.due.add(right); !right {
			fail("due of "+texts[g], dueText(got.Asks[g].Due), *l.Asks[w].Due)
		}
	}
	var decided, promised, promises []string
	for _, d := range got.Decisions {
		decided = append(decided, d.Text)
	}
	s.decision.match(decided, l.Decisions, func(missed, extra []string) { fail("decisions", canonical(extra), canonical(missed)) })
	for _, p := range got.Promises {
		promised = append(promised, p.Text)
	}
	for _, p := range l.Promises {
		promises = append(promises, p.Text)
	}
	s.promise.match(promised, promises, func(missed, extra []string) { fail("promises", canonical(extra), canonical(missed)) })
	for name, count := range s.attachment {
		count.add(got.Attachment.Value == name, l.Attachment == name)
	}
	if got.Attachment.Value != l.Attachment {
		fail("attachment", got.Attachment.Value, l.Attachment)
	}
	personal := func(m string) bool { return m == intent.MediumSensitive || m == intent.MediumBonding }
	s.medium.add(personal(got.Medium.Value), personal(l.Medium))
	if personal(got.Medium.Value) != personal(l.Medium) {
		fail("medium", got.Medium.Value+" "+canonical(got.Medium.Because), l.Medium)
	}
	s.harsh.add(got.Tone.Value == intent.ToneHarsh, l.Tone == intent.ToneHarsh)
	if got.Tone.Value != l.Tone {
		fail("tone", got.Tone.Value+" "+canonical(got.Tone.Because), l.Tone)
	}
	return out
}

// match pairs found and wanted sentences one to one by overlap, counts, and
// reports what is left over.
func (c *counts) match(got, want []string, report func(missed, extra []string)) map[int]int {
	pairs := map[int]int{}
	taken := map[int]bool{}
	for w, text := range want {
		best, at := 0.0, -1
		for g := range got {
			if _, used := pairs[g]; !used {
				if o := overlap(got[g], text); o > best {
					best, at = o, g
				}
			}
		}
		if at >= 0 && best >= 0.5 {
			pairs[at], taken[w] = w, true
		}
	}
	var missed, extra []string
	for w := range want {
		if !taken[w] {
			missed = append(missed, want[w])
		}
	}
	for g := range got {
		if _, used := pairs[g]; !used {
			extra = append(extra, got[g])
		}
	}
	c.tp += len(pairs)
	c.fn += len(missed)
	c.fp += len(extra)
	if len(missed)+len(extra) > 0 {
		report(missed, extra)
	}
	return pairs
}

// overlap is the share of the shorter sentence that stands, in one piece, in the
// other.
func overlap(a, b string) float64 {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	longest := 0
	row := make([]int, len(y)+1)
	for i := range x {
		diagonal := 0
		for j := range y {
			next := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diagonal + 1
				longest = max(longest, row[j+1])
			} else {
				row[j+1] = 0
			}
			diagonal = next
		}
	}
	return float64(longest) / float64(min(len(x), len(y)))
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
			out = append(out, strings.ToLower(o.Name))
		} else {
			out = append(out, o.Address.Key())
		}
	}
	return out
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
