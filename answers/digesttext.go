package answers

import (
	"slices"
	"strings"
)

// A digestText is the text of the digest that was answered, to know its lines in a
// reply where no quotation mark stands before them.
type digestText struct {
	lines map[string]int // folded line → the question it belongs to, 0 for none
	text  string         // all words, with a space before and behind each
	words []string
	set   map[string]bool
	boxed bool // its questions begin with "[1]"
	at    int  // the word behind the last line that was found
}

// The questions of lines that belong to none: those below the last question, up to the
// next heading, may stand between it and its answer.
const (
	outsideLine = 0
	tailLine    = -1
)

func newDigestText(text string, items map[int]Item) digestText {
	d := digestText{lines: map[string]int{}, set: map[string]bool{}}
	if len(text) > maxText {
		text = text[:maxText]
	}
	for line := range strings.Lines(text) {
		if n, _, boxed, ok := leadingNumber(line); ok && boxed && items[n].Number == n {
			d.boxed = true
			break
		}
	}
	in := outsideLine
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		w := words(line)
		if len(w) == 0 {
			if in > 0 {
				in = tailLine
			}
			continue
		}
		if i+1 < len(lines) && isRule(lines[i+1]) {
			in = outsideLine
		}
		if n, _, boxed, ok := leadingNumber(line); ok && boxed == d.boxed && items[n].Number == n {
			in = n
		}
		folded := strings.Join(w, " ")
		if old, ok := d.lines[folded]; !ok || old <= outsideLine {
			d.lines[folded] = in
		}
		d.words = append(d.words, w...)
	}
	for _, w := range d.words {
		d.set[w] = true
	}
	d.text = " " + strings.Join(d.words, " ") + " "
	return d
}

// isRule reports whether a line is one of dashes, as below a heading.
func isRule(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) > 2 && strings.Trim(line, "-=_") == ""
}

func (d *digestText) known() bool { return len(d.words) > 0 }

// The bounds of what is taken for a line of the digest.
const (
	pastedWords = 4 // of a whole line without any mark, at least
	sureWords   = 3 // in a row, at least
	fuzzyWords  = 5 // of a line that a program has changed
	fuzzyShare  = 80
)

// pasted reports whether a line of the author's is one that they copied from the
// digest, to write their answer below it.
func (d *digestText) pasted(line string) bool {
	w := words(line)
	_, ok := d.lines[strings.Join(w, " ")]
	return ok && len(w) >= pastedWords
}

// goesOn reports whether a line without any mark is the next one of the digest.
func (d *digestText) goesOn(line string) bool {
	w := words(line)
	_, ok := d.lines[strings.Join(w, " ")]
	return ok && d.next(w)
}

// next reports whether the digest goes on with these words.
func (d *digestText) next(w []string) bool {
	return len(w) > 0 && d.at+len(w) <= len(d.words) && slices.Equal(d.words[d.at:d.at+len(w)], w)
}

// holds reports whether a line without a mark is one of the digest.
func (d *digestText) holds(line string) bool {
	w := words(line)
	if len(w) == 0 || strings.HasPrefix(strings.TrimSpace(line), "<mid:") {
		return true
	}
	folded := strings.Join(w, " ")
	if len(w) >= sureWords && strings.Contains(d.text, " "+folded+" ") {
		return true
	}
	if len(w) < sureWords {
		return d.next(w)
	}
	hits := 0
	for _, x := range w {
		if d.set[x] {
			hits++
		}
	}
	return len(w) >= fuzzyWords && hits*100 >= len(w)*fuzzyShare
}

// follow remembers where in the digest a line of it stands.
func (d *digestText) follow(line string) {
	w := words(line)
	if len(w) == 0 {
		return
	}
	end := min(len(d.words), d.at+200)
	for i := d.at; i+len(w) <= end; i++ {
		if slices.Equal(d.words[i:i+len(w)], w) {
			d.at = i + len(w)
			return
		}
	}
}

// isOfQuestion reports whether a line is one of the digest that belongs to a question.
func (d *digestText) isOfQuestion(line string) bool {
	return d.lines[strings.Join(words(line), " ")] > 0
}

// isOutside reports whether a line is one of the digest that belongs to no question:
// what follows it answers none.
func (d *digestText) isOutside(line string) bool {
	w := words(line)
	if len(w) == 0 {
		return false
	}
	in, ok := d.lines[strings.Join(w, " ")]
	return ok && in == outsideLine
}
