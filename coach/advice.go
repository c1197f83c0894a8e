package coach

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/policies"
)

// maxPolicies is how many policies speak of one draft: who reads about more at once
// acts on none.
const maxPolicies = 2

// Shown picks the findings that are worth saying: the first of each policy, in the
// order of the table, of maxPolicies policies at most.
func Shown(found []policies.Finding) []policies.Finding {
	var out []policies.Finding
	seen := map[string]bool{}
	for _, f := range found {
		if !seen[f.Policy] && len(out) < maxPolicies {
			seen[f.Policy] = true
			out = append(out, f)
		}
	}
	return out
}

// An Advice is what there is to say of one draft.
type Advice struct {
	Subject  string             // of the draft
	Findings []policies.Finding // one at least, as Shown picks them
	Read     intent.Findings
	Rates    map[string]Rate // of the policies that spoke

	To     []string                                // what the recipients are called, as Finding.Recipient counts
	Moment func(t time.Time, recipient int) string // an instant in words: with both zones, or for policies.Everybody on the author's clock
	Leaves []Leaving                               // who waits; empty: it has left, for learning only
	Left   []string                                // whom it reaches at once
}

// A Leaving is when the draft leaves for some of its recipients.
type Leaving struct {
	When string // on the author's clock, "10:14" today
	To   []string
}

// A Rate says how often a policy was wrong of late.
type Rate struct{ Judged, FalseAlarms int }

// Rules of the rates (PRODUCT, coaching).
const (
	RateFrom   = 20 // advices from which a rate is shown
	RateWindow = 50 // the last advices that count
	ratePart   = 5  // more than one in five is too many
)

// TooMany reports whether a policy is wrong so often that it must stop speaking.
func (r Rate) TooMany() bool { return r.Judged >= RateWindow && r.FalseAlarms*ratePart > r.Judged }

// words gives the rate for people, "" while too little is known.
func (r Rate) words() string {
	if r.Judged < RateFrom {
		return ""
	}
	return fmt.Sprintf("%d of the last %d were false alarms.", r.FalseAlarms, r.Judged)
}

// Title is the subject of the advice: what is missing comes first, for phones show
// little more.
func (a Advice) Title() string {
	what := summary(a.Findings[0])
	head := "Before sending: "
	if len(a.Leaves) == 0 {
		head = "For next time: "
	}
	if s := line(a.Subject, 60); s != "" {
		return head + what + " (" + s + ")"
	}
	return head + what
}

// Text is the advice in at most MaxLines lines of at most 76 columns.
func (a Advice) Text() string {
	end := a.end()
	var form []string
	for _, f := range a.Findings {
		if wantsForm(f.Policy) {
			form = a.form(f)
			break
		}
	}
	room := MaxLines - len(end) - 1
	if len(form) > 0 {
		room -= len(form) + 1
	}
	body := a.said(room)
	if len(form) > 0 {
		body = append(append(body, ""), form...)
	}
	body = append(append(body, ""), end...)
	if len(body) > MaxLines { // The empty lines are what can be spared.
		body = withoutEmpty(body, len(body)-MaxLines)
	}
	return strings.Join(body, "\n") + "\n"
}

// Body is the advice without when the draft leaves and how to answer: for a draft that
// nobody has sent.
func (a Advice) Body() string {
	body := a.said(MaxLines - 5)
	for _, f := range a.Findings {
		if wantsForm(f.Policy) {
			body = append(append(body, ""), a.form(f)...)
			break
		}
	}
	return strings.Join(body, "\n") + "\n"
}

// said is what was found, the first thing whole, others as long as there is room.
func (a Advice) said(room int) []string {
	var out []string
	for i, f := range a.Findings {
		if i > 0 && f.Quote == a.Findings[i-1].Quote {
			f.Quote = "" // It stands above.
		}
		next := wrap(a.Sentence(f))
		if len(out) > 0 && len(out)+len(next) > room {
			break
		}
		out = append(out, next...)
	}
	return out
}

// end says when the draft leaves and how to answer.
func (a Advice) end() []string {
	var out []string
	if len(a.Leaves) == 0 {
		out = append(out, wrap("It has left already: mail to people outside is never delayed. Reply *never* for no more advice on "+a.kinds()+".")...)
	} else {
		out = append(out, wrap(a.leaves())...)
		out = append(out, wrap("Edited and sent again, it replaces this draft. Or reply *send* (leaves now, as it is) or *never* (no more advice on "+a.kinds()+").")...)
	}
	return append(out, a.rate()...)
}

// leaves is when it leaves, for whom.
func (a Advice) leaves() string {
	var when []string
	for i, l := range a.Leaves {
		if i == 2 {
			when = append(when, "later for "+count(len(a.Leaves)-i, "other"))
			break
		}
		s := line(l.When, 80)
		if len(a.Leaves) > 1 || len(a.Left) > 0 {
			s += " for " + names(l.To)
		}
		when = append(when, s)
	}
	s := "It leaves " + and(when) + " unless you act."
	if len(a.Left) > 0 {
		s += " Outside the team, " + names(a.Left) + " gets it at once."
	}
	return s
}

// kinds names what the advice is about.
func (a Advice) kinds() string {
	var out []string
	for _, p := range Policies(a.Findings) {
		out = append(out, About(p))
	}
	return and(out)
}

// rate tells how often these rules were wrong.
func (a Advice) rate() []string {
	for _, p := range Policies(a.Findings) {
		if s := a.Rates[p].words(); s != "" {
			return wrap("Advice on " + About(p) + ": " + s)
		}
	}
	return nil
}

// Policies are those that findings come from, each once, in their order.
func Policies(found []policies.Finding) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range found {
		if !seen[f.Policy] {
			seen[f.Policy] = true
			out = append(out, f.Policy)
		}
	}
	return out
}

// withoutEmpty leaves out n empty lines, the last ones first.
func withoutEmpty(lines []string, n int) []string {
	out := lines
	for i := len(out) - 1; i >= 0 && n > 0; i-- {
		if out[i] == "" {
			out = append(out[:i:i], out[i+1:]...)
			n--
		}
	}
	return out[:min(len(out), MaxLines)]
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
