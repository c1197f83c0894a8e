package decisions

import (
	"regexp"
	"strings"

	"tidepost/intent"
)

// Silence decides what a proposal says, not the words about objecting.

// proposalLine is a line that says what is proposed, in the six languages.
var proposalLine = regexp.MustCompile(`(?im)^[ \t*_-]*(?:proposal|proposed|decision|vorschlag|entscheidung|proposition|décision|propuesta|decisión|proposta|decisão|voorstel|besluit)[*_]*[ \t]*[:：][*_]*[ \t]*(\S.*)$`)

// condition is the part of a sentence that speaks of objecting, at its beginning up to
// a comma, or at its end.
var (
	conditionFirst = regexp.MustCompile(`(?i)^(?:and |so |then )?(?:unless|if (?:nobody|no one|none|no|i|we|there)|barring|without|absent|` +
		`wenn (?:niemand|keiner|bis)|falls (?:niemand|keiner|keine|bis)|ohne|sofern niemand|` +
		`sauf|sans|si personne|salvo|si nadie|si no hay|a menos que|se ninguém|se não houver|salvo se|tenzij|als niemand|zonder)\b[^,;:–—]*[,;:–—]\s*`)
	conditionLast = regexp.MustCompile(`(?i)[,;]?\s+(?:unless|if (?:nobody|no one|i hear no|we hear no|i don't hear|we don't hear|there are no|there is no)|barring any|` +
		`es sei denn|wenn niemand|falls niemand|sofern niemand|sauf (?:avis|objection|opposition)|sans objection|si personne|salvo (?:objeción|que)|si nadie|` +
		`a menos que|se ninguém|salvo objeção|tenzij|als niemand)\b.*$`)
	// emptyRest says nothing of what is decided.
	emptyRest = regexp.MustCompile(`(?i)^(?:(?:this|that|it|das|dies|c'est|esto|isto|dit) (?:is|will be|stands|gilt|ist|est|queda|fica|is) ?(?:decided|agreed|settled|so|approved|beschlossen|entschieden|décidé|decidido|besloten)?|` +
		`(?:consider|take) (?:it|this|that) .*|(?:it|this) (?:goes|counts|stands).*|agreed|decided|approved)[.!]?$`)
)

// Proposed is what silence decides: the line "Proposal: ...", or the sentence without
// its condition. If that leaves nothing, it is the sentence as it stands.
func Proposed(words string, lazy intent.Statement) string {
	if m := proposalLine.FindStringSubmatch(words); m != nil {
		if text := strip(fold(m[1])); text != "" {
			return text
		}
	}
	text := fold(lazy.Text)
	if rest := strip(text); rest != "" {
		return rest
	}
	return text
}

// strip takes the condition off; "" if what is left decides nothing.
func strip(text string) string {
	rest := conditionLast.ReplaceAllString(text, "")
	rest = strings.TrimSpace(conditionFirst.ReplaceAllString(rest, ""))
	if len(strings.Fields(rest)) < 3 || emptyRest.MatchString(rest) {
		return ""
	}
	if rest != text && !strings.ContainsAny(rest[len(rest)-1:], ".!") {
		rest += "."
	}
	return upper(rest)
}

// upper begins a sentence with a capital.
func upper(s string) string {
	for _, r := range s {
		return strings.ToUpper(string(r)) + s[len(string(r)):]
	}
	return s
}
