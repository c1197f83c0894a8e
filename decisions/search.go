package decisions

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const (
	// maxQuery is how much of a query is looked at, in octets, and maxTerms how many
	// words of it.
	maxQuery = 1000
	maxTerms = 20
)

// Match turns what somebody typed into an expression of FTS5 that is well-formed
// whatever that was: each word, or the beginning of one, must occur. "" if there is no
// word in it. Operators, quotes and stars are no more than marks between words.
func Match(query string) string {
	query = strings.ToValidUTF8(query[:min(len(query), maxQuery)], " ")
	var terms []string
	for _, w := range strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }) {
		if !strings.ContainsFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			continue // Accents on nothing.
		}
		if terms = append(terms, `"`+w+`"*`); len(terms) == maxTerms {
			break
		}
	}
	return strings.Join(terms, " AND ")
}

// name is how a decision is called: "D-12", also "d12".
var name = regexp.MustCompile(`(?i)\bD-?(\d{1,9})\b`)

// strictName leaves out what may be a part number: only "D-12".
var strictName = regexp.MustCompile(`\bD-(\d{1,9})\b`)

// Number reads the name of a decision that is all of a text: "D-12", "d12", "12".
func Number(text string) (n int, ok bool) {
	text = strings.TrimSpace(text)
	if m := name.FindStringSubmatch(text); m != nil && m[0] == text {
		text = m[1]
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && n < 1e9
}

// Names returns the numbers of the decisions that a text names, each once, in their
// order: "as we said in D-12".
func Names(text string) []int {
	var out []int
	seen := map[int]bool{}
	for _, m := range strictName.FindAllStringSubmatch(text, 100) {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// supersedes is what a text says of the decisions whose place it takes.
var supersedes = regexp.MustCompile(`(?i)\b(?:supersed(?:es|ing|e)|replac(?:es|ing|e)|overrul(?:es|ing)|overrid(?:es|ing)|revers(?:es|ing)|revok(?:es|ing)|cancels|instead of|in place of|` +
	`ersetzt|ersetzen|anstelle von|statt|hebt|remplace|annule|au lieu de|sustituye|reemplaza|anula|en lugar de|substitui|revoga|em vez de|vervangt|in plaats van)\s+` +
	`((?:(?:decision|our|die|entscheidung|la|el|a|o|décision|decisión|decisão|het|besluit)\s+){0,2}D-\d{1,9}(?:(?:\s*,\s*|\s+(?:and|und|et|y|e|en)\s+)D-\d{1,9})*)`)

// Supersedes returns the numbers of the decisions whose place a text takes: "this
// replaces D-5 and D-6".
func Supersedes(text string) []int {
	text = beginning(text)
	var out []int
	if !strings.Contains(text, "D-") {
		return nil
	}
	for _, m := range supersedes.FindAllStringSubmatch(text, 20) {
		out = append(out, Names(strings.ToUpper(m[1]))...)
	}
	return out
}
