package commands

import (
	"strings"
	"unicode"
)

// A sentence is what is left of one when courtesies are cut off.
type sentence struct {
	toks   []token
	asks   bool // ends in a question mark
	polite bool // "could you …?" is a request, not a question
}

// prefixes are courtesies before a command.
func prefixes() []string {
	return []string{"dear tidepost", "hi tidepost", "hello tidepost", "hey tidepost", "hallo tidepost", "good morning", "good evening", "good afternoon", "hi there", "hi", "hello", "hey", "hallo",
		"dear all", "tidepost", "please note that", "please note", "please be aware that", "please be informed that", "note that", "just so you know", "just a note that", "just to let you know that", "just to let you know", "to let you know", "a note that", "for your information", "fyi",
		"please", "pls", "plz", "kindly", "bitte", "i would like you to", "i would like to have", "i would like to", "i would like", "i want you to", "i want to have", "i want to", "i want", "i need you to", "i need to",
		"i wish to", "ich möchte", "i prefer", "and", "also", "then", "und", "ok", "okay", "just", "from now on", "from today on", "so", "well", "now", "go ahead and", "command"}
}

func requests() []string {
	return []string{"could you", "can you", "would you", "will you", "you can", "you may", "would you mind", "could we", "may i ask you to", "would you be so kind as to", "could you be so kind as to", "would you be so kind and", "be so kind as to", "i would be grateful if you could", "i would be glad if you could", "i would appreciate it if you could", "it would be great if you could", "it would be nice if you could", "it would be kind if you could", "kannst du", "könntest du", "können sie"}
}

// suffixes are courtesies behind a command.
func suffixes() []string {
	return []string{"please", "pls", "plz", "thanks", "thank you", "thx", "ty", "cheers", "many thanks", "thanks a lot", "thanks so much", "thank you very much", "thank you so much", "thanks in advance", "thank you in advance",
		"with thanks", "bitte", "danke", "vielen dank", "for me", "tidepost", "from now on", "right now", "now", "if you can", "if possible", "if you could", "kindly", "as of now", "will you", "would you", "best", "regards", "best regards", "kind regards"}
}

// bare cuts courtesies off a sentence.
func bare(text string) sentence {
	s := sentence{toks: expand(lex(text)), asks: isQuestion(text)}
	s.trimMarks()
	for changed := true; changed; {
		changed = false
		r := reader{toks: s.toks}
		switch {
		case r.phrase(requests()...):
			s.polite, changed = true, true
		case len(s.toks) > 1 && r.phrase(prefixes()...):
			changed = true
		}
		if changed && r.pos < len(s.toks) {
			r.skip(",", ":", "-", "!")
			s.toks = s.toks[r.pos:]
		} else {
			changed = false
		}
	}
	s.cutThanks()
	for changed := true; changed; {
		changed = false
		for _, p := range suffixes() {
			words := strings.Fields(p)
			n := len(s.toks) - len(words)
			if n > 0 && endsWith(s.toks, words) {
				s.toks, changed = s.toks[:n], true
				s.trimMarks()
			}
		}
	}
	for i := range min(2, len(s.toks)) {
		s.toks[i].low = spelled(s.toks[i])
	}
	return s
}

func endsWith(toks []token, words []string) bool {
	n := len(toks) - len(words)
	for i, w := range words {
		if toks[n+i].low != w {
			return false
		}
	}
	return true
}

// cutThanks cuts off "…, thanks, Ana".
func (s *sentence) cutThanks() {
	for i := max(1, len(s.toks)-6); i < len(s.toks); i++ {
		mark := s.toks[i-1].low
		if mark != "," && mark != "!" && mark != "." && mark != "-" {
			continue
		}
		switch s.toks[i].low {
		case "thanks", "thank", "thx", "cheers", "regards", "best", "danke", "kind":
			s.toks = s.toks[:i]
			s.trimMarks()
			return
		}
	}
}

// trimMarks cuts marks off both ends.
func (s *sentence) trimMarks() {
	mark := func(t token) bool { return strings.Trim(t.low, `.,!?;:'"()[]-`) == "" }
	for len(s.toks) > 0 && mark(s.toks[len(s.toks)-1]) {
		s.toks = s.toks[:len(s.toks)-1]
	}
	for len(s.toks) > 0 && mark(s.toks[0]) {
		s.toks = s.toks[1:]
	}
}

// expand writes contractions out, and words of several parts as one.
func expand(toks []token) []token {
	var out []token
	put := func(t token, words ...string) {
		for i, w := range words {
			out = append(out, token{low: w, raw: w, num: -1, glue: i == 0 && t.glue})
		}
	}
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		next := func(n int) string {
			if i+n < len(toks) {
				return toks[i+n].low
			}
			return ""
		}
		base, not := strings.CutSuffix(t.low, "n't")
		switch {
		case t.low == "i'm" || t.low == "im" && next(1) != "urlaub" && !(i+1 < len(toks) && unicode.IsUpper(firstRune([]rune(toks[i+1].raw)))): // "im Probelauf" is German
			put(t, "i", "am")
		case t.low == "gonna":
			put(t, "going", "to")
		case t.low == "i'll":
			put(t, "i", "will")
		case t.low == "i'd":
			put(t, "i", "would")
		case t.low == "i've":
			put(t, "i", "have")
		case t.low == "won't":
			put(t, "will", "not")
		case t.low == "can't" || t.low == "cannot":
			put(t, "can", "not")
		case t.low == "dont":
			put(t, "do", "not")
		case not && base != "":
			put(t, base, "not")
		case t.low == "what's" || t.low == "that's" || t.low == "it's" || t.low == "who's":
			put(t, strings.TrimSuffix(t.low, "'s"), "is")
		case t.low == "dry" && next(1) == "-" && next(2) == "run":
			put(t, "dryrun")
			i += 2
		case t.low == "dry" && next(1) == "run":
			put(t, "dryrun")
			i++
		case t.low == "stand" && next(1) == "-" && next(2) == "in":
			put(t, "standin")
			i += 2
		case t.low == "stand" && next(1) == "in":
			put(t, "standin")
			i++
		case t.low == "un" && next(1) == "-":
			put(t, "un"+next(2))
			i += 2
		case t.low == "office" && (next(1) == "hours" || next(1) == "hour"):
			put(t, "officehours")
			i++
		case t.low == "office" && next(1) == "-" && next(2) == "hours":
			put(t, "officehours")
			i += 2
		case t.low == "out" && next(1) == "of" && (next(2) == "office" || next(2) == "the" && next(3) == "office"):
			put(t, "outofoffice")
			i += 2
			if next(0) == "the" {
				i++
			}
		case t.low == "out" && next(1) == "-" && next(2) == "of" && next(3) == "-":
			put(t, "outofoffice")
			i += 4
		case t.low == "time" && (next(1) == "zone" || next(1) == "-" && next(2) == "zone"):
			put(t, "timezone")
			i++
			if next(0) == "-" {
				i++
			}
		default:
			out = append(out, t)
		}
	}
	return out
}

// commandWords are the words in which typing errors are forgiven.
func commandWords() []string {
	return []string{"away", "cover", "pause", "resume", "unpause", "release", "always", "never", "advise", "deliveries", "delivery", "deliver", "focus", "hours", "holidays", "holiday", "vacation",
		"coach", "hold", "batch", "digests", "digest", "settings", "help", "report", "phone", "password", "undo", "standin", "timezone", "officehours", "leave", "absent", "until"}
}

// spelled mends a typing error in the word of a command.
func spelled(t token) string {
	return spelledAs(t.low, commandWords())
}

// knownWord are words that are near to one of a command, and mean something else.
func knownWord(low string) bool {
	switch low {
	case "cause", "causes", "clause", "pauses", "over", "covers", "lover", "hover", "ever", "fever", "lever", "every", "reports", "releases", "ours", "house", "horse", "hour", "couch", "roach", "advice", "phones",
		"help", "held", "hell", "told", "hole", "home", "away", "ways", "sway", "names", "leaves", "heave", "weave", "match", "catch", "patch", "focuses", "delivers", "setting", "settling", "restore", "presume", "resumes", "recover", "discover", "absence":
		return true
	}
	for _, w := range commandWords() {
		if w == low {
			return true
		}
	}
	return false
}

// transposed reports whether two neighbours changed places.
func transposed(a, b string) bool {
	return len(a) == len(b) && distance(a, b) == 1 && sortedLetters(a) == sortedLetters(b)
}

func sortedLetters(s string) string {
	b := []byte(s)
	for i := range b {
		for j := i; j > 0 && b[j] < b[j-1]; j-- {
			b[j], b[j-1] = b[j-1], b[j]
		}
	}
	return string(b)
}

// distance counts insertions, deletions, changes, and neighbours that changed places;
// 3 stands for more than two.
func distance(a, b string) int {
	if len(a)-len(b) > 2 || len(b)-len(a) > 2 || len(a) > 20 {
		return 3
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], 3)
}
