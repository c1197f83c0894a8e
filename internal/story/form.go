package story

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A form is one kind of statement.
type form struct {
	example string // as scenarios/README.md shows it
	pattern string // a regular expression with WHO, TEXT, … for its parts, see expand
	details string // the keys that may stand below it; "*" any
	body    bool   // | lines
	talk    bool   // > and < lines
	act     bool   // it does something; the others compare
	make    func(b *builder, m []string) (func(*world) error, error)

	re *regexp.Regexp
}

// A builder is what make sees of the story around a statement.
type builder struct {
	*cast
	st    *statement
	actor *member // whose zone times are in, if there is one
}

// expand writes out the parts that many patterns share.
func expand(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^` + strings.NewReplacer(
		"WHOSE", `(\pL[\pL\d_-]*)'s?`,
		"WHO", `(\pL[\pL\d_-]*)`,
		"TEXT", `"([^"]*)"`,
		"REST", `(.*)`,
	).Replace(pattern) + `$`)
}

// forms are all statements there are, compiled once: it takes a quarter of a second.
var forms = sync.OnceValue(func() []*form {
	var all []*form
	for _, some := range []func() []*form{
		settingForms,
		groupForms,
		credentialForms,
		mailForms,
		folderForms,
		providerForms,
		worldForms,
		replyLooks,
		digestLooks,
		folderLooks,
		letterLooks,
		stateLooks,
		askLooks,
		threadLooks,
		decisionLooks,
		sentForms,
		pauseForms,
		diaryLooks,
	} {
		all = append(all, some()...)
	}
	for _, f := range all {
		f.re = expand(f.pattern)
	}
	return all
})

// find returns the form of a statement and its parts.
func find(all []*form, text string) (*form, []string) {
	for _, f := range all {
		if m := f.re.FindStringSubmatch(text); m != nil {
			return f, m
		}
	}
	return nil, nil
}

// nearest is the example of the form whose words are most like those of text.
func nearest(all []*form, text string) string {
	said := plainWords(text)
	best, most := "", -1.0
	for _, f := range all {
		want := plainWords(f.example)
		score := 0.0
		for _, w := range want {
			if slices.ContainsFunc(said, func(s string) bool { return alike(s, w) }) {
				score++
			}
		}
		score -= 0.1 * float64(len(want))
		if score > most {
			best, most = f.example, score
		}
	}
	return best
}

// plainWords are the words of a statement outside of quotes, without names: those of
// the examples begin with a capital letter too.
func plainWords(s string) []string {
	var out []string
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 1 {
			out = append(out, `"`)
			continue
		}
		for _, w := range strings.Fields(part) {
			if _, ok := strings.CutSuffix(w, "'s"); ok {
				w = "'s"
			}
			out = append(out, strings.ToLower(strings.Trim(w, ".,:;")))
		}
	}
	return out
}

// alike reports whether two words differ by a letter at most, or by their endings.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) < 4 || len(b) < 4 {
		return false
	}
	return a[:4] == b[:4] || distance(a, b) <= 1
}

// distance is how many letters differ (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
