package answers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A strength says how sure it is that a number at the start of a line is one of a
// question.
type strength int

const (
	doubtful strength = iota // a word follows that numbers count: "2 people"
	plain                    // something else follows: "2 The red one"
	likely                   // the beginning of an answer follows: "2 yes"
	strong                   // a mark follows: "2) …"
)

// A marker is what a line begins with if it begins with numbers of questions.
type marker struct {
	numbers  []int
	every    bool // "all"
	others   bool // "the rest"
	known    bool // the digest has all of them
	strength strength
	style    string // ")", ".", ":", "-", "→", "=", "alone", " "
	indent   int
	bullet   bool   // the mark of a list stands before it
	head     string // the marker itself, with what stands before it
	rest     string // what follows
}

// marker reads the marker that a line begins with.
func (p *parser) marker(line string) (marker, bool) {
	m := marker{}
	s := line
	for _, r := range line {
		if r == '\t' {
			m.indent += 4
		} else if r == ' ' || r == '\u00a0' {
			m.indent++
		} else {
			break
		}
	}
	s = strings.TrimLeft(s, " \t\u00a0")
	bare := trimBullet(s)
	m.bullet, s = len(bare) < len(s), bare
	s = strings.TrimLeft(s, "*_")
	opened := strings.HasPrefix(s, "(") || strings.HasPrefix(s, "[")
	if opened {
		s = s[1:]
	}
	s, prefix := trimBefore(s)
	if prefix == "" {
		if word := firstWord(s); before[word] && strings.HasPrefix(s[len(word):], " ") { // "Answer to 1:"
			if rest, second := trimBefore(s[len(word)+1:]); second != "" {
				s, prefix = rest, second
			}
		}
	}
	var ok bool
	if prefix == "" {
		if s2, every, others, found := wordForAll(s); found {
			m.every, m.others = every, others
			return p.finish(m, line, s2, opened, true)
		}
	}
	picture := false
	if m.numbers, s, picture, ok = numbers(s); !ok {
		return m, false
	}
	m.known = true
	for _, n := range m.numbers {
		m.known = m.known && p.known(n)
	}
	if picture {
		m.strength, m.style = strong, "keycap"
		return cut(m, line, s), true
	}
	return p.finish(m, line, s, opened, prefix != "" && prefix != "#")
}

// finish reads what stands behind the numbers. named: words stand before them, or
// instead of them, and without a mark behind them it takes the beginning of an answer.
func (p *parser) finish(m marker, line, s string, opened, named bool) (marker, bool) {
	s = strings.TrimLeft(s, "*_\ufe0f")
	if opened {
		if s == "" || s[0] != ')' && s[0] != ']' {
			return m, false
		}
		s = strings.TrimLeft(s[1:], "*_:.- ")
		m.strength, m.style = strong, ")"
		return cut(m, line, s), true
	}
	style, rest, ok := separator(s)
	if !ok {
		return m, false
	}
	m.style = style
	switch style {
	case " ", ",":
		if m.strength, ok = p.weigh(rest); !ok || named && m.strength < likely || style == "," && m.strength < likely {
			return m, false
		}
		if len(m.numbers) > 1 && m.strength == plain {
			m.strength = doubtful
		}
	case "alone":
		m.strength = strong
		if !m.known || m.every || m.others {
			return m, false
		}
	default:
		m.strength = strong
		if style == "." && months[firstWord(strings.TrimLeft(rest, " "))] {
			return m, false // 5. Mai
		}
	}
	if m.every || m.others {
		m.known = true
		if m.strength == likely && !p.whole(rest) {
			return m, false // "All is well with us."
		}
	}
	return cut(m, line, rest), true
}

func cut(m marker, line, rest string) marker {
	m.rest = strings.TrimLeft(rest, " \t\u00a0")
	m.head = line[:len(line)-len(m.rest)]
	return m
}

// trimBullet cuts the mark of a list off.
func trimBullet(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if !strings.ContainsRune("-*•–—+·◦▪‣●○", r) || len(s) == size || s[size] != ' ' && s[size] != '\t' {
		return s
	}
	return strings.TrimLeft(s[size:], " \t")
}

// trimBefore cuts off what may stand before a number: "#", "No. ", "Question ".
func trimBefore(s string) (rest, prefix string) {
	if strings.HasPrefix(s, "#") {
		return strings.TrimLeft(s[1:], " "), "#"
	}
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if end <= 0 || !before[strings.ToLower(s[:end])] {
		return s, ""
	}
	rest = s[end:]
	word := s[:end]
	digit := rest[0] >= '0' && rest[0] <= '9'
	if digit && len(word) > 1 {
		return s, ""
	}
	rest = strings.TrimLeft(rest, ".: \t#")
	if rest == "" || rest[0] < '0' || rest[0] > '9' {
		return s, ""
	}
	return rest, word
}

// wordForAll reads "all" or "the rest" in place of numbers.
func wordForAll(s string) (rest string, every, others, ok bool) {
	low := strings.ToLower(s[:min(len(s), 24)])
	cutOff := 0
	for _, article := range []string{"the ", "die ", "les ", "los ", "las ", "os ", "de "} {
		if strings.HasPrefix(low, article) {
			cutOff = len(article)
			break
		}
	}
	end := strings.IndexFunc(s[cutOff:], func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(s) - cutOff
	}
	word := strings.ToLower(s[cutOff : cutOff+end])
	switch {
	case allWords[word] && cutOff == 0:
		return s[end:], true, false, true
	case restWords[word]:
		return s[cutOff+end:], false, true, true
	}
	return s, false, false, false
}

// maxNumbers bounds the numbers of one marker.
const maxNumbers = 50

// numbers reads "1", "1, 2 and 4", "1-3". keycap: the number is a picture.
func numbers(s string) (list []int, rest string, keycap, ok bool) {
	n, size, keycap := numeral(s)
	if size == 0 {
		return nil, s, false, false
	}
	list, rest = []int{n}, s[size:]
	for len(list) < maxNumbers {
		next, to, after, found := nextNumber(rest, keycap)
		if !found {
			break
		}
		last := list[len(list)-1]
		if to {
			if next <= last || next-last > maxNumbers {
				break
			}
			for k := last + 1; k < next; k++ {
				list = append(list, k)
			}
		}
		list, rest = append(list, next), after
	}
	return list, rest, keycap, true
}

// nextNumber reads the next number of a list or the end of a range.
func nextNumber(s string, keycap bool) (n int, to bool, rest string, ok bool) {
	t := strings.TrimLeft(s, " ")
	spaced := len(t) < len(s)
	r, size := utf8.DecodeRuneInString(t)
	switch {
	case (r == '-' || r == '–') && !spaced:
		to, t = true, t[size:]
	case r == ',' || r == '&' || r == '+' || r == '/' && !spaced:
		if t = t[size:]; r == '+' && spaced && t != "" && t[0] != ' ' {
			return 0, false, s, false // "1 +1"
		}
		t = strings.TrimLeft(t, " ")
		if w := firstWord(t); ands[w] && len(t) > len(w) {
			t = strings.TrimLeft(t[len(w):], " ")
		}
	case spaced:
		w := firstWord(t)
		if w == "" || !ands[w] && !tos[w] || len(t) == len(w) {
			return 0, false, s, false
		}
		to, t = tos[w], strings.TrimLeft(t[len(w):], " ")
	default:
		return 0, false, s, false
	}
	t = strings.TrimPrefix(t, "#")
	n, size, picture := numeral(t)
	if size == 0 || picture != keycap {
		return 0, false, s, false
	}
	return n, to, t[size:], true
}

// numeral reads a number, also as a key ("1️⃣") or in a circle ("①").
func numeral(s string) (n, size int, picture bool) {
	if r, size := utf8.DecodeRuneInString(s); r >= '①' && r <= '⑳' {
		return int(r-'①') + 1, size, true
	}
	if n, size = number(s); size == 0 {
		return 0, 0, false
	}
	after := strings.TrimPrefix(s[size:], "\ufe0f")
	if strings.HasPrefix(after, "\u20e3") {
		return n, len(s) - len(after) + len("\u20e3"), true
	}
	return n, size, false
}

// number reads a number of one to three digits that is no part of another one, of a
// time, an amount or a word.
func number(s string) (n, size int) {
	for size < len(s) && s[size] >= '0' && s[size] <= '9' {
		if n = n*10 + int(s[size]-'0'); size == 3 {
			return 0, 0
		}
		size++
	}
	if size == 0 || s[0] == '0' {
		return 0, 0
	}
	if size+1 < len(s) && strings.ContainsAny(s[size:size+1], ".:") && s[size+1] >= '0' && s[size+1] <= '9' {
		return 0, 0
	}
	if r, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsLetter(r) || strings.ContainsRune("%€$£°'’", r) {
		return 0, 0
	}
	return n, size
}

// arrows point at who is to answer.
var arrows = []string{"->", "-->", "→", "=>", "==>", "⇒", "➔", "➜", "➡", "⟶", ">>"}

// separator reads the mark behind the numbers.
func separator(s string) (style, rest string, ok bool) {
	t := strings.TrimLeft(s, " \t\u00a0")
	spaced := len(t) < len(s)
	if t == "" {
		return "alone", "", true
	}
	for _, a := range arrows {
		if strings.HasPrefix(t, a) {
			return "→", t, true
		}
	}
	r, size := utf8.DecodeRuneInString(t)
	after := strings.TrimLeft(t[size:], "*_")
	gap := after == "" || after[0] == ' ' || after[0] == '\t'
	digit := after != "" && after[0] >= '0' && after[0] <= '9'
	switch r {
	case ')', ']':
		return ")", strings.TrimLeft(after, ":.-"), !digit
	case '.':
		return ".", strings.TrimLeft(after, ")-"), !digit && !spaced
	case ':', '：':
		return ":", after, !digit
	case '=':
		return "=", after, true
	case '>':
		return "→", t, gap && !digit
	case '-', '–', '—':
		if spaced && digit {
			return " ", t, true // 5 -1
		}
		return "-", after, gap || answerWords[firstWord(after)]
	case '/', '|':
		return ")", after, gap && !digit
	case ',':
		return ",", after, gap
	}
	return " ", t, spaced
}

// firstWord is the first word of s in lower case, "" if it begins with none. Its length
// is that of the word in s.
func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && r != '\'' && r != '’' && r != '&' && r != '+' && r != '%' && r != '€' && r != '$' && r != '£'
	})
	if end < 0 {
		end = len(s)
	}
	if low := strings.ToLower(s[:end]); len(low) == end {
		return low
	}
	return s[:end]
}

// weigh says how likely what stands behind a number without a mark is an answer. ok is
// false if the number is a time, a date or a part of a longer one.
func (p *parser) weigh(rest string) (strength, bool) {
	rest = strings.TrimLeft(rest, " \t\u00a0")
	w := firstWord(rest)
	token, _, _ := strings.Cut(rest, " ")
	low := strings.ToLower(strings.TrimRight(token, ",;:!?"))
	switch {
	case w == "to" && p.isName(trimPlease(fold(rest[len(w):]))):
		return likely, true
	case clockUnits[low] || clockUnits[w] && w != "h":
		return doubtful, false
	case w == "may" || w == "mars" || w == "mai":
		return doubtful, true
	case months[w] || months[strings.TrimSuffix(low, ".")]:
		return doubtful, false
	case units[low] || units[w]:
		return doubtful, true
	case isTime(low), low == "+1", low == "-1":
		return likely, true
	case rest == "":
		return doubtful, false
	case w == "" && (token == "" || !strings.ContainsAny(token[:1], "\"'“„«(👍✅✔@")):
		r, _ := utf8.DecodeRuneInString(token)
		if r > 0x2190 {
			return likely, true // a picture
		}
		return doubtful, token != "" && (token[0] < '0' || token[0] > '9')
	case answerWords[w] || answerWords[low] || p.names[w] || pleasantries[low]:
		return likely, true
	}
	return plain, true
}

// isTime reports whether a token is a time of day: "3pm", "14:30".
func isTime(s string) bool {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits > 2 {
		return false
	}
	switch rest := s[digits:]; {
	case rest == "am", rest == "pm", rest == "h", rest == "uhr":
		return true
	case len(rest) >= 3 && (rest[0] == ':' || rest[0] == '.' || rest[0] == 'h') && rest[1] >= '0' && rest[1] <= '9':
		return true
	}
	return false
}

// whole reports whether a text is nothing but one short answer: "yes", "not mine".
func (p *parser) whole(text string) bool {
	w := words(text)
	if len(w) == 0 || len(w) > 4 {
		return false
	}
	return closedAnswers[w[0]] && len(w) <= 2 || p.refusal(text) || p.waiver(text)
}
