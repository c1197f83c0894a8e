package digest

import (
	"slices"
	"strings"
)

// indent stands before what belongs to an item.
const indent = "    "

// text is the digest as plain text. It is made to be answered: what a reply calls an
// item begins its line, and no other line begins so.
func (v view) text() string {
	var b strings.Builder
	b.WriteString(v.Title + "\n")
	for _, s := range v.Leads {
		b.WriteString("\n" + wrapAt(s, "", narrow) + "\n")
	}
	for _, s := range v.Sections {
		s.text(&b)
	}
	for i, s := range v.Remarks {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(wrapAt(s, "", narrow) + "\n")
	}
	return b.String()
}

func (s section) text(b *strings.Builder) {
	b.WriteByte('\n')
	if s.Title != "" {
		b.WriteString(s.Title + "\n" + strings.Repeat("-", len(s.Title)) + "\n")
	}
	for i, it := range s.Items {
		if i > 0 && !it.Short {
			b.WriteByte('\n')
		}
		it.text(b)
	}
	if s.More != "" {
		if len(s.Items) > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s.More + "\n")
	}
	if h := s.Hint; h != (hint{}) {
		b.WriteString("\n" + h.Lead + "\n" + indent + h.Example + "\n" + wrapAt(h.Rule, "", narrow) + "\n")
	}
}

func (it item) text(b *strings.Builder) {
	if it.Short {
		head := "- " + it.Head
		if by := strings.Join(it.Facts, ", "); by != "" {
			head = fit(head, narrow/2) + " · " + by
		}
		b.WriteString(beside(head, it.Right) + "\n")
		return
	}
	lead := indent
	if it.Mark != "" {
		lead = it.Mark + strings.Repeat(" ", max(1, len(indent)-len(it.Mark)))
	}
	body := strings.TrimPrefix(wrapAt(it.Head, indent, narrow), indent)
	if it.Mark == "" {
		lead = "  * "
	}
	b.WriteString(lead + body + "\n")
	for _, f := range it.facts() {
		b.WriteString(wrapAt(f, indent, narrow) + "\n")
	}
	if s := link(it.MID); s != "" {
		b.WriteString(indent + s + "\n")
	}
}

// facts are the lines below the sentence. The subject of the mail stands behind the
// last one if there is room.
func (it item) facts() []string {
	if it.Where == "" {
		return it.Facts
	}
	const room = narrow - len(indent)
	where := "“" + fit(it.Where, room-2) + "”"
	out := slices.Clone(it.Facts)
	if n := len(out); n > 0 && columns(out[n-1]+" · "+where) <= room {
		out[n-1] += " · " + where
		return out
	}
	return append(out, where)
}
