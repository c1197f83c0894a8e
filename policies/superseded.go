package policies

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReasonSuperseded is that of a draft that relies on a decision whose place another has
// taken.
const ReasonSuperseded Reason = "superseded-decision"

// A PastDecision is a decision whose place another has taken, and which the author of a
// draft may see.
type PastDecision struct {
	Number   int // of D-n
	By       int // the number of the one that holds now
	Sentence string
}

// decisionName is how a mail names a decision.
var decisionName = regexp.MustCompile(`\bD-(\d{1,9})\b`)

// superseded finds drafts that name or quote a decision that holds no longer. A short
// reply can do so too. Who names the newer one as well knows.
func superseded(in Input, _ time.Time) []Finding {
	if len(in.PastDecisions) == 0 {
		return nil
	}
	var named []int
	for _, m := range decisionName.FindAllStringSubmatch(in.NewWords, 100) {
		if n, err := strconv.Atoi(m[1]); err == nil {
			named = append(named, n)
		}
	}
	var text string
	for _, d := range in.PastDecisions {
		if slices.Contains(named, d.By) {
			continue
		}
		f := Finding{Reason: ReasonSuperseded, Action: Advise, Recipient: Everybody,
			Text: "D-" + strconv.Itoa(d.Number) + " D-" + strconv.Itoa(d.By)}
		if slices.Contains(named, d.Number) {
			return []Finding{f}
		}
		sentence := plainWords(d.Sentence)
		if strings.Count(sentence, " ") < quotedWords {
			continue
		}
		if text == "" {
			text = " " + plainWords(in.NewWords) + " "
		}
		if strings.Contains(text, " "+sentence+" ") {
			f.Quote = d.Sentence
			return []Finding{f}
		}
	}
	return nil
}

// quotedWords is how long a sentence must be at least, less one, to be quoted and not
// just said: "We go ahead." says anybody.
const quotedWords = 4

// plainWords are the words of a text, in lower case, one space between.
func plainWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return strings.ContainsRune(" \t\r\n.,:;!?\"'“”„«»()[]*_>–—", r)
	}), " ")
}
