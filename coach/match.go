package coach

import (
	"crypto/sha256"
	"slices"
	"strings"
	"unicode"

	"tidepost/intent"
)

// A Draft is what tells whether one mail is another, edited.
type Draft struct {
	From    string   // address, lower-case
	To      []string // addresses in To, lower-case
	Parent  string   // Message-ID of what it answers, ""
	Subject string   // base subject (RFC 5256 §2.1)
	Words   string   // new words
}

// Key tells the same draft again: of the recipients, in any order, and the new words,
// however they are broken into lines. Message-ID, Date and subject do not count.
func Key(recipients []string, words string) []byte {
	list := slices.Clone(recipients)
	slices.Sort(list)
	sum := sha256.New()
	for _, r := range slices.Compact(list) {
		sum.Write([]byte(r))
		sum.Write([]byte{0})
	}
	sum.Write([]byte{0})
	for w := range strings.FieldsSeq(words) {
		sum.Write([]byte(w))
		sum.Write([]byte{' '})
	}
	return sum.Sum(nil)
}

// maxWords bounds the words of a draft that are compared.
const maxWords = 20_000

// Replaces reports whether edited takes the place of old: the same From and To, the
// same parent or else the same subject, and at least half of the words of old. In
// doubt it does not, and both leave.
func Replaces(old, edited Draft) bool {
	if old.From == "" || old.From != edited.From || len(old.To) == 0 || !sameSet(old.To, edited.To) {
		return false
	}
	parent := old.Parent != "" && old.Parent == edited.Parent
	subject := old.Subject != "" && old.Subject == edited.Subject
	if !parent && !subject {
		return false
	}
	had := bag(old.Words)
	total, kept := 0, 0
	has := bag(edited.Words)
	for w, n := range had {
		total += n
		kept += min(n, has[w])
	}
	return total > 0 && 2*kept >= total
}

// bag counts the words of a text, without regard to case and marks.
func bag(text string) map[string]int {
	out := map[string]int{}
	n := 0
	for w := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' }) {
		if n++; n > maxWords {
			break
		}
		out[strings.ToLower(w)]++
	}
	return out
}

func sameSet(a, b []string) bool {
	x, y := slices.Clone(a), slices.Clone(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}

// AskedBack reports whether the answer to a draft asks its author something: then the
// advice on it was right after all.
func AskedBack(answer intent.Findings) bool {
	return slices.ContainsFunc(answer.Asks, func(a intent.Ask) bool { return a.Kind == intent.AskAnswer })
}
