package digest

import "strings"

// indent stands before what belongs to an item.
const indent = "    "

// text is the digest as plain text. It is made to be answered: what a reply calls an
// item begins its line, and no other line begins so.
func (v view) text() string {
	var b strings.Builder
	b.WriteString(v.Title + "\n")
	if v.Summary != "" {
		b.WriteString(wrapAt(v.Summary, "", narrow) + "\n")
	}
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
	for i, h := range s.Hints {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(wrapAt(h, "", narrow) + "\n")
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
	for _, f := range it.Facts {
		b.WriteString(wrapAt(f, indent, narrow) + "\n")
	}
	if it.Where != "" {
		b.WriteString(indent + fit("in “"+it.Where, narrow-len(indent)-1) + "”\n")
	}
	if s := link(it.MID); s != "" {
		b.WriteString(indent + s + "\n")
	}
}
