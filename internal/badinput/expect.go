package badinput

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// judge compares what was said with class and codes of the row. It returns what is
// wrong, in words.
func (r *run) judge() []string {
	if r.p.door.imap {
		return r.judgeIMAP()
	}
	return r.judgeSMTP()
}

// anyCode reports whether one of the codes is that of the reply: "250", or with
// letters for any digit an enhanced one ("4.7.x").
func anyCode(codes []string, rep reply) bool {
	return slices.ContainsFunc(codes, func(c string) bool {
		if strings.Contains(c, ".") {
			pat := "^" + strings.ReplaceAll(regexp.QuoteMeta(c), "x", "[0-9]+") + "$"
			f := strings.Fields(rep.text())
			return len(f) > 1 && regexp.MustCompile(pat).MatchString(f[1])
		}
		return fmt.Sprint(rep.code) == c
	})
}

// classOf reports whether a code is of one of the classes that expect names.
func classOf(expect string, code int) bool {
	switch {
	case strings.HasPrefix(expect, "accept-or-reject"), expect == "bounded":
		return code >= 200
	case strings.HasPrefix(expect, "accept"), expect == "ok", expect == "ok-fast":
		return code/100 == 2
	case expect == "reject-4xx":
		return code/100 == 4
	case strings.HasPrefix(expect, "reject-5xx"):
		return code/100 == 5
	case strings.HasPrefix(expect, "reject"):
		return code >= 400
	}
	return false
}

// judgeSMTP is judge for SMTP, submission and LMTP.
func (r *run) judgeSMTP() []string {
	c := r.c
	if c.Expect == "split" {
		return r.judgeSplit()
	}
	e, ok := r.phase()
	closed := r.closed
	switch {
	case c.Expect == "close":
		return r.judgeClose(closed)
	case strings.HasSuffix(c.Expect, "-or-close") && closed && (!ok || len(e.replies) == 0):
		return nil
	case !ok || len(e.replies) == 0:
		if c.Expect == "bounded" || c.Expect == "same-reply" {
			return nil
		}
		return []string{fmt.Sprintf("no reply to %s (closed: %v; heard %s)", nameOf(c.Phase, e), closed, r.tail())}
	}
	got := e.last()
	if e.verb != "AUTH" {
		got = e.replies[0]
	}
	if len(c.Codes) == 0 && classOf(c.Expect, got.code) {
		return nil
	}
	if anyCode(c.Codes, got) {
		return r.judgeLater(e, got)
	}
	if strings.HasSuffix(c.Expect, "-or-close") && closed {
		return nil
	}
	return []string{fmt.Sprintf("%s was answered by %q, not %s %v", nameOf(c.Phase, e), got.text(), c.Expect, c.Codes)}
}

// judgeLater looks at repeated commands: if the code listed for the first is no
// refusal, one of the later ones must have been refused.
func (r *run) judgeLater(e exchange, got reply) []string {
	if !strings.HasPrefix(r.c.Expect, "reject") || got.code >= 400 {
		return nil
	}
	if count := countVerb(r.smtp, e.verb); count < 2 {
		return nil
	}
	for _, x := range r.smtp.exchanges {
		if x.verb == e.verb && x.code() >= 400 {
			return nil
		}
	}
	return []string{fmt.Sprintf("none of the %s was refused", e.verb)}
}

func countVerb(d dialogue, verb string) (n int) {
	for _, x := range d.exchanges {
		if x.verb == verb {
			n++
		}
	}
	return n
}

func nameOf(phase string, e exchange) string {
	if e.verb == "" {
		return "phase " + phase
	}
	return e.verb[:min(len(e.verb), 20)]
}

// judgeClose wants the end of the connection, and one of the codes on the way.
func (r *run) judgeClose(closed bool) []string {
	if !closed && !r.p.ended {
		return []string{"the connection stays open; heard " + r.tail()}
	}
	if len(r.c.Codes) == 0 {
		return nil
	}
	for _, rep := range r.smtp.said() {
		if anyCode(r.c.Codes, rep) {
			return nil
		}
	}
	return []string{fmt.Sprintf("closed without one of %v; heard %s", r.c.Codes, r.tail())}
}

// judgeSplit wants each of the codes behind the end mark.
func (r *run) judgeSplit() []string {
	e, _ := r.smtp.first("BODY")
	var got []string
	for _, rep := range e.replies {
		got = append(got, fmt.Sprint(rep.code))
	}
	for _, c := range r.c.Codes {
		if !slices.Contains(got, c) {
			return []string{fmt.Sprintf("replies behind the end mark are %v, not %v", got, r.c.Codes)}
		}
	}
	return nil
}

// matches reports whether a response is what a code word says: "NO", "NO [LIMIT]",
// "z OK" with a tag, "* BAD".
func (x response) matches(code string) bool {
	if strings.HasPrefix(strings.ToUpper(x.text), strings.ToUpper(code)) {
		return true
	}
	return strings.HasPrefix(strings.ToUpper(x.String()), strings.ToUpper(code))
}

// judgeIMAP is judge for IMAP.
func (r *run) judgeIMAP() []string {
	c := r.c
	tested := r.imap.tested()
	for _, x := range tested {
		if slices.ContainsFunc(c.Codes, x.matches) {
			return nil
		}
	}
	switch c.Expect {
	case "close":
		if r.closed {
			return nil
		}
	case "bounded":
		if len(c.Codes) == 0 {
			return nil
		}
	case "ok", "ok-fast", "accept":
		if len(c.Codes) == 0 && slices.ContainsFunc(tested, func(x response) bool { return x.word() == "OK" }) {
			return nil
		}
	case "BAD", "NO":
		if len(c.Codes) == 0 && slices.ContainsFunc(tested, func(x response) bool { return x.word() == c.Expect }) {
			return nil
		}
	}
	if r.p.ended && len(c.Codes) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("no %s %q; heard %s", c.Expect, c.Codes, r.tail())}
}

// tail is the end of what was heard, for a report.
func (r *run) tail() string {
	b, _ := r.p.wire.said()
	return fmt.Sprintf("%q", b[max(0, len(b)-160):])
}
