package inbox

import (
	"runtime/debug"
	"strings"

	"tidepost/clocks"
	"tidepost/dsn"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// maxRead is how much text of a mail from elsewhere is read for what it asks: reading
// 100 KB takes a quarter of a second, and nobody wrote them by hand.
const maxRead = 16 << 10

// readAsks reads what a mail from elsewhere asks, and what it answers; nil if the clocks
// have nothing to do with it. Whatever goes wrong costs the clocks, not the mail.
func (b *Inbox) readAsks(staged *store.Staged, f mail.Facts, junk bool) (m *clocks.Mail) {
	if b.o.Clocks == nil || junk || f.IsAuto || f.IsBounce || len(f.From) != 1 {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading what a message asks panicked", "mid", f.MessageID, "panic", r, "stack", string(debug.Stack()))
			m = nil
		}
	}()
	c := staged.Content
	m = &clocks.Mail{Facts: f, Lines: func() []mail.Line { return mail.LinesOf(c) }, Private: private(staged.Head, f),
		Mute: f.IsList || f.IsBulk || f.IsCode || f.Calendar.Present || f.HasICS || f.IsEncrypted || f.Social != ""}
	if c.TextSize() > maxRead {
		m.Mute = true // What it answers, it answers unread.
		return m
	}
	if m.Mute && !f.IsReply && len(parents(f)) == 0 {
		return nil
	}
	m.Words = mail.NewWords(c)
	m.Findings = intent.Read(intent.InputWith(m.Words, b.dir.AsRead(f), c, nil))
	return m
}

// readBounce reads a report of another server about a mail of ours; one without
// recipients if it is none.
func (b *Inbox) readBounce(staged *store.Staged, f mail.Facts) (n dsn.Notice) {
	if b.o.Clocks == nil || !f.IsBounce || !staged.InMemory() {
		return n
	}
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading a report panicked", "mid", f.MessageID, "panic", r, "stack", string(debug.Stack()))
			n = dsn.Notice{}
		}
	}()
	n, _ = dsn.Parse(staged.Head, staged.Body())
	return n
}

// failed are the recipients that a report says are lost.
func failed(n dsn.Notice) []mail.Address {
	var out []mail.Address
	for _, o := range n.Outcomes {
		if o.Action == dsn.Failed {
			out = append(out, o.Recipient)
		}
	}
	return out
}

// private reports whether its author marked a mail so, or nobody else can read it.
func private(head []byte, f mail.Facts) bool {
	s := strings.ToLower(strings.TrimSpace(mail.ParseHeader(head).Get("Sensitivity")))
	return f.IsEncrypted || s == "private" || s == "personal" || s == "company-confidential"
}

// clockReader is one who got a mail from elsewhere, as the clocks see it: what stands on
// the pass list for its reader asks nothing.
func clockReader(p *people.Person, d store.Delivery) clocks.Reader {
	r := clocks.Reader{Address: p.Address, Person: p, Delivery: d}
	switch Reason(d.Reason) {
	case ReasonCode, ReasonCalendar, ReasonBounce, ReasonNamed, ReasonList, ReasonAuto, ReasonSocial, ReasonJunk, ReasonFailed:
		r.Passed = true
	}
	return r
}
