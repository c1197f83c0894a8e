package mail

import (
	"strings"
	"unicode"
)

// ownWords keeps what the author wrote.
func ownWords(lines []textLine) string {
	lines = cutQuotes(lines)
	lines = cutSignature(lines)
	lines = cutDisclaimer(lines)
	return joinLines(lines)
}

// cutQuotes drops quoted lines, the attribution lines above them, and all that
// stands below a mark behind which programs put the mail they answer.
func cutQuotes(lines []textLine) []textLine {
	var own []textLine
	for i := 0; i < len(lines); {
		l := lines[i]
		if l.depth > 0 {
			i++
			continue
		}
		if before, ok := sharedLine(l.text); ok {
			own = append(own, textLine{text: before})
			l.text = l.text[len(before):]
		}
		if l.cut || isSeparator(l.text) || isHeaderBlock(lines[i:]) {
			return trimRules(own)
		}
		if n := attribution(lines[i:]); n > 0 {
			i += n
			if quotedNext(lines[i:]) {
				continue
			}
			break // the quoted mail is not marked
		}
		own = append(own, l)
		i++
	}
	return own
}

// sharedLine finds "… --- On 3 May, Bob wrote:" behind the author's last words.
func sharedLine(s string) (before string, ok bool) {
	i := strings.Index(s, "--- On ")
	if i <= 0 || strings.Trim(s[:i], "- ") == "" || !endsAttribution(s[i:]) {
		return "", false
	}
	return s[:i], true
}

// quotedNext reports whether the next line that is not blank is quoted.
func quotedNext(lines []textLine) bool {
	for _, l := range lines {
		if !l.blank() || l.depth > 0 {
			return l.depth > 0
		}
	}
	return true // nothing follows
}

// Attribution lines are searched within these bounds, so that time stays linear.
const (
	maxAttributionLines = 6
	maxAttributionLen   = 400
)

// attribution returns how many lines the attribution at the start of lines
// takes ("On 3 May, Bob <b@x> wrote:"), 0 for none.
func attribution(lines []textLine) int {
	if !startsAttribution(lines[0].text) {
		return 0
	}
	// Answers to numbered questions begin with a digit, too, and no date does like that.
	numbered := beginsWithDigit(lines[0].text) && digitsOf(lines[0].text) < 3
	var b strings.Builder
	for n, l := range lines[:min(len(lines), maxAttributionLines)] {
		text := strings.TrimSpace(l.text)
		if l.depth > 0 {
			// The closing bracket of "<a@b\n> wrote:" looks like a quote.
			if !opensAttribution(text) && endsAttribution(b.String()+">"+text) {
				return n + 1
			}
			return dateAlone(b.String(), n)
		}
		if b.Len()+len(text) > maxAttributionLen {
			return 0
		}
		if n > 0 && opensAttribution(text) && (endsAttribution(text) || numbered && !beginsWithDigit(text)) {
			return 0 // the true one begins here
		}
		b.WriteString(text)
		b.WriteByte(' ')
		if endsAttribution(b.String()) {
			return n + 1
		}
		if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
			return 0
		}
	}
	return 0
}

func beginsWithDigit(s string) bool {
	s = strings.TrimLeft(s, " \t")
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

func digitsOf(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// dateAlone accepts "2011/4/7 Bob <b@x>" without a verb or colon, if a quote
// follows at once.
func dateAlone(s string, n int) int {
	s = strings.TrimSpace(s)
	if n > 0 && s != "" && s[0] >= '0' && s[0] <= '9' && strings.HasSuffix(s, ">") && strings.Contains(s, "@") {
		return n
	}
	return 0
}

func startsAttribution(s string) bool {
	return len(s) <= maxAttributionLen && (opensAttribution(s) || endsAttribution(s))
}

// opensAttribution reports whether a line starts with a date or a word that
// attributions start with.
func opensAttribution(s string) bool {
	s = strings.TrimLeft(s, "-*_ \t\u00a0")
	if s == "" {
		return false
	}
	if s[0] >= '0' && s[0] <= '9' {
		return true
	}
	word, _, _ := strings.Cut(s[:min(len(s), 24)], " ")
	return attributionStarts[strings.ToLower(strings.Trim(word, ",:."))]
}

// endsAttribution reports whether s names a writer and a date or an address and
// ends as attributions do.
func endsAttribution(s string) bool {
	s = strings.TrimRight(s, "-*_ \t\u00a0")
	colon := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
	s = strings.TrimRight(s, ":： ")
	if !strings.ContainsAny(s, "0123456789@") || len(s) > maxAttributionLen {
		return false
	}
	low := strings.ToLower(s)
	if colon && low != "" && low[0] >= '0' && low[0] <= '9' && strings.HasSuffix(low, ">") && strings.Contains(low, "@") {
		return true // 2014-10-17 11:28 GMT+03:00 Bob <b@x>:
	}
	if colon && low != "" && low[0] >= '0' && low[0] <= '9' && strings.Contains(low, "@") && hasWordOf(low, " von ", " by ", " de ", " par ", " da ", " van ", " av ", " af ", " fra ") {
		return true // 9. März 2026, 10:14 von bob@x:
	}
	for _, verb := range attributionVerbs {
		i := len(low) - len(verb)
		if colon {
			i = strings.LastIndex(low, verb)
		} else if !strings.HasSuffix(low, verb) {
			continue // Most lines: a search in each of them costs more than all the rest.
		}
		if i > 0 && wordEdge(low, i, len(verb)) {
			return true
		}
	}
	return false
}

func hasWordOf(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// wordEdge reports whether s[i:i+n] is not part of a longer word.
func wordEdge(s string, i, n int) bool {
	before := lastRune(s[:i])
	after := rune(' ')
	for _, r := range s[i+n:] {
		after = r
		break
	}
	return !unicode.IsLetter(before) && (!unicode.IsLetter(after) || after >= 0x2e80)
}

func lastRune(s string) rune {
	r := ' '
	for i := max(0, len(s)-4); i < len(s); i++ {
		if c := s[i]; c < 0x80 || c >= 0xc0 {
			for _, r = range s[i:] {
				break
			}
		}
	}
	return r
}

// isSeparator reports whether a line is one behind which the answered or
// forwarded mail stands.
func isSeparator(s string) bool {
	t := strings.TrimSpace(s)
	if len(t) > 200 {
		return false
	}
	if len(t) >= 20 && strings.Trim(t, "_") == "" { // Outlook
		return true
	}
	bare := strings.Trim(t, "-_*=> \t")
	if bare == "" {
		return false
	}
	words := strings.ToLower(capText(bare, 60))
	if len(bare) == len(t) {
		return hasPrefixOf(words, forwardLines)
	}
	return hasPrefixOf(words, separators)
}

func hasPrefixOf(s string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// trimRules drops the lines of dashes and the like at the end, which stood above
// the answered mail.
func trimRules(lines []textLine) []textLine {
	for n := len(lines); n > 0 && strings.Trim(lines[n-1].text, "-_*=~ \t") == ""; n-- {
		lines = lines[:n-1]
	}
	return lines
}

// The kinds of line of a quoted header.
const (
	headFrom = 1 << iota
	headSent
	headTo
	headSubject
)

const maxBlockLines = 9 // lines looked at for a quoted header

// isHeaderBlock reports whether a quoted header starts here, as Outlook writes
// it: at least three of From, Sent, To, Subject, the first of them From or Sent.
func isHeaderBlock(lines []textLine) bool {
	kinds, first := 0, 0
	for n, l := range lines[:min(len(lines), maxBlockLines)] {
		k := headKind(l.text)
		if n == 0 {
			if first = k; first&(headFrom|headSent) == 0 {
				return false
			}
		}
		if l.blank() && n > 1 && kinds != headFrom {
			break
		}
		kinds |= k
	}
	count := 0
	for k := headFrom; k <= headSubject; k <<= 1 {
		if kinds&k != 0 {
			count++
		}
	}
	return count >= 3
}

func headKind(s string) int {
	s = strings.TrimLeft(s, "*|_ \t")
	colon := strings.IndexAny(s[:min(len(s), 48)], ":：")
	if colon <= 0 {
		return 0
	}
	return headWords[strings.ToLower(strings.Trim(s[:colon], "* \t\u00a0"))]
}
