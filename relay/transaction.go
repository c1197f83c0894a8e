package relay

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
)

// maxRecipients of one transaction: what every server must take (RFC 5321
// §4.5.3.1.8).
const maxRecipients = 100

// window bounds the octets of commands sent before their replies are read, so
// that neither side waits for the other with full buffers (RFC 2920 §3.1).
const window = 4 << 10

// sendAll takes legs through as many transactions as they need. All of them are
// settled afterwards, unless it turns out that the kept session had ended before:
// then it reports false, and another one must do it.
func (s *session) sendAll(ctx context.Context, job *Job, legs []*leg) bool {
	defer s.watch(ctx)()
	for _, l := range legs {
		l.result.Remote, l.result.TLS, l.result.DSN = s.host.name, s.tls, s.offers("DSN")
	}
	legs = s.suitable(job, legs)
	for len(legs) > 0 {
		n := min(len(legs), maxRecipients)
		again, f := s.transact(ctx, job, legs[:n])
		legs = append(again, legs[n:]...)
		if f != nil && s.kept && ctx.Err() == nil {
			return false
		}
		if f != nil {
			for _, l := range legs {
				l.fail(f)
			}
			return true
		}
	}
	return true
}

// suitable settles what this host cannot take and returns the rest.
func (s *session) suitable(job *Job, legs []*leg) []*leg {
	var all *fault
	utf8 := s.offers("SMTPUTF8")
	limit := s.sizeLimit()
	switch {
	case !utf8 && (job.UTF8 || !isASCII(job.From.Local)): // RFC 6531 §3.2
		all = newFault(TroubleMail, 550, [3]int{5, 6, 7}, nil, "%s does not take internationalized mail", s.host.name)
	case job.EightBit && !s.offers("8BITMIME"): // RFC 6152 §3: never sent on hope
		all = newFault(TroubleMail, 554, [3]int{5, 6, 3}, nil, "%s does not take 8-bit mail", s.host.name)
	case limit > 0 && job.Size > limit: // RFC 1870 §6.1: need not be tried
		all = newFault(TroubleMail, 552, [3]int{5, 3, 4}, nil, "%s takes mail of at most %d octets", s.host.name, limit)
	}
	return slices.DeleteFunc(slices.Clone(legs), func(l *leg) bool {
		f := all
		if f == nil && !utf8 && !isASCII(l.rcpt.Address.Local) {
			f = newFault(TroubleMail, 550, [3]int{5, 6, 7}, nil, "%s does not take internationalized addresses", s.host.name)
		}
		if f != nil {
			l.fail(f)
		}
		return f != nil
	})
}

// transact runs one transaction. It settles legs but for those in again, which
// the host wants in a transaction of their own. A fault is for everyone who is
// not settled yet.
func (s *session) transact(ctx context.Context, job *Job, legs []*leg) (again []*leg, f *fault) {
	if s.dirty {
		if f := s.reset(ctx); f != nil {
			return legs, f
		}
	}
	s.dirty = true
	s.uses++
	e := &exchange{s: s, job: job, legs: legs}
	if f := e.run(ctx); f != nil {
		return unsettled(legs), f
	}
	if e.open {
		if f := s.sendBody(ctx, job, e.taken()); f != nil {
			return unsettled(legs), f
		}
		s.dirty = false // RFC 5321 §4.1.1.4: the reply to the end mark clears it.
	}
	again = unsettled(legs)
	if len(again) > 0 && s.broken {
		return again, newFault(TroubleProtocol, 451, [3]int{4, 4, 2}, nil, "%s is closing the connection", s.host.name).at(s.host.name)
	}
	return again, nil
}

func unsettled(legs []*leg) []*leg {
	return slices.DeleteFunc(slices.Clone(legs), func(l *leg) bool { return l.settled })
}

// An exchange is the part of a transaction from MAIL to the reply to DATA.
type exchange struct {
	s    *session
	job  *Job
	legs []*leg
	full []*leg // refused with "too many recipients"
	open bool   // DATA was answered with 354: the body is due
	over bool   // no body will be sent in this transaction
}

// run sends MAIL, the RCPTs and DATA, all at once where PIPELINING allows it.
func (e *exchange) run(ctx context.Context) *fault {
	lines := e.commands()
	pipelining := e.s.offers("PIPELINING")
	for start := 0; start < len(lines) && !e.over; {
		end := start + 1
		for size := len(lines[start]); pipelining && end < len(lines); end++ {
			if size += len(lines[end]) + 2; size > window {
				break
			}
		}
		if end == len(lines) && start == end-1 && len(e.taken()) == 0 {
			break // DATA alone, and nobody to send to
		}
		if f := e.round(ctx, lines, start, end); f != nil {
			return f
		}
		start = end
	}
	e.settleFull()
	return nil
}

// round sends lines[start:end] and reads their replies.
func (e *exchange) round(ctx context.Context, lines []string, start, end int) *fault {
	t := &e.s.opts.Timeouts
	e.s.arm(ctx, t.Command)
	for _, l := range lines[start:end] {
		e.s.w.WriteString(l + "\r\n") // an error sticks and shows in Flush
	}
	if err := e.s.w.Flush(); err != nil {
		return e.s.lost(ctx, err)
	}
	for i := start; i < end; i++ {
		wait, read := t.Command, e.s.readNext
		if i == end-1 {
			read = e.s.read
		}
		if i == len(lines)-1 {
			wait = t.DataStart
		}
		rep, f := read(ctx, wait)
		if f == nil {
			f = e.answer(ctx, i, rep)
		}
		if f != nil {
			return f
		}
	}
	return nil
}

// answer takes the reply to line i: MAIL, one of the RCPTs, or DATA.
func (e *exchange) answer(ctx context.Context, i int, rep reply) *fault {
	last := len(e.legs) + 1
	if rep.class() == 3 && i != last || rep.class() == 2 && i == last {
		e.s.broken = true
		return newFault(TroubleProtocol, 451, [3]int{4, 5, 0}, &rep.Reply, "%s answered out of turn", e.s.host.name).at(e.s.host.name)
	}
	switch {
	case i == 0:
		if rep.class() != 2 {
			e.over = true
			e.refuseAll(e.legs, rep)
		}
	case i < last:
		e.answerRecipient(e.legs[i-1], rep)
	case rep.class() == 3:
		return e.go354(ctx)
	default:
		e.over = true
		e.refuseAll(e.taken(), rep)
	}
	if rep.Code == 421 { // nothing more will be answered
		return &fault{reply: rep.Reply, said: true, trouble: TroubleProtocol, remote: e.s.host.name}
	}
	return nil
}

func (e *exchange) answerRecipient(l *leg, rep reply) {
	switch {
	case l.settled: // MAIL was refused; this one only echoes it
	case rep.class() == 2:
		l.accepted = true
	case tooMany(rep):
		e.full = append(e.full, l)
		l.result.Reply, l.result.Said = rep.Reply, true
		l.result.Reply.Code, l.result.Reply.Enhanced[0] = 452, 4
	default:
		e.refuseAll([]*leg{l}, rep)
	}
}

// tooMany knows "too many recipients": 452, or 552 from servers of the time
// before RFC 5321 §4.5.3.1.10. A full mailbox or a message too big says so in its
// enhanced code.
func tooMany(rep reply) bool {
	sub := [2]int{rep.Enhanced[1], rep.Enhanced[2]}
	return rep.Code == 452 && sub == [2]int{5, 3} || rep.Code == 552 && (sub == [2]int{5, 3} || sub == [2]int{0, 0})
}

// settleFull keeps those turned away for lack of room for the next transaction
// if this one gets anybody through, else they wait like anyone refused with 4yz.
func (e *exchange) settleFull() {
	if len(e.full) > 0 && !e.open {
		for _, l := range e.full {
			l.settled = true
		}
	}
}

func (e *exchange) go354(ctx context.Context) *fault {
	if len(e.taken()) == 0 {
		// DATA went out with the RCPTs and nobody was taken. RFC 2920 §3.1: send
		// the end mark alone; it has no recipients.
		e.over = true
		if e.s.broken {
			return nil
		}
		rep, f := e.s.command(ctx, e.s.opts.Timeouts.DataEnd, ".")
		if f == nil && rep.class() == 3 {
			e.s.broken = true
		}
		return f
	}
	if e.s.broken { // A reply to the end mark lies there before its time.
		return newFault(TroubleProtocol, 451, [3]int{4, 5, 0}, nil, "%s answered out of turn", e.s.host.name).at(e.s.host.name)
	}
	e.open = true
	return nil
}

func (e *exchange) taken() []*leg {
	return slices.DeleteFunc(slices.Clone(e.legs), func(l *leg) bool { return !l.accepted || l.settled })
}

// refuseAll settles legs with the host's answer.
func (e *exchange) refuseAll(legs []*leg, rep reply) {
	f := &fault{reply: rep.Reply, said: true}
	if e.s.opts.Mode == ModeSmarthost && (rep.Code == 530 || rep.Code == 535) {
		// "Authentication required", "Must issue STARTTLS": our configuration is
		// wrong, not the mail.
		f = authFault(e.s, &rep.Reply, "%s wants another login: %d %s", e.s.host.name, rep.Code, rep.Text)
	}
	for _, l := range legs {
		l.fail(f)
	}
}

// commands are the lines of the transaction, without line ends.
func (e *exchange) commands() []string {
	utf8 := e.needsUTF8()
	lines := make([]string, 0, len(e.legs)+2)
	lines = append(lines, e.s.mailCommand(e.job, utf8))
	for _, l := range e.legs {
		lines = append(lines, e.s.rcptCommand(l.rcpt, utf8))
	}
	return append(lines, "DATA")
}

func (e *exchange) needsUTF8() bool {
	return e.job.UTF8 || !isASCII(e.job.From.Local) ||
		slices.ContainsFunc(e.legs, func(l *leg) bool { return !isASCII(l.rcpt.Address.Local) })
}

func (s *session) mailCommand(job *Job, utf8 bool) string {
	line := "MAIL FROM:<" + path(job.From) + ">"
	if job.Size > 0 && s.offers("SIZE") {
		line += " SIZE=" + strconv.FormatInt(job.Size, 10)
	}
	if job.EightBit {
		line += " BODY=8BITMIME"
	}
	if utf8 {
		line += " SMTPUTF8"
	}
	if s.offers("DSN") { // RFC 3461 §4.3, §4.4
		if job.Ret == "FULL" || job.Ret == "HDRS" {
			line += " RET=" + job.Ret
		}
		if id := xtext(job.EnvID); id != "" && len(id) <= 100 {
			line += " ENVID=" + id
		}
	}
	return line
}

func (s *session) rcptCommand(r *mail.Recipient, utf8 bool) string {
	line := "RCPT TO:<" + path(r.Address) + ">"
	if !s.offers("DSN") {
		return line
	}
	if n := strings.ToUpper(r.Notify); validNotify(n) { // RFC 3461 §4.1
		line += " NOTIFY=" + n
	}
	if o := orcpt(r.ORcpt, utf8); o != "" && len(o) <= 500 { // RFC 3461 §4.2
		line += " ORCPT=" + o
	}
	return line
}

func validNotify(s string) bool {
	if s == "NEVER" {
		return true
	}
	for word := range strings.SplitSeq(s, ",") {
		if word != "SUCCESS" && word != "FAILURE" && word != "DELAY" {
			return false
		}
	}
	return true
}

// path is a as it stands between angle brackets; the domain as A-labels, which
// every server understands.
func path(a mail.Address) string {
	if a.Domain == "" {
		return a.Local
	}
	return a.Local + "@" + asciiDomain(a.Domain)
}

// orcpt encodes "type;address". A non-ASCII address is utf-8-addr-unitext under
// SMTPUTF8 and utf-8-addr-xtext without (RFC 6533 §3).
func orcpt(s string, utf8 bool) string {
	kind, addr, ok := strings.Cut(s, ";")
	if !ok || addr == "" || kind == "" || strings.ContainsFunc(kind, func(r rune) bool { return r <= ' ' || r > '~' || r == '=' }) {
		return ""
	}
	if isASCII(addr) {
		return kind + ";" + xtext(addr)
	}
	var b strings.Builder
	b.WriteString("utf-8;")
	for _, r := range addr {
		switch {
		case r > ' ' && r < 0x7f && r != '\\' && r != '+' && r != '=', utf8 && r >= 0xa0:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\x{%X}`, r)
		}
	}
	return b.String()
}

// xtext encodes s as RFC 3461 §4 wants; non-ASCII text has no such form and
// gives "".
func xtext(s string) string {
	if !isASCII(s) {
		return ""
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && c != '+' && c != '=' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "+%02X", c)
		}
	}
	return b.String()
}

// dataTime is how long a body may take after n of its octets: the slack, and a
// second per 4 KiB.
func (t *Timeouts) dataTime(n int64) time.Duration {
	return t.DataSlack + time.Duration(n/(4<<10))*time.Second
}
