package coach

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tidepost/intent"
	"tidepost/policies"
)

// wantsForm reports whether the four lines help with what a policy misses.
func wantsForm(policy string) bool {
	switch policy {
	case policies.Context, policies.CTA, policies.Proposal, policies.NobodyNamed:
		return true
	}
	return false
}

// form is the four lines to fill in, with what the draft has already. What is missing
// is asked for after an ellipsis.
func (a Advice) form(f policies.Finding) []string {
	r := a.Read
	lines := []struct{ name, have, ask string }{
		{"Context", a.contextLine(f), "what it is about, and since when"},
		{"Blocker or update", a.own(r.Blocker, f), "what stands in the way, or what is new"},
		{"Proposal", a.own(r.Plan, f), "what you would do"},
		{"Call to action", a.action(f), ""},
	}
	out := make([]string, 0, len(lines))
	for _, l := range lines {
		have := l.have
		if have == "" {
			have = "… (" + l.ask + ")"
		}
		out = append(out, line(l.name+": "+have, width))
	}
	return out
}

// own is a sentence of the draft, unless it is the one that the advice is about, or the
// ask itself: that would fill a line with what is missing.
func (a Advice) own(s *intent.Statement, f policies.Finding) string {
	if s == nil {
		return ""
	}
	about := strings.Contains(f.Quote, s.Text) || f.Quote != "" && strings.Contains(s.Text, f.Quote)
	if about && f.Policy != policies.Proposal { // There the problem is what the draft has.
		return ""
	}
	for _, ask := range a.Read.Asks {
		if ask.Text == s.Text {
			return ""
		}
	}
	return line(s.Text, maxFill)
}

// contextLine is what the draft says it is about: the sentence that gave its readers
// context, or the subject, unless that is what is missing.
func (a Advice) contextLine(f policies.Finding) string {
	if slices.Contains(f.Missing, policies.MissingTopic) || slices.Contains(f.Missing, policies.MissingContext) {
		return ""
	}
	if a.Read.Context.Value == "yes" {
		return line(a.Subject, maxFill)
	}
	return ""
}

// action is the first ask as a call to action: who, what, by when.
func (a Advice) action(f policies.Finding) string {
	who, what, when := "… (who)", "… (does what)", "… (by when)"
	if len(a.To) == 1 {
		who = line(a.To[0], maxName)
	}
	if len(a.Read.Asks) > 0 {
		ask := a.Read.Asks[0]
		if n := ownersOf(ask); n != "" && !slices.Contains(f.Missing, policies.MissingWho) {
			who = n
		}
		if ask.Due != nil && !slices.Contains(f.Missing, policies.MissingWhen) {
			when = line(ask.Due.Text, 30)
		}
		if !slices.Contains(f.Missing, policies.MissingWhat) && !slices.Contains(f.Missing, policies.MissingTopic) {
			room := width - utf8.RuneCountInString("Call to action: "+who+": , "+when) - 2
			what = line(spoken(ask.Text, who), max(room, 20))
		}
	}
	if strings.Contains(what, when) {
		return who + ": " + what
	}
	return who + ": " + what + ", " + when
}

// spoken is what is asked without the name it is put to, and without its last mark.
func spoken(text, who string) string {
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), " .?!")
	if rest, ok := strings.CutPrefix(text, who); ok && strings.HasPrefix(rest, ",") {
		text = strings.TrimLeft(rest, ", ")
	}
	return text
}

// ownersOf names whom an ask is put to, "" if that is nobody in particular.
func ownersOf(ask intent.Ask) string {
	if ask.All || ask.Someone {
		return ""
	}
	var out []string
	for _, o := range ask.Owners {
		n := o.Name
		if first := strings.Fields(n); len(first) > 0 {
			n = first[0]
		}
		if n == "" {
			n = o.Address.Local
		}
		out = append(out, n)
	}
	return names(out)
}
