package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what is taken for a signature or a disclaimer.
const (
	maxSignatureLines = 12
	maxSignatureWidth = 100
)

// cutSignature drops what stands behind the signature mark, what programs mark
// as a signature, the line a telephone adds, and the name and address below a
// closing formula.
func cutSignature(lines []textLine) []textLine { return cutBlock(cutClosing(cutMarked(lines))) }

// cutMarked drops a signature that is marked as one.
func cutMarked(lines []textLine) []textLine {
	kept := lines[:0:0]
	for i, l := range lines {
		if l.sig || isDeviceLine(l.text) {
			continue
		}
		if l.text == "-- " || isMark(l.text) && shortTail(lines[i+1:]) {
			break // RFC 3676 §4.3
		}
		kept = append(kept, l)
	}
	return kept
}

// isMark reports whether a line is what people and list servers put above a
// signature in place of the true mark: two dashes, one long one, underscores.
func isMark(s string) bool {
	s = strings.TrimSpace(s)
	return s == "--" || s == "\u2014" || len(s) >= 2 && strings.Trim(s, "_") == ""
}

// shortTail reports whether so little follows that it can be a signature.
func shortTail(lines []textLine) bool {
	n := 0
	for _, l := range lines {
		if !l.blank() {
			n++
		}
		if len(l.text) > maxSignatureWidth || n > maxSignatureLines {
			return false // looking no further keeps many marks linear
		}
	}
	return true
}

// cutClosing drops a closing formula near the end, and what is below it if that
// is short and asks nothing.
func cutClosing(lines []textLine) []textLine {
	seen := 0
	for i := len(lines) - 1; i >= 0 && seen <= maxSignatureLines; i-- {
		l := lines[i]
		if l.blank() {
			continue
		}
		if i > 0 && (isClosing(l.text) || isThanks(l.text) && namesOnly(lines[i+1:])) {
			return append(lines[:i:i], postscript(lines[i+1:])...)
		}
		if isPostscript(l.text) {
			seen = 0
			continue
		}
		if len(l.text) > maxSignatureWidth || strings.HasSuffix(strings.TrimSpace(l.text), "?") {
			return lines
		}
		seen++
	}
	return lines
}

// postscript is what the author added below a closing formula and the name.
func postscript(lines []textLine) []textLine {
	for i, l := range lines {
		if isPostscript(l.text) {
			return append([]textLine{{}}, lines[i:]...)
		}
	}
	return nil
}

func isPostscript(s string) bool {
	s = strings.TrimLeft(capText(s, 16), " \t*_(")
	for _, p := range [...]string{"PS", "P.S", "PPS", "NB", "N.B", "Ps:", "ps:", "p.s."} {
		if rest, ok := strings.CutPrefix(s, p); ok && (rest == "" || strings.ContainsAny(rest[:1], ".:;, -)")) {
			return true
		}
	}
	return false
}

func isThanks(s string) bool {
	s = strings.TrimRight(strings.TrimSpace(s), " ,.!")
	return len(s) < 40 && thanks[strings.ToLower(s)]
}

// namesOnly reports whether the lines are nothing but the name of somebody, and
// what stands below one: at least one line, each short and no sentence.
func namesOnly(lines []textLine) bool {
	n := 0
	for _, l := range lines {
		if l.blank() {
			continue
		}
		if n++; n == 1 && !isName(l.text) || n > maxSignatureLines || strings.ContainsAny(lastOf(l.text), ".!?:") {
			return false
		}
	}
	return n > 0
}

func lastOf(s string) string {
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-1):]
}

// isName reports whether a line is one to four words that begin with a capital, as
// names do; what stands behind a bar or a comma may be a title.
func isName(s string) bool {
	s, _, _ = strings.Cut(strings.TrimLeft(strings.TrimSpace(s), "-–— "), "|")
	s, _, _ = strings.Cut(s, ",")
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 4 || len(s) > 50 {
		return false
	}
	for i, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(r) && !(i > 0 && (w == "de" || w == "da" || w == "van" || w == "von" || w == "der" || w == "dos" || w == "la")) || strings.ContainsAny(w, "0123456789@:/?!") {
			return false
		}
	}
	return true
}

// Bounds of a block of name, title and ways to reach somebody without any mark.
const (
	maxBlockOfName   = 8
	maxBlockOfNameCh = 90
)

// cutBlock drops the last paragraph if it is such a block: it begins with a name,
// holds an address or a number to call, and no sentence. One below a colon is what
// the author tells.
func cutBlock(lines []textLine) []textLine {
	end := len(lines)
	for end > 0 && lines[end-1].blank() {
		end--
	}
	start := end
	for start > 0 && !lines[start-1].blank() {
		if start--; end-start > maxBlockOfName {
			return lines
		}
	}
	above := start
	for above > 0 && lines[above-1].blank() {
		above--
	}
	if above == 0 || end-start < 2 || !isName(lines[start].text) || lastOf(lines[above-1].text) == ":" || hasWordOf(strings.ToLower(lines[above-1].text), contactWords...) {
		return lines
	}
	reach := false
	for _, l := range lines[start:end] {
		if len(l.text) > maxBlockOfNameCh || strings.ContainsAny(lastOf(l.text), "!?:") {
			return lines
		}
		reach = reach || isReach(l.text)
	}
	if !reach {
		return lines
	}
	return lines[:above]
}

// isReach reports whether a line holds an address or a number to call.
func isReach(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	low := strings.ToLower(s)
	return digits >= 7 || strings.Contains(low, "www.") || strings.Contains(low, "http") || strings.Contains(s, "@") && len(strings.Fields(s)) <= 4
}

func isClosing(s string) bool {
	s = strings.TrimRight(strings.TrimSpace(s), " ,.!;")
	if len(s) > 60 {
		return false
	}
	formula, _, _ := strings.Cut(strings.ToLower(s), ",")
	return closings[formula]
}

func isDeviceLine(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) > 90 {
		return false
	}
	s = strings.ToLower(s)
	for _, p := range deviceLines {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// cutDisclaimer drops a legal notice at the end: the first paragraph that reads
// like one, and all behind it.
func cutDisclaimer(lines []textLine) []textLine {
	for i := range lines {
		if (i == 0 || lines[i-1].blank() || strings.Trim(lines[i-1].text, "-_*= ") == "") && isDisclaimer(paragraph(lines[i:])) {
			for i > 0 && strings.Trim(lines[i-1].text, "-_*= \t") == "" {
				i--
			}
			return lines[:i]
		}
	}
	return lines
}

// paragraph joins the first lines up to a blank one, enough to judge.
func paragraph(lines []textLine) string {
	const enough = 600
	var b strings.Builder
	for _, l := range lines {
		if l.blank() || b.Len() > enough {
			break
		}
		b.WriteString(capText(l.text, enough))
		b.WriteByte(' ')
	}
	return strings.ToLower(b.String())
}

// isDisclaimer wants two marks, one of them of the mail itself: people write
// "confidential" too.
func isDisclaimer(p string) bool {
	subject, sense := false, 0
	for _, w := range disclaimerOpeners {
		subject = subject || strings.Contains(capText(p, 200), w)
	}
	if !subject {
		return false
	}
	for _, w := range disclaimerWords {
		if strings.Contains(p, w) {
			sense++
		}
	}
	return sense >= 2
}
