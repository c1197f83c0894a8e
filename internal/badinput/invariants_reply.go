package badinput

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// replyInvariants are about the octets of replies.
func replyInvariants() []invariant {
	const offer = `ehlo(?:_before_tls|_after_tls)?`
	return append([]invariant{
		{`closed_within_(ms|s)(<=?)(\d+)`, false, (*run).goneInTime},
		{`imap_connection_stays`, false, func(r *run, _ []string) string {
			if r.c.Protocol != "imap" {
				return r.every(func(shown) string { return "" }) // A reader of what came.
			}
			if r.closed {
				return "it was closed"
			}
			return ""
		}},
		{`seq_map_consistent|uids?_(?:strictly_)?ascending(?:_within_uidvalidity)?`, false, (*run).ascending},
	}, wired([]invariant{
		{`repl(?:y|ies)_match(?:es)?:(.*)`, false, func(r *run, m []string) string {
			text, ok := r.tested()
			pattern, err := regexp.Compile(m[1])
			if err != nil || !ok || !pattern.MatchString(text) {
				return fmt.Sprintf("it is %q", text)
			}
			return ""
		}},
		{`repl(?:y|ies)_ha(?:s|ve)_no_(?:bare_cr|control|control_octets|8bit)|repl(?:y|ies)_(?:is|are)_ascii`, false, func(r *run, _ []string) string {
			b, _ := r.p.wire.said()
			if bytes.ContainsFunc(bytes.ReplaceAll(b, []byte("\r\n"), nil), func(c rune) bool { return c < ' ' && c != '\t' || c >= 0x7f }) {
				return "it has"
			}
			return ""
		}},
		{`repl(?:y|ies)_ha(?:s|ve)_no:(.*)`, false, func(r *run, m []string) string {
			if b, _ := r.p.wire.said(); bytes.Contains(b, []byte(m[1])) {
				return "it has"
			}
			return ""
		}},
		{`repl(?:y|ies)_ha(?:s|ve):(.*)`, false, func(r *run, m []string) string {
			if b, _ := r.p.wire.said(); !bytes.Contains(b, []byte(m[1])) {
				return "it has not"
			}
			return ""
		}},
		{`reply_line_(?:octets|len|length)(<=?)(\d+)`, false, func(r *run, m []string) string {
			b, _ := r.p.wire.said()
			longest := 0
			for line := range bytes.Lines(b) {
				longest = max(longest, len(line))
			}
			return compare(float64(longest), m[1], m[2])
		}},
		{`repl(?:y_lines|ies)` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			n := len(r.smtp.said())
			if r.p.door.imap {
				n = len(r.imap.responses)
			}
			return compare(float64(n), m[1], m[2])
		}},
		{offer + `_has_no:(.*)`, false, func(r *run, m []string) string {
			if r.offers(m[1]) {
				return "it has"
			}
			return ""
		}},
		{offer + `_has:(.*)`, false, func(r *run, m []string) string {
			if !r.offers(m[1]) {
				return "it has not"
			}
			return ""
		}},
	})...)
}

// tested is the reply that the row is about, as text.
func (r *run) tested() (string, bool) {
	if !r.p.door.imap {
		e, _ := r.phase()
		return e.last().text(), len(e.replies) > 0
	}
	list := r.imap.tested()
	if len(list) == 0 {
		return "", false
	}
	return list[len(list)-1].String(), true
}

// offers reports whether EHLO or CAPABILITY offers something, in the row itself.
func (r *run) offers(what string) bool {
	for _, e := range r.smtp.exchanges {
		if (e.verb == "EHLO" || e.verb == "LHLO") && strings.Contains(strings.ToUpper(e.last().text()), strings.ToUpper(what)) {
			return true
		}
	}
	for _, x := range r.imap.responses {
		if strings.Contains(strings.ToUpper(x.text), "CAPABILITY") && strings.Contains(strings.ToUpper(x.text), strings.ToUpper(what)) {
			return true
		}
	}
	return false
}

// milliseconds is a number of ms or s as milliseconds.
func milliseconds(unit, n string) string {
	if unit == "ms" {
		return n
	}
	v, err := strconv.Atoi(n)
	if err != nil {
		return n
	}
	return strconv.Itoa(v * 1000)
}

// goneInTime measures how long the connection lasted, in the time-outs of a gateway
// that is not hurried.
func (r *run) goneInTime(m []string) string {
	want := milliseconds(m[1], m[3])
	if r.p == nil { // We are the client: we have given up, and the ledger says so.
		return compare(float64(r.took.Milliseconds()), m[2], want)
	}
	if !r.closed {
		return "the connection is open"
	}
	r.p.wire.mu.Lock()
	took := r.p.wire.closedAt.Sub(r.p.wire.began) * time.Duration(max(r.w.setup.Shrink, 1))
	r.p.wire.mu.Unlock()
	return compare(float64(took.Milliseconds()), m[2], want)
}
