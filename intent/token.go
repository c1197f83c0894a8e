package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Span is a part of a text, in octets: text[Start:End].
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

type tokenKind uint8

const (
	kindWord   tokenKind = iota // letters, with apostrophes inside
	kindNumber                  // digits
	kindLink                    // an address of the web or of a mailbox
	kindMark                    // one character of punctuation
)

// A token is a word, a number, a link or a mark of a text.
type token struct {
	low    string    // lower-case, with plain apostrophes
	word   *wordInfo // never nil
	start  int32     // in octets
	end    int32
	hash   uint32 // of low, but of a link: see textHash
	value  int32  // of a number of at most 9 digits
	kind   tokenKind
	space  bool  // white space stands before it
	breaks uint8 // line ends before it: 0, 1, or 2 for a blank line
	upper  bool  // begins with a capital
	caps   bool  // all capitals, two letters or more
	digits uint8 // of a number
}

// span is where t stands in its text.
func (t *token) span() Span { return Span{int(t.start), int(t.end)} }

// num is the value of a number.
func (t *token) num() int { return int(t.value) }

func (t *token) is(words ...string) bool {
	for _, w := range words {
		if len(w) == len(t.low) && w[0] == t.low[0] && w == t.low {
			return true
		}
	}
	return false
}

// mark reports whether t is the mark c.
func (t *token) mark(c byte) bool { return t.kind == kindMark && t.low[0] == c }

// tokenize splits a text. It looks at every octet a bounded number of times.
func tokenize(text string) []token {
	s := tokenizer{text: text, low: lowerSameLength(text)}
	s.out = make([]token, 0, len(text)/4+4)
	for s.pos < len(text) {
		s.next()
	}
	return s.out
}

type tokenizer struct {
	text, low string
	pos       int
	out       []token
	space     bool
	breaks    uint8
	runEnd    int  // the run of text without white space ends here
	curved    bool // the word just read has a curved apostrophe
}

func (s *tokenizer) next() {
	c := s.text[s.pos]
	switch {
	case c == '\n':
		s.space = true
		s.breaks = min(s.breaks+1, 2)
		s.pos++
		return
	case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
		s.space = true
		s.pos++
		return
	case c == 0xc2 && strings.HasPrefix(s.text[s.pos:], "\u00a0"):
		s.space = true
		s.pos += 2
		return
	}
	if s.pos >= s.runEnd {
		at := false
		s.runEnd, at = s.endOfRun()
		if l := s.low[s.pos]; at || l == 'h' || l == 'w' {
			if n := linkLength(s.low[s.pos:s.runEnd]); n > 0 {
				s.emit(s.pos+n, kindLink)
				return
			}
		}
	}
	r, size := rune(c), 1
	if c >= utf8.RuneSelf {
		r, size = utf8.DecodeRuneInString(s.text[s.pos:])
	}
	switch {
	case c >= '0' && c <= '9':
		s.emit(s.endOfNumber(), kindNumber)
	case c < utf8.RuneSelf && (s.low[s.pos] >= 'a' && s.low[s.pos] <= 'z') || c >= utf8.RuneSelf && unicode.IsLetter(r):
		s.emit(s.endOfWord(), kindWord)
	default:
		s.emit(s.pos+size, kindMark)
	}
}

// endOfRun finds where white space follows, and whether it comes behind an @ or a
// "mailto:".
func (s *tokenizer) endOfRun() (end int, at bool) {
	for i := s.pos; i < len(s.text); i++ {
		switch s.text[i] {
		case ' ', '\n', '\t', '\r':
			return i, at
		case '@', ':':
			at = true
		case 0xc2:
			if i+1 < len(s.text) && s.text[i+1] == 0xa0 {
				return i, at
			}
		}
	}
	return len(s.text), at
}

func (s *tokenizer) endOfNumber() int {
	i := s.pos
	for i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9' {
		i++
	}
	return i
}

// endOfWord takes letters, and apostrophes between letters.
func (s *tokenizer) endOfWord() int {
	i := s.pos
	s.curved = false
	for i < len(s.text) {
		if c := s.low[i]; c >= 'a' && c <= 'z' {
			i++
			continue
		} else if c < utf8.RuneSelf && c != '\'' {
			break
		}
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if isApostrophe(r) {
			after, _ := utf8.DecodeRuneInString(s.text[i+size:])
			if !unicode.IsLetter(after) {
				break
			}
			s.curved = s.curved || size > 1
		} else if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		i += size
	}
	return i
}

func isApostrophe(r rune) bool { return r == '\'' || r == '\u2019' || r == '\u02bc' }

func (s *tokenizer) emit(end int, kind tokenKind) {
	s.out = append(s.out, token{start: int32(s.pos), end: int32(end), word: &unknownWord, kind: kind, space: s.space, breaks: s.breaks, low: s.low[s.pos:end]})
	t := &s.out[len(s.out)-1]
	switch kind {
	case kindWord:
		if s.curved {
			t.low = strings.ReplaceAll(t.low, "\u2019", "'")
		}
		t.hash = textHash(t.low)
		if t.upper = s.text[s.pos] != s.low[s.pos]; t.upper {
			t.upper, t.caps = letterCase(s.text[s.pos:end])
		}
	case kindNumber:
		t.hash = textHash(t.low)
		t.digits = uint8(min(end-s.pos, 99))
		if t.digits <= 9 {
			for _, d := range []byte(t.low) {
				t.value = t.value*10 + int32(d-'0')
			}
		}
	case kindMark:
		t.hash = textHash(t.low)
	}
	s.pos, s.space, s.breaks = end, false, 0
}

func letterCase(w string) (upper, caps bool) {
	caps = utf8.RuneCountInString(w) > 1
	for i, r := range w {
		up := unicode.IsUpper(r)
		if i == 0 {
			upper = up
		}
		if !up {
			caps = false
			break
		}
	}
	return upper, caps
}

// linkLength returns the length of the link that a run starts with, 0 if it
// starts with none. Closing marks behind it are not part of it.
func linkLength(run string) int {
	link := strings.HasPrefix(run, "http://") || strings.HasPrefix(run, "https://") || strings.HasPrefix(run, "www.") || strings.HasPrefix(run, "mailto:")
	if at := strings.IndexByte(run, '@'); !link && at > 0 && strings.IndexByte(run[at:], '.') > 1 && !strings.ContainsAny(run[:at], "(<,;:/") {
		link = true
	}
	if !link {
		return 0
	}
	return len(strings.TrimRight(run, ".,;:!?)>]\"'"))
}

// lowerSameLength is the lower-case form of s in which every character keeps its
// place: one whose lower-case form has another length stays as it is.
func lowerSameLength(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < utf8.RuneSelf
	}
	if plain {
		return strings.ToLower(s)
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				b[i] = c + 'a' - 'A'
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if low := unicode.ToLower(r); low != r && utf8.RuneLen(low) == size {
			utf8.EncodeRune(b[i:], low)
		}
		i += size
	}
	return string(b)
}
