package decisions

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLines bounds the decisions of one mail: who decides more writes a document.
	maxLines = 10
	// maxSentence bounds a decision, in characters.
	maxSentence = 500
)

// label begins a line that decides, in the six languages: "Decision:", "**Decided**:".
var label = regexp.MustCompile(`(?i)^(?:decisions?|decided|entscheidung(?:en)?|entschieden|beschluss|beschlüsse|beschlossen|` +
	`décisions?|décidé|decisión|decisiones|decidido|acordado|decisão|decisões|besluit(?:en)?|besloten)\s*[:：]\s*(.*)$`)

// otherLabel begins another paragraph: "Owner: Mei", "Call to action: ...".
var otherLabel = regexp.MustCompile(`^\p{Lu}[\p{L} ]{0,30}[:：](?:\s|$)`)

// undecided are the first words of what stands behind a label and is no decision.
var undecided = regexp.MustCompile(`(?i)^(?:tbd|tba|n/?a|none|no decision|not yet|pending|open|needed|required|wanted|to be|to follow|due|see |` +
	`offen|ausstehend|noch (?:offen|nicht)|keine|nötig|en attente|à prendre|aucune|pendiente|ninguna|por tomar|pendente|nenhuma|por tomar|open|nog niet|geen)\b`)

// bullet begins an item of a list.
var bullet = regexp.MustCompile(`^(?:[-*•–]|\d{1,2}[.)])\s+`)

// Lines returns what the lines of a mail decide, in their order, white space folded:
// "Decision: we go with Nimbus." and what stands below a line that is only a label.
// words are the new words of the mail.
func Lines(words string) []string {
	var out []string
	lines := strings.Split(beginning(words), "\n")
	for i := 0; i < len(lines) && len(out) < maxLines; i++ {
		if !strings.ContainsAny(lines[i], ":：") {
			continue
		}
		m := label.FindStringSubmatch(plainLine(lines[i]))
		if m == nil {
			continue
		}
		var texts []string
		if m[1] == "" {
			texts, i = below(lines, i+1)
		} else {
			texts = make([]string, 1)
			texts[0], i = paragraph(m[1], lines, i+1)
		}
		for _, t := range texts {
			out = keep(out, t)
		}
	}
	return out[:min(len(out), maxLines)]
}

// maxWords is how much of a mail is looked at, in octets: who decides says it before.
const maxWords = 64 << 10

// beginning is the first part of a text, without half a letter at its end.
func beginning(words string) string {
	if len(words) <= maxWords {
		return words
	}
	return strings.ToValidUTF8(words[:maxWords], "")
}

// below reads what stands below a label: the items of a list, or else a paragraph. It
// returns the index of the last line taken.
func below(lines []string, at int) (texts []string, last int) {
	last = at - 1
	for i := at; i < len(lines) && len(texts) < maxLines; i = last + 1 {
		line := plainLine(lines[i])
		lead := bullet.FindString(line)
		switch {
		case lead == "" && (len(texts) > 0 || line == "" || otherLabel.MatchString(line)):
			return texts, last
		case lead == "":
			text, end := paragraph(line, lines, i+1)
			return append(texts, text), end
		}
		var text string
		text, last = paragraph(line[len(lead):], lines, i+1)
		texts = append(texts, text)
	}
	return texts, last
}

// SubjectLine returns what a subject decides, "" if nothing.
func SubjectLine(subject string) string {
	m := label.FindStringSubmatch(plainLine(subject))
	if m == nil {
		return ""
	}
	if out := keep(nil, m[1]); len(out) > 0 {
		return out[0]
	}
	return ""
}

// plainLine is a line without what only makes it bold or a heading.
func plainLine(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimLeft(s, "#")
	if strings.HasPrefix(s, "* ") {
		return s // An item, not emphasis.
	}
	for _, mark := range []string{"**", "__"} {
		if strings.Contains(s, mark) {
			s = strings.ReplaceAll(s, mark, "")
		}
	}
	return strings.TrimSpace(s)
}

// paragraph adds the lines that go on with a sentence: up to an empty line, an item or
// another label. It returns the index of the last one taken.
func paragraph(first string, lines []string, next int) (text string, last int) {
	text, last = first, next-1
	for ; next < len(lines); next++ {
		more := plainLine(lines[next])
		if more == "" || bullet.MatchString(more) || otherLabel.MatchString(more) || label.MatchString(more) || utf8.RuneCountInString(text) > maxSentence {
			break
		}
		text, last = text+" "+more, next
	}
	return text, last
}

// keep adds a sentence that decides something and is not there yet.
func keep(out []string, text string) []string {
	text = fold(text)
	if text == "" || strings.HasSuffix(text, "?") || undecided.MatchString(text) || !strings.ContainsFunc(text, unicode.IsLetter) {
		return out
	}
	for _, have := range out {
		if have == text {
			return out
		}
	}
	return append(out, text)
}

// fold makes white space single and cuts what is too long. What could turn text round
// or hide it is left out.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < 0x20, r >= 0x7f && r < 0xa0, r == utf8.RuneError, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0xfeff:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Trim(s, "*_ ")
	if utf8.RuneCountInString(s) <= maxSentence {
		return s
	}
	return string([]rune(s)[:maxSentence-1]) + "…"
}
