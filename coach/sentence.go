package coach

import (
	"slices"
	"strings"
	"time"

	"tidepost/policies"
)

// summary says of a finding in a few words what is the matter.
func summary(f policies.Finding) string {
	switch f.Policy {
	case policies.Attachment:
		if slices.Contains(f.Missing, policies.MissingLink) {
			return "no link in it"
		}
		return "nothing attached"
	case policies.Context:
		if slices.Contains(f.Missing, policies.MissingTopic) {
			return "what is it about?"
		}
		return "what does a newcomer need to know?"
	case policies.CTA:
		return question(f.Missing)
	case policies.Proposal:
		return "what do you propose?"
	case policies.NobodyNamed:
		return "who should answer?"
	case policies.DueTime:
		return "due before it is read"
	case policies.Storm:
		return "who truly needs it?"
	case policies.InPerson:
		return "better said in person"
	case policies.Tone:
		return "it may hurt"
	case policies.Length:
		return "too much for one mail"
	case policies.Subject:
		return "a subject that says more"
	}
	return f.Policy
}

// question asks for what is missing: "who, and by when?".
func question(missing []string) string {
	var out []string
	for _, m := range missing {
		switch m {
		case policies.MissingWho:
			out = append(out, "who")
		case policies.MissingWhat:
			out = append(out, "what")
		case policies.MissingWhen:
			out = append(out, "by when")
		case policies.MissingTopic:
			out = append(out, "about what")
		case policies.MissingContext:
			out = append(out, "what happened before")
		case policies.MissingProposal:
			out = append(out, "what do you propose")
		}
	}
	if len(out) == 0 {
		return "who does what, by when?"
	}
	return strings.Join(out, ", ") + "?"
}

// sentence says one finding whole, with the words of the draft that it is about.
func (a Advice) sentence(f policies.Finding) string {
	s := a.verdict(f)
	if q := quoted(f.Quote); q != "" {
		s = q + " " + s
	}
	if h := line(f.Hours, 80); h != "" {
		s += " Office hours: " + h + "."
	}
	return s
}

// verdict is a finding without its quotation.
func (a Advice) verdict(f policies.Finding) string {
	switch f.Policy {
	case policies.Attachment:
		if slices.Contains(f.Missing, policies.MissingLink) {
			return "There is no link in the mail."
		}
		return "Nothing is attached."
	case policies.Context:
		return a.context(f)
	case policies.CTA:
		return a.reader(f) + " would have to ask back: " + question(f.Missing)
	case policies.Proposal:
		return "That is the problem. What do you propose? A proposal can be answered with a yes."
	case policies.NobodyNamed:
		return "It goes to " + names(a.To) + ", and nobody is named: each may wait for the others. Who should answer?"
	case policies.DueTime:
		return a.early(f)
	case policies.Storm:
		return "The thread gets one reply to all after another. Who truly needs this one?"
	case policies.InPerson:
		return "This is easier to hear than to read. Say it in person, or on the phone."
	case policies.Tone:
		return "This may sound harsher than you mean it. What happened, and what do you need?"
	case policies.Length:
		return "That is much for one mail: what is not answered here is not answered at all. One mail an ask, or a list with names?"
	case policies.Subject:
		return "The subject does not tell what the mail wants. Name the thing and what is needed of whom."
	}
	return "Something is missing: " + question(f.Missing)
}

func (a Advice) context(f policies.Finding) string {
	if slices.Contains(f.Missing, policies.MissingTopic) {
		s := a.reader(f) + " cannot tell what it is about."
		rest := slices.DeleteFunc(slices.Clone(f.Missing), func(m string) bool { return m == policies.MissingTopic })
		if len(rest) > 0 {
			s += " And: " + question(rest)
		}
		return s
	}
	who := a.reader(f)
	if f.Recipient == policies.Everybody && f.Text != "" {
		who = line(f.Text, maxName)
	}
	return who + " is new here and would have to read the whole thread. Two lines help: what it is about, and what you want."
}

// early compares the due time with the moment when its reader first sees it.
func (a Advice) early(f policies.Finding) string {
	if f.Due.IsZero() || f.Seen.IsZero() || a.Moment == nil {
		return "The due time comes before the mail is read."
	}
	return a.reader(f) + " first sees this " + line(a.Moment(f.Seen, f.Recipient), 80) + ", " +
		after(f.Seen.Sub(f.Due)) + " your " + line(a.Moment(f.Due, f.Recipient), 80) + ". Another day, or `[urgent]`?"
}

// after is a length of time in words: "an hour after".
func after(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "at"
	case d < 90*time.Minute && d >= 45*time.Minute:
		return "an hour after"
	case d < 45*time.Minute:
		return count(int(d.Minutes()), "minute") + " after"
	case d < 36*time.Hour:
		return count(int((d+30*time.Minute).Hours()), "hour") + " after"
	}
	return count(int((d+12*time.Hour)/(24*time.Hour)), "day") + " after"
}

// reader is whom a finding is about, or all who read the mail.
func (a Advice) reader(f policies.Finding) string {
	if f.Recipient >= 0 && f.Recipient < len(a.To) {
		if n := line(a.To[f.Recipient], maxName); n != "" {
			return n
		}
	}
	if len(a.To) == 1 {
		if n := line(a.To[0], maxName); n != "" {
			return n
		}
	}
	return "Your readers"
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
