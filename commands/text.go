package commands

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// ownLines are the lines of a text that its author wrote just now, by paragraph: without
// quotations, signature, and what was forwarded.
func ownLines(text, author string) [][]string {
	if len(text) > Limit {
		text = strings.ToValidUTF8(text[:Limit], "")
	}
	var out [][]string
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out, paragraph = append(out, paragraph), nil
		}
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r", ""), "\n") {
		if line == "-- " || line == "--" || foreign(line) {
			break
		}
		line = strings.TrimSpace(line)
		if len(out)+len(paragraph) > 0 && signs(line, author) {
			break
		}
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, ">") || strings.HasPrefix(line, "|"):
			flush()
		default:
			for _, item := range numbered(line) {
				paragraph = append(paragraph, strings.TrimSpace(bullet.ReplaceAllString(item, "")))
			}
		}
	}
	flush()
	return out
}

var (
	bullet    = regexp.MustCompile(`^(?:[-*•·]\s+|\(?\d{1,2}\)\s+|\d{1,2}\.\s+(?:[A-Za-z]{4,}))`)
	forwarded = regexp.MustCompile(`(?i)^\s*(?:-{2,}\s*(?:original|forwarded|ursprüngliche|weitergeleitete)\b.*|begin forwarded message:?|_{8,}|anfang der weitergeleiteten.*)`)
	wrote     = regexp.MustCompile(`(?i)^\s*(?:on|am)\s.{4,200}(?:wrote|writes|schrieb).{0,80}:\s*$`)
	heading   = regexp.MustCompile(`(?i)^\s*(?:from|von):\s+\S`)
)

// foreign reports whether a line begins what somebody else wrote.
func foreign(line string) bool {
	return len(line) < 400 && (forwarded.MatchString(line) || wrote.MatchString(line) || heading.MatchString(line))
}

// signs reports whether a line is the name of the writer, perhaps with what stands beside
// a name in a signature: "Ana", "Ana Silva | Product", "Ana Silva, Team GmbH".
func signs(line, author string) bool {
	names := strings.Fields(strings.ToLower(author))
	if len(names) == 0 || len(line) > 200 {
		return false
	}
	line = strings.ToLower(strings.Trim(line, " -–—*_~"))
	for _, name := range []string{strings.Join(names, " "), names[0]} {
		rest, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		if rest == "" || rest == "." || len(name) > len(names[0]) && strings.ContainsRune("|,/·•-–—(", firstRune([]rune(rest))) {
			return true
		}
	}
	return false
}

// numbered cuts "1) away tomorrow 2) deliveries 10 15" into its items.
func numbered(line string) []string {
	var out []string
	start := 0
	for n := 1; n <= 9; n++ {
		at := strings.Index(line[start:], fmt.Sprintf("%d) ", n))
		if at < 0 || at > 0 && line[start+at-1] != ' ' && line[start+at-1] != '(' {
			break
		}
		out = append(out, strings.TrimRight(line[start:start+at], "( "))
		start += at + 3
	}
	if len(out) < 2 {
		return []string{line}
	}
	if out = append(out, line[start:]); strings.TrimSpace(out[0]) == "" {
		out = out[1:]
	}
	return out
}

// sentences cuts a line. The point of a date ("3. August"), of "a.m." and of an
// abbreviation does not end a sentence.
func sentences(line string) []string {
	var out []string
	start := 0
	runes := []rune(line)
	for i, c := range runes {
		ends := c == ';' || (c == '.' || c == '!' || c == '?') && (i+1 == len(runes) || unicode.IsSpace(runes[i+1]))
		if c == '.' && ends && i+1 < len(runes) && !endsAt(runes, start, i) {
			ends = false
		}
		if !ends {
			continue
		}
		if s := strings.TrimSpace(string(runes[start : i+1])); strings.Trim(s, ".!?; ") != "" {
			out = append(out, s)
		}
		start = i + 1
	}
	if s := strings.TrimSpace(string(runes[start:])); strings.Trim(s, ".!?; ") != "" {
		out = append(out, s)
	}
	return out
}

// endsAt reports whether the point at i, before a space, ends a sentence.
func endsAt(runes []rune, start, i int) bool {
	j := i
	for j > start && !unicode.IsSpace(runes[j-1]) {
		j--
	}
	before := strings.ToLower(strings.TrimLeft(string(runes[j:i]), "("))
	next := strings.ToLower(string(runes[i+1:]))
	next = strings.TrimLeft(next, " ")
	word := next
	if k := strings.IndexFunc(next, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); k >= 0 {
		word = next[:k]
	}
	switch before {
	case "a.m", "p.m", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun", "st", "dr", "mr", "mrs", "ms", "approx", "incl":
		// A sentence may end so too: then a capital follows that is no part of a date.
		_, month := months[word]
		return !month && len(word) > 0 && !unicode.IsDigit([]rune(word)[0]) && unicode.IsUpper(firstRune(runes[i+1:])) && before != "st" && before != "dr" && before != "mr" && before != "mrs" && before != "ms"
	}
	if before != "" && unicode.IsDigit([]rune(before)[0]) {
		_, month := months[word]
		if month || word == "bis" || word == "und" || word == "until" || word == "to" || strings.HasPrefix(next, "-") {
			return false
		}
	}
	return true
}

func firstRune(runes []rune) rune {
	for _, r := range runes {
		if !unicode.IsSpace(r) {
			return r
		}
	}
	return 0
}

// isQuestion reports whether a sentence asks.
func isQuestion(s string) bool { return strings.HasSuffix(strings.TrimRight(s, " )\"'!."), "?") }
