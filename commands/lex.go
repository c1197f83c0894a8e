package commands

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a number or a mark of a sentence.
type token struct {
	low  string // as it is compared
	raw  string // as it was written
	num  int    // of digits, else -1
	glue bool   // no space before it
}

// maxTokens bounds a sentence: no command has so many words.
const maxTokens = 60

// lex cuts a sentence into tokens. Addresses, domains, Message-IDs and zone names are
// one token each.
func lex(s string) []token {
	var out []token
	for _, chunk := range strings.Fields(plainMarks(s)) {
		glue := false
		for _, part := range chunkParts(chunk) {
			t := token{raw: part, low: strings.ToLower(part), num: -1, glue: glue}
			if part[0] >= '0' && part[0] <= '9' && strings.Trim(part, "0123456789") == "" && len(part) <= 4 {
				t.num = 0
				for _, d := range part {
					t.num = t.num*10 + int(d-'0')
				}
			}
			out = append(out, t)
			glue = true
		}
		if len(out) > maxTokens {
			return out
		}
	}
	return out
}

// plainMarks writes typographic marks as ASCII, and the words of several words as one.
func plainMarks(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '–', '—', '‒', '−', '‑', '‐':
			return '-'
		case '’', '‘', '´', '`':
			return '\''
		case '“', '”', '„', '«', '»':
			return '"'
		case '\u00a0', '\u202f', '\u2009':
			return ' '
		case '…':
			return '.'
		case '\u200b', '\u00ad', '\ufeff', '*', '_':
			if r == '_' {
				return r
			}
			return -1
		}
		return r
	}, s)
	return s
}

// chunkParts cuts what stands between two spaces.
func chunkParts(chunk string) []string {
	core := strings.Trim(chunk, `<>()[]"',;:!?`)
	core = strings.TrimRight(core, ".")
	if at := strings.Index(chunk, core); core != "" && whole(core) {
		var out []string
		out = append(out, marks(chunk[:at])...)
		out = append(out, core)
		return append(out, marks(chunk[at+len(core):])...)
	}
	var out []string
	for len(chunk) > 0 {
		r, size := utf8.DecodeRuneInString(chunk)
		n := size
		class := classOf(r)
		for class != 0 && n < len(chunk) {
			r2, size2 := utf8.DecodeRuneInString(chunk[n:])
			inner := class == 'a' && r2 == '\'' && n+size2 < len(chunk) && unicode.IsLetter(rune(chunk[n+size2]))
			if classOf(r2) != class && !inner {
				break
			}
			n += size2
		}
		out = append(out, chunk[:n])
		chunk = chunk[n:]
	}
	return out
}

func marks(s string) []string {
	var out []string
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

func classOf(r rune) byte {
	switch {
	case r >= '0' && r <= '9':
		return '0'
	case unicode.IsLetter(r) || unicode.IsMark(r) || r == '_':
		return 'a'
	}
	return 0
}

// whole reports whether s is one thing: an address, a domain, an id, a zone name.
func whole(s string) bool {
	if strings.Contains(s, "@") {
		return true
	}
	if i := strings.IndexByte(s, '/'); i > 0 && i < len(s)-1 && isWordy(s[:i]) && isWordy(strings.ReplaceAll(s[i+1:], "/", "")) {
		return true // Europe/Berlin
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(last) >= 2 && isWordy(last) && len(labels[0]) > 1 && !isWordNumber(labels[0])
}

func isWordy(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '_' && r != '-' && r != '\'' })
}

func isWordNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// A reader takes tokens from the front.
type reader struct {
	toks []token
	pos  int
	in   *Input
	lost error // why it cannot be told what is meant, if that is known

	turned string // the policy that checkTurned read
}

var end = token{num: -1}

func (r *reader) peek(n int) token {
	if i := r.pos + n; i >= 0 && i < len(r.toks) {
		return r.toks[i]
	}
	return end
}

func (r *reader) done() bool { return r.pos >= len(r.toks) }

// word takes the next token if it is one of words.
func (r *reader) word(words ...string) bool {
	low := r.peek(0).low
	for _, w := range words {
		if low != "" && low == w {
			r.pos++
			return true
		}
	}
	return false
}

// phrase takes one of several phrases, the longest that fits whole.
func (r *reader) phrase(phrases ...string) bool {
	best := 0
next:
	for _, p := range phrases {
		n := 0
		for w := range strings.FieldsSeq(p) {
			if r.peek(n).low != w {
				continue next
			}
			n++
		}
		best = max(best, n)
	}
	r.pos += best
	return best > 0
}

// skip takes all of words that stand next.
func (r *reader) skip(words ...string) {
	for r.word(words...) {
	}
}

// rest is what is left, as written.
func (r *reader) rest() string { return joinRaw(r.toks[min(r.pos, len(r.toks)):]) }

func joinRaw(toks []token) string {
	var b strings.Builder
	for i, t := range toks {
		if i > 0 && !t.glue {
			b.WriteByte(' ')
		}
		b.WriteString(t.raw)
	}
	return b.String()
}
