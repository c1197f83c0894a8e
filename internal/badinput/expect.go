package badinput

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An outcome is one of the things that a class of expect allows.
type outcome string

const (
	accepts  outcome = "accept"   // a positive reply; the message is taken
	rejects  outcome = "reject"   // 4yz or 5yz; in IMAP NO or BAD
	rejects4 outcome = "reject-4" // for now
	rejects5 outcome = "reject-5" // for good
	closes   outcome = "close"    // the end of the connection
	saysBAD  outcome = "BAD"
	saysNO   outcome = "NO"
	saysBYE  outcome = "BYE"
	anything outcome = "anything" // what counts are codes and invariants
	splits   outcome = "split"    // one reply a recipient
	defers   outcome = "defer"    // tried again later
	bounces  outcome = "bounce"   // reported to the author
	relays   outcome = "relay"    // handed over
	notes    outcome = "note"     // handed over, and the author is told that no report will come
	values   outcome = "value"    // of a scenario
)

// outcomeWords are the words that classes of expect are made of, joined by "-or-",
// a slash, a comma or a bar: "reject-5xx-or-close".
func outcomeWords() map[string]outcome {
	words := map[string]outcome{}
	for what, list := range map[outcome]string{
		accepts:  "accept accepted accept-unchanged accept-sanitised accept-sanitized accept-normalised accept-normalized accept-opaque ok ok-fast pass deliver delivered stored taken 2xx unchanged sanitised sanitized",
		rejects:  "reject rejected refuse refused error fail",
		rejects4: "reject-4xx 4xx tempfail reject-temporary temporary",
		rejects5: "reject-5xx 5xx permfail reject-permanent permanent",
		closes:   "close closed disconnect drop close-connection hangup",
		saysBAD:  "bad", saysNO: "no", saysBYE: "bye",
		anything: "bounded same-reply any safe no-crash survive",
		splits:   "split per-recipient",
		defers:   "defer deferred retry retried held-back",
		bounces:  "bounce bounced dsn",
		relays:   "relay relayed handed-over",
		notes:    "relayed-note",
		values:   "value exact",
	} {
		for w := range strings.FieldsSeq(list) {
			words[w] = what
		}
	}
	return words
}

var classJoint = regexp.MustCompile(`\s*(?:-or-|\bor\b|[/,|])\s*`)

// outcomes understands a class of expect; a word that is none is an error that names it.
func outcomes(expect string) ([]outcome, error) {
	words := outcomeWords()
	var out []outcome
	for w := range strings.SplitSeq(classJoint.ReplaceAllString(strings.TrimSpace(expect), "\n"), "\n") {
		o, ok := words[strings.ToLower(w)]
		if !ok {
			return nil, fmt.Errorf("%q in the class %q is no word of the language", w, expect)
		}
		out = append(out, o)
	}
	return out, nil
}

// allows reports whether one of the outcomes is among those of the row.
func (c *Case) allows(list ...outcome) bool {
	return slices.ContainsFunc(list, func(o outcome) bool { return slices.Contains(c.want, o) })
}

// refused reports whether a row expects nothing but a refusal.
func (c *Case) refused() bool {
	return c.allows(rejects, rejects4, rejects5) && !c.allows(accepts, anything)
}

// of reports whether an SMTP code is of this outcome.
func (o outcome) of(code int) bool {
	switch o {
	case anything:
		return code >= 200
	case accepts, relays:
		return code/100 == 2
	case rejects:
		return code >= 400
	case rejects4:
		return code/100 == 4
	case rejects5:
		return code/100 == 5
	}
	return false
}

// ofClass reports whether a code is of one of the outcomes.
func (r *run) ofClass(code int) bool {
	return slices.ContainsFunc(r.c.want, func(o outcome) bool { return o.of(code) })
}

var (
	// "250", "5xx", "4.7.x", "550 5.7.1", "550 5.7.1 text"
	codeWord = regexp.MustCompile(`(?i)^([2-5][0-9x]{2}|000|[245]\.[0-9x]{1,3}\.[0-9x]{1,3})( .*)?$`)
	// "NO", "NO [LIMIT]", "z OK", "* BAD", "EXISTS only between commands"
	imapWord = regexp.MustCompile(`(?i)^([!-~]+ )?(OK|NO|BAD|BYE|PREAUTH)\b|^\+`)
)

// understand reads class and codes; what is not of the language is an error that names
// it.
func (c *Case) understand() error {
	var err error
	if c.want, err = outcomes(c.Expect); err != nil {
		return err
	}
	if c.inWords() {
		return nil // The codes tell in words what is right.
	}
	for _, code := range c.Codes {
		if !codeWord.MatchString(code) && !imapWord.MatchString(code) {
			return fmt.Errorf("%q is no code", code)
		}
	}
	return nil
}

// judge compares what was said with class and codes of the row. It returns what is
// wrong, in words.
func (r *run) judge() []string {
	if r.p.door.imap {
		return r.judgeIMAP()
	}
	return r.judgeSMTP()
}

// anyCode reports whether one of the codes is that of the reply.
func anyCode(codes []string, rep reply) bool {
	return slices.ContainsFunc(codes, func(c string) bool { return rep.is(c) })
}

// is reports whether a reply is what a code word says; x stands for any digits.
func (rep reply) is(code string) bool {
	first, rest, more := strings.Cut(code, " ")
	pattern := "^" + strings.ReplaceAll(strings.ToLower(regexp.QuoteMeta(first)), "x", "[0-9]+") + "$"
	got := strconv.Itoa(rep.code)
	if strings.Contains(first, ".") {
		f := strings.Fields(rep.text())
		if len(f) < 2 {
			return false
		}
		got = f[1]
	}
	if !regexp.MustCompile(pattern).MatchString(got) {
		return false
	}
	return !more || strings.Contains(strings.ToLower(rep.text()), strings.ToLower(rest)) || enhanced.MatchString(rest) && rep.is(rest)
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9x]+\.[0-9x]+$`)

// judgeSMTP is judge for SMTP, submission and LMTP.
func (r *run) judgeSMTP() []string {
	if r.c.allows(splits) {
		return r.judgeSplit()
	}
	e, ok := r.phase()
	silent := !ok || len(e.replies) == 0
	if r.c.allows(closes) {
		if wrong := r.judgeClose(); wrong == nil || len(r.c.want) == 1 {
			return wrong
		}
		if r.closed {
			return nil // It may close, in whatever words.
		}
	}
	if silent {
		if r.c.allows(anything) {
			return nil
		}
		return []string{fmt.Sprintf("no reply to %s (closed: %v; heard %s)", nameOf(r.c.Phase, e), r.closed, r.tail())}
	}
	got := e.last()
	if e.verb != "AUTH" {
		got = e.replies[0]
	}
	if len(r.c.Codes) == 0 && r.ofClass(got.code) {
		return nil
	}
	if anyCode(r.c.Codes, got) {
		return r.judgeLater(e, got)
	}
	return []string{fmt.Sprintf("%s was answered by %q, not %s %v", nameOf(r.c.Phase, e), got.text(), r.c.Expect, r.c.Codes)}
}

// judgeLater looks at repeated commands: if the code listed for the first is no
// refusal, one of the later ones must have been refused.
func (r *run) judgeLater(e exchange, got reply) []string {
	if !r.c.refused() || got.code >= 400 {
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
func (r *run) judgeClose() []string {
	if !r.closed && (!r.p.ended || r.p.silent) {
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
	for _, c := range r.c.Codes {
		if !slices.ContainsFunc(e.replies, func(rep reply) bool { return rep.is(c) }) {
			var got []string
			for _, rep := range e.replies {
				got = append(got, rep.text())
			}
			return []string{fmt.Sprintf("replies behind the end mark are %q, not %v", got, r.c.Codes)}
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

// of reports whether a response is of this outcome.
func (x response) of(o outcome) bool {
	switch o {
	case accepts:
		return x.word() == "OK"
	case rejects:
		return x.word() == "NO" || x.word() == "BAD" || x.word() == "BYE"
	case rejects4, saysNO:
		return x.word() == "NO"
	case rejects5, saysBAD:
		return x.word() == "BAD"
	case saysBYE:
		return x.word() == "BYE"
	}
	return o == anything
}

// judgeIMAP is judge for IMAP.
func (r *run) judgeIMAP() []string {
	tested := r.imap.tested()
	for _, x := range tested {
		if slices.ContainsFunc(r.c.Codes, x.matches) {
			return nil
		}
		if len(r.c.Codes) == 0 && slices.ContainsFunc(r.c.want, x.of) {
			return nil
		}
	}
	if r.c.allows(closes) && (r.closed || r.p.ended && !r.p.silent && len(r.c.Codes) == 0) {
		return nil
	}
	if len(r.c.Codes) == 0 && r.c.allows(anything) {
		return nil
	}
	return []string{fmt.Sprintf("no %s %q; heard %s", r.c.Expect, r.c.Codes, r.tail())}
}

// tail is the end of what was heard, for a report.
func (r *run) tail() string {
	b, _ := r.p.wire.said()
	return fmt.Sprintf("%q", b[max(0, len(b)-160):])
}
