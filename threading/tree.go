package threading

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
)

// A Row is what the THREAD command of IMAP looks at in a message (RFC 5256). It
// says something else than Join does: it makes trees, for the messages of one
// mailbox, by rules that every client expects.
type Row struct {
	Num     uint32 // sequence number or UID, ascending
	ID      string
	Refs    []string // References or else the first of In-Reply-To
	Subject string   // base subject (RFC 5256 §2.1)
	IsReply bool     // its subject is that of a reply or forward
	Sent    time.Time
}

// RowOf takes from facts what THREAD looks at. received is the INTERNALDATE, which
// stands in for a missing Date (RFC 5256 §2.2).
func RowOf(num uint32, f mail.Facts, received time.Time) Row {
	r := Row{Num: num, ID: f.MessageID, Refs: f.References, Subject: f.BaseSubject, IsReply: marked(f.Subject, f.BaseSubject), Sent: received}
	if len(r.Refs) == 0 && len(f.InReplyTo) > 0 {
		r.Refs = f.InReplyTo[:1]
	}
	if f.DateOK {
		r.Sent = f.Date
	}
	return r
}

// marked reports whether anything but "[…]" was taken from a subject: Re:, Fwd:,
// (fwd).
func marked(subject, base string) bool {
	s := strings.ToLower(strings.Join(strings.Fields(subject), " "))
	for s != base && strings.HasPrefix(s, "[") {
		_, behind, ok := strings.Cut(s, "]")
		if !ok {
			break
		}
		s = strings.TrimLeft(behind, " ")
	}
	return s != base
}

// A Tree is a message and those below it. Num is 0 for one that is not in the
// mailbox.
type Tree struct {
	Num      uint32
	Children []*Tree
}

// FormatTrees writes trees as the THREAD response does: (1 2)(3 (4)(5)).
func FormatTrees(list []*Tree) string {
	var b strings.Builder
	for _, t := range list {
		t.write(&b)
	}
	return b.String()
}

func (t *Tree) write(b *strings.Builder) {
	b.WriteByte('(')
	for t.Num != 0 {
		b.WriteString(strconv.FormatUint(uint64(t.Num), 10))
		if len(t.Children) > 0 {
			b.WriteByte(' ')
		}
		if len(t.Children) != 1 {
			break
		}
		t = t.Children[0]
	}
	for _, c := range t.Children {
		c.write(b)
	}
	b.WriteByte(')')
}

// OrderedSubject is THREAD=ORDEREDSUBJECT (RFC 5256 §3): the messages of one
// subject are one thread, the first one above all others.
func OrderedSubject(rows []Row) []*Tree {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, bySent)
	threads := map[string]*Tree{}
	var out []*Tree
	for _, r := range rows {
		t := &Tree{Num: r.Num}
		if first := threads[r.Subject]; first != nil {
			first.Children = append(first.Children, t)
			continue
		}
		threads[r.Subject] = t
		out = append(out, t)
	}
	return out
}

// bySent is the order of sent dates, and of numbers where they are the same (RFC
// 5256 §2.2).
func bySent(a, b Row) int { return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.Num, b.Num)) }
