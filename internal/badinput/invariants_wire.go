package badinput

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// wireInvariants are about what was said, and when.
func wireInvariants() []invariant {
	return wired([]invariant{
		{`reply_within_(ms|s)(<=?)(\d+)`, false, (*run).inTime},
		{`closed_after<=(\d+)`, false, func(r *run, m []string) string {
			if !r.closed {
				return "the connection is open"
			}
			n := len(r.smtp.said())
			if r.p.door.imap {
				n = len(r.imap.responses)
			}
			return compare(float64(n), "<=", m[1])
		}},
		{`closed_or_bounded`, false, func(r *run, _ []string) string {
			if !r.closed && !r.p.done() {
				return "the connection is open and wants more"
			}
			return ""
		}},
		{`attempts_answered<=(\d+)`, false, func(r *run, m []string) string {
			n := 0
			for _, x := range r.smtp.said() {
				if x.code == 535 {
					n++
				}
			}
			for _, x := range r.imap.responses {
				if x.word() == "NO" {
					n++
				}
			}
			return compare(float64(n), "<=", m[1])
		}},
		{`accepted_rcpt` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			n := 0
			for _, e := range r.smtp.exchanges {
				if e.verb == "RCPT" && e.code()/100 == 2 {
					n++
				}
			}
			return compare(float64(n), m[1], m[2])
		}},
		{`replies_after_data==(\d+)`, false, func(r *run, m []string) string {
			e, _ := r.smtp.first("BODY")
			return compare(float64(len(e.replies)), "==", m[1])
		}},
		{`no_event:(.*)`, false, (*run).noEvent},
		{`median_ms_difference<(\d+)%_over_(\d+)`, false, (*run).sameTime},
		{`other_sessions_p99_ms<(\d+)`, false, func(r *run, m []string) string {
			return r.meanwhile(m[1])
		}},
	})
}

// inTime measures from the last octet of the tested command to its reply.
func (r *run) inTime(m []string) string {
	var sent, said time.Time
	w := r.p.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.p.door.imap {
		for i, tag := range r.imap.tags {
			if setUp(tag) {
				continue
			}
			for _, x := range r.imap.responses {
				if x.tag == tag || x.word() == "BYE" || x.tag == "*" && x.word() == "BAD" {
					sent, said = at(w.sentAt, r.imap.ends[i]), x.at
				}
			}
			break
		}
	} else if e, ok := r.phase(); ok && len(e.replies) > 0 {
		sent, said = at(w.sentAt, e.end), e.replies[0].at
	}
	if said.IsZero() {
		return "there was none"
	}
	return compare(float64(said.Sub(sent).Milliseconds()), m[2], milliseconds(m[1], m[3]))
}

// phase is the exchange that the row is about.
func (r *run) phase() (exchange, bool) {
	if r.c.mentions(forcedError) {
		if e, ok := r.smtp.first("BODY"); ok {
			return e, true
		}
	}
	return r.smtp.phase(r.c.Phase)
}

// noEvent checks that something did not happen: a command was not obeyed ("MAIL"), an
// address was not taken, a mailbox was not made, octets of a body, chunk or literal
// were not commands.
func (r *run) noEvent(m []string) string {
	name := m[1]
	switch {
	case strings.HasSuffix(name, "_as_command"):
		for _, x := range r.smtp.extra {
			if x.code != 421 {
				return fmt.Sprintf("%q was said to it", x.text())
			}
		}
		for _, x := range r.imap.responses {
			if x.tag != "*" && x.tag != "+" && !slices.Contains(r.imap.tags, x.tag) {
				return fmt.Sprintf("%q was said to it", x)
			}
		}
	case name == strings.ToUpper(name) && !strings.Contains(name, "@"):
		for _, e := range r.smtp.exchanges {
			if e.verb == name && e.code()/100 == 2 && e.whole {
				return fmt.Sprintf("%s was obeyed: %q", name, e.last().text())
			}
			for _, x := range e.replies[min(1, len(e.replies)):] {
				if e.verb != name && e.verb != "AUTH" && x.code == 250 && r.smtp.open {
					return fmt.Sprintf("%s was obeyed: %q", name, x.text())
				}
			}
		}
		for _, x := range r.smtp.extra {
			if x.code/100 == 2 || x.code == 354 {
				return fmt.Sprintf("%s was obeyed: %q", name, x.text())
			}
		}
	case strings.Contains(name, "@"):
		n := r.w.count(`SELECT count(*) FROM delivery d JOIN address a USING (person_id) WHERE a.address = ?`, name) +
			r.w.count(`SELECT count(*) FROM recipient WHERE address = ?`, name)
		if n != 0 {
			return fmt.Sprintf("%d letters were taken for it", n)
		}
	default:
		if n := r.w.count(`SELECT count(*) FROM mailbox WHERE name LIKE ?`, "%"+name+"%"); n != 0 {
			return "there is a mailbox of that name"
		}
		if n := r.w.count(`SELECT count(*) FROM event WHERE kind = ?`, name); n != 0 {
			return "the ledger has it"
		}
	}
	return ""
}
