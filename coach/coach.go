// Package coach words what Tidepost says of a draft before it leaves, and knows when
// an edited mail takes the place of a coached one, and when advice was wrong.
//
// Advice is short and specific: at most MaxLines lines that quote the sentence, name
// what is missing, offer four lines to fill in with what the draft already has, and
// say when the draft leaves and which words to answer with. It speaks of a mail, never
// of a person.
//
// It is pure: no clock, no database, no state. Foreign text (sentences of the draft,
// names) is cut to bounded lines without control characters.
//
// It is not responsible for what is found in a draft (policies, intent), nor for what
// becomes of it (queue).
package coach

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tidepost/policies"
)

const (
	// MaxLines is how long advice may be.
	MaxLines = 12
	// width is where lines are broken: it fits a terminal of 80 with a quote mark.
	width = 76
	// maxQuote, maxName and maxFill are how many characters are shown of a sentence, of
	// a name, and of what stands in the draft already.
	maxQuote = 140
	maxName  = 40
	maxFill  = 100
)

// The words that answer advice.
const (
	WordSend   = "send"   // as it is, now
	WordNever  = "never"  // no more advice of this kind
	WordBoth   = "both"   // the replaced draft too
	WordUndo   = "undo"   // the kind of advice again
	WordAdvise = "advise" // "advise attachment": the same, of a name
)

// About says in a few words what a policy of the coach looks at, to stand behind
// "advice on".
func About(policy string) string {
	switch policy {
	case policies.Attachment:
		return "missing attachments"
	case policies.Context:
		return "missing context"
	case policies.CTA:
		return "who does what by when"
	case policies.Proposal:
		return "missing proposals"
	case policies.NobodyNamed:
		return "nobody being named"
	case policies.DueTime:
		return "due times"
	case policies.Superseded:
		return "decisions that hold no longer"
	case policies.Storm:
		return "replies to all"
	case policies.InPerson:
		return "what is better said in person"
	case policies.Tone:
		return "tone"
	case policies.Length:
		return "length"
	case policies.Subject:
		return "vague subjects"
	}
	return policy
}

// line makes foreign text fit for one line: white space is single, control characters
// and direction marks are gone, and at most limit characters are kept.
func line(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = n > 0
			continue
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r):
			continue
		}
		if n+2 >= limit {
			return strings.TrimRight(b.String(), " ,;:.") + "…"
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// quoted is a sentence of the draft between quotation marks.
func quoted(s string) string {
	if s = line(s, maxQuote); s == "" {
		return ""
	}
	return "“" + s + "”"
}

// names joins names: "Mei", "Mei and Tom", "Mei, Tom and 3 others".
func names(list []string) string {
	const show = 3
	var out []string
	for _, n := range list {
		if n = line(n, maxName); n != "" {
			out = append(out, n)
		}
	}
	if rest := len(out) - show; rest > 0 {
		out = append(out[:show:show], count(rest, "other"))
	}
	return and(out)
}

// And joins a list for a sentence: "a, b and c".
func And(list []string) string { return and(list) }

// Wrap breaks a text into lines of 76 columns.
func Wrap(text string) string { return strings.Join(wrap(text), "\n") }

func and(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// wrap breaks a text between words into lines of width columns.
func wrap(text string) []string {
	var out []string
	current, n := "", 0
	for word := range strings.FieldsSeq(text) {
		w := utf8.RuneCountInString(word)
		if n > 0 && n+1+w > width {
			out = append(out, current)
			current, n = "", 0
		}
		if n > 0 {
			current += " "
			n++
		}
		current += word
		n += w
	}
	if n > 0 {
		out = append(out, current)
	}
	return out
}
