package coach

import (
	"slices"
	"strconv"
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
		return "whose is it?"
	case policies.DueTime:
		if f.Reason == policies.ReasonNoDue {
			return "silence decides, but by when?"
		}
		return "due before it is read"
	case policies.Superseded:
		return "a decision that holds no longer"
	case policies.Storm:
		return "who truly needs it?"
	case policies.InPerson:
		if f.Reason == policies.ReasonOfficeHours {
			return "office hours"
		}
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

// question asks for what is missing: "what exactly, who and by when?".
func question(missing []string) string {
	var out []string
	for _, m := range missing {
		switch m {
		case policies.MissingWho:
			out = append(out, "who")
		case policies.MissingWhat:
			out = append(out, "what exactly")
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
	return and(out) + "?"
}

// Sentence says one finding whole, with the words of the draft that it is about.
func (a Advice) Sentence(f policies.Finding) string {
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
		return "That is the problem; what do you propose? A proposal can be answered with a yes."
	case policies.NobodyNamed:
		return "It goes to " + names(a.To) + ", and nobody is named: each may wait for the others. Whose is it?"
	case policies.DueTime:
		if f.Reason == policies.ReasonNoDue {
			return "Silence shall decide, but nobody is told by when. Name a day."
		}
		return a.early(f)
	case policies.Superseded:
		old, now, _ := strings.Cut(line(f.Text, 30), " ")
		return old + " holds no longer: " + now + " has taken its place. Look it up in the folder Decisions."
	case policies.Storm:
		return "This is reply number " + line(f.Text, 10) + " to all within an hour. Who truly needs it?"
	case policies.InPerson:
		return inPerson(f)
	case policies.Tone:
		return "This may sound harsher than you mean it. What happened, and what do you need?"
	case policies.Length:
		if f.Reason == policies.ReasonTooLong {
			return "It has " + line(f.Text, 10) + " new words. Who must do what belongs into the first three lines; the rest may be attached."
		}
		return "That is ask number " + strconv.Itoa(tooMany) + " of " + line(f.Text, 10) + ": who answers some forgets others. One mail an ask, or a numbered list with names?"
	case policies.Subject:
		if f.Reason == policies.ReasonNoSubject {
			return "There is no subject. Name the thing, and what is needed of whom."
		}
		return "The subject “" + line(f.Text, 60) + "” does not tell what the mail wants. Name the thing, and what is needed of whom."
	}
	return "Something is missing: " + question(f.Missing)
}

// tooMany is the ask that Finding.Quote of too many asks is about.
const tooMany = 6

// inPerson says why talking is better.
func inPerson(f policies.Finding) string {
	switch f.Reason {
	case policies.ReasonOfficeHours:
		return "For that no mail is needed: come by, or call."
	case policies.ReasonThirdRound:
		return "That is the third round. Talking ends it sooner than writing."
	}
	return "This is easier to hear than to read. Say it in person, or on the phone."
}

func (a Advice) context(f policies.Finding) string {
	if slices.Contains(f.Missing, policies.MissingTopic) {
		s := a.reader(f) + " would have to ask what exactly it is about before answering."
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
		after(f.Seen.Sub(f.Due)) + " your " + line(a.Moment(f.Due, policies.Everybody), 80) + ". Another day, or `[urgent]`?"
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
