package clocks

import (
	"slices"
	"strings"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/threading"
)

// A taking is what a reply means for one of several asks.
type taking struct {
	item  *Item
	event threading.Event
}

// takenUp says which of the asks of one mail a reply takes up, and how. Without a form
// that shows more it is all of them, and e for each. The form shows more
//   - if the author answers between quotes: the answer below a quote is for the last ask
//     in it; what stands above no answer, or was cut out, is not taken up;
//   - if all asks were numbered, and lines of the reply begin with some of the numbers.
//
// Then a promise is for the ask next to which it stands.
func takenUp(m *Mail, asks []*Item, e threading.Event) []taking {
	if len(asks) > 1 {
		var parts map[*Item]string
		if m.Lines != nil {
			parts = between(m.Lines(), asks)
		}
		if parts == nil {
			parts = byNumber(m.Words, asks)
		}
		if parts != nil {
			return partly(m, asks, parts, e)
		}
	}
	var out []taking
	for _, i := range asks {
		out = append(out, taking{i, e})
	}
	return out
}

// partly gives each ask that has a part of the reply what that part says.
func partly(m *Mail, asks []*Item, parts map[*Item]string, e threading.Event) []taking {
	var out []taking
	for _, i := range asks {
		part, ok := parts[i]
		if !ok {
			continue
		}
		f := m.Findings
		f.Promises = slices.DeleteFunc(slices.Clone(f.Promises), func(p intent.Promise) bool { return !strings.Contains(folded(part), folded(p.Text)) })
		said, ok := threading.OwnerSays(f, part)
		if ok {
			out = append(out, taking{i, said})
		}
	}
	return out
}

// folded makes all white space alike.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// between finds the parts of a reply whose author answers between quotes; nil if there
// is only one answer, above or below it all.
func between(lines []mail.Line, asks []*Item) map[*Item]string {
	type block struct{ quote, answer string }
	var blocks []block
	for _, l := range lines {
		if strings.TrimSpace(l.Text) == "" {
			continue
		}
		n := len(blocks)
		switch {
		case l.Kind == mail.LineQuoted && (n == 0 || blocks[n-1].answer != ""):
			blocks = append(blocks, block{quote: l.Text})
		case l.Kind == mail.LineQuoted:
			blocks[n-1].quote += " " + l.Text
		case l.Kind == mail.LineOwn && n > 0:
			blocks[n-1].answer += l.Text + "\n"
		}
	}
	answers := 0
	for _, b := range blocks {
		if b.answer != "" {
			answers++
		}
	}
	// One answer below everything that is quoted is for all of it; one in the middle is
	// not.
	if answers == 0 || answers == 1 && blocks[len(blocks)-1].answer != "" && len(blocks) == 1 && quotesAll(blocks[0].quote, asks) {
		return nil
	}
	out := map[*Item]string{}
	for _, b := range blocks {
		if b.answer == "" {
			continue
		}
		var last *Item
		at := -1
		for _, i := range asks {
			if pos := strings.LastIndex(folded(b.quote), folded(strings.TrimSuffix(i.Ask.Text, "…"))); pos > at {
				last, at = i, pos
			}
		}
		if last != nil {
			out[last] += b.answer
		}
	}
	return out
}

// quotesAll reports whether a quote holds all asks, or none that can be found.
func quotesAll(quote string, asks []*Item) bool {
	found := 0
	for _, i := range asks {
		if strings.Contains(folded(quote), folded(strings.TrimSuffix(i.Ask.Text, "…"))) {
			found++
		}
	}
	return found == 0 || found == len(asks)
}

// byNumber finds the parts of a reply whose lines begin with the numbers of the asks;
// nil if not all asks were numbered, or no line begins with one of the numbers.
func byNumber(words string, asks []*Item) map[*Item]string {
	of := map[int]*Item{}
	for _, i := range asks {
		if i.Ask.Item == 0 || of[i.Ask.Item] != nil {
			return nil
		}
		of[i.Ask.Item] = i
	}
	out := map[*Item]string{}
	var at *Item
	for line := range strings.Lines(words) {
		if n := numberOf(line); n != 0 {
			at = of[n]
		}
		if at != nil {
			out[at] += line
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
