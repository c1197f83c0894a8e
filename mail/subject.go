package mail

import "strings"

// The marks that programs put before a subject, lower-case, in the languages of
// their makers; Outlook writes the first of each group, Lotus Notes and others
// the rest.
var replyMarks = map[string]bool{
	"re": true, "aw": true, "antw": true, "antwort": true, "sv": true, "vs": true, "ref": true, "rif": true,
	"r": true, "res": true, "rép": true, "odp": true, "ynt": true, "atb": true, "hl": true, "svar": true,
	"bls": true, "rv": false, "回复": true, "答复": true, "vá": true, "yanit": true, "απ": true, "отв": true,
	"tr": false, "fw": false, "fwd": false, "wg": false, "vl": false, "vb": false, "vid": false, "enc": false,
	"i": false, "fs": false, "rin": false, "转发": false, "továbbítás": false, "pd": false, "doorst": false,
	"ent": false, "пересл": false, "προθ": false, "weitergeleitet": false,
}

// takeMark reads a mark such as "Re:", "RE[2]:", "AW :" at the start of s: its
// kind and its length, 0 for none.
func takeMark(s string) (reply bool, size int) {
	const longest = 40
	colon := strings.IndexAny(s[:min(len(s), longest)], ":：")
	if colon <= 0 {
		return false, 0
	}
	word := strings.TrimSpace(s[:colon])
	if i := strings.IndexAny(word, "[(^"); i > 0 { // Re[2]: and Re(2): and Re^2:
		if strings.Trim(word[i:], "[](^)0123456789") != "" {
			return false, 0
		}
		word = strings.TrimSpace(word[:i])
	}
	reply, ok := replyMarks[strings.ToLower(word)]
	if !ok {
		return false, 0
	}
	size = colon + 1
	if strings.HasPrefix(s[colon:], "：") {
		size = colon + len("：")
	}
	return reply, size
}

// skipReplyMarks returns s behind its marks and the white space around them.
func skipReplyMarks(s string) string {
	s = strings.TrimLeft(s, " \t")
	for {
		_, n := takeMark(s)
		if n == 0 {
			return s
		}
		s = strings.TrimLeft(s[n:], " \t")
	}
}

// marks says what the first mark of a decoded subject is, "[…]" before it
// skipped: "Re: Fwd: x" is a reply.
func marks(subject string) (reply, forward bool) {
	s := strings.TrimLeft(subject, " \t")
	for {
		if r, n := takeMark(s); n > 0 {
			return r, !r
		}
		n := blob(s)
		if n == 0 || n == len(s) {
			return false, false
		}
		s = strings.TrimLeft(s[n:], " \t")
	}
}

// blob returns the length of a "[…]" at the start of s (RFC 5256 §5, subj-blob).
func blob(s string) int {
	if !strings.HasPrefix(s, "[") {
		return 0
	}
	end := strings.IndexAny(s[1:], "[]")
	if end < 0 || s[1+end] == '[' {
		return 0
	}
	return end + 2
}

// BaseSubject returns the base subject of a decoded subject (RFC 5256 §2.1),
// lower-case: without marks such as Re: and Fwd: in many languages, without
// "[…]" before the text and "(fwd)" behind it.
func BaseSubject(subject string) string { return strings.ToLower(Topic(subject)) }

// Topic is the base subject as it was written, to be shown.
func Topic(subject string) string {
	s := strings.Join(strings.Fields(cleanText(subject)), " ")
	for {
		s = trimTrailer(s)
		s = trimLeader(s)
		inner, ok := cutForwarded(s) // step 6
		if !ok {
			return s
		}
		s = inner
	}
}

// trimTrailer is step 2.
func trimTrailer(s string) string {
	for {
		s = strings.TrimRight(s, " \t")
		if n := len(s) - len("(fwd)"); n >= 0 && strings.EqualFold(s[n:], "(fwd)") {
			s = s[:n]
			continue
		}
		return s
	}
}

// trimLeader is steps 3 to 5: marks and blobs go, but a blob that is all there is
// stays.
func trimLeader(s string) string {
	for {
		s = strings.TrimLeft(s, " \t")
		if _, n := takeMark(s); n > 0 {
			s = s[n:]
			continue
		}
		n := blob(s)
		if n == 0 || strings.TrimLeft(s[n:], " \t") == "" {
			return s
		}
		s = s[n:]
	}
}

func cutForwarded(s string) (string, bool) {
	if len(s) >= 6 && strings.EqualFold(s[:5], "[fwd:") && strings.HasSuffix(s, "]") {
		return s[5 : len(s)-1], true
	}
	return s, false
}
