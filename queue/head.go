package queue

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/mail"
	"tidepost/policies"
	"tidepost/store"
)

// MarkField holds the mark of mail that has passed here.
const MarkField = "X-Tidepost-Pass"

// checkSigned refuses mail from which something must be removed that a signature
// covers: it would arrive broken, or its Bcc would leak.
func checkSigned(in *intake) error {
	for _, s := range in.facts.DKIMSigned {
		switch {
		case s.Fields["bcc"] && !in.handed && mail.ParseHeader(in.head).Has("Bcc"):
			return refuse(550, [3]int{5, 7, 7}, "The DKIM signature covers the Bcc field, which must not leave; sign without it")
		case s.Fields["subject"] && policies.Tag(in.found) != "" && !in.handed:
			return refuse(550, [3]int{5, 7, 7}, "The DKIM signature covers the Subject, so its tag cannot be removed; use an address such as mei+now@ instead")
		}
	}
	return nil
}

// A letterPlan is what a submission's Plan column holds: what the head of its
// renditions needs.
type letterPlan struct {
	Tag      string `json:"tag,omitempty"`      // override tag to cut off the subject
	Stale    bool   `json:"stale,omitempty"`    // says "tomorrow" or the like; looked at only once it matters
	Protocol string `json:"protocol,omitempty"` // ESMTPSA …; "" composed in a folder
	Coached  bool   `json:"coached,omitempty"`  // advice lay beside it
	Asks     bool   `json:"asks,omitempty"`     // clocks wait for what becomes of it
	Passed   bool   `json:"passed,omitempty"`   // handed over by the provider, and nobody's here: nothing of it is changed or signed

	Credential int64 `json:"credential,omitempty"` // the app password it came with
}

// dated reports whether the Date becomes that of the release: not for mail that
// never waited for anything, nor if the words would then lie.
func (q *Queue) dated(f *flight, now time.Time) bool {
	return q.mayBeDated(f) && !(f.letter.Stale && crossedMidnight(f.sub.Accepted, now, f.zone))
}

// mayBeDated is dated as long as nobody has looked at the words.
func (q *Queue) mayBeDated(f *flight) bool {
	if q.o.DateComposed {
		return false
	}
	for _, s := range f.facts.DKIMSigned {
		if s.Fields["date"] {
			return false
		}
	}
	return slices.ContainsFunc(f.leaving, func(l *leaving) bool { return !l.plan.atOnce(l.plan.From) })
}

// readStale reads what a mail says if it has waited over midnight, and may get another
// Date.
func (q *Queue) readStale(ctx context.Context, f *flight, now time.Time) error {
	if f.letter.Stale || !f.fresh || !q.mayBeDated(f) || !crossedMidnight(f.sub.Accepted, now, f.zone) {
		return nil
	}
	body := q.openBody(ctx, f, f.source)
	defer body.Close()
	scan := mail.NewScanner(f.source.Head)
	if _, err := io.Copy(scan, body); err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	f.letter.Stale = goesStale(mail.NewWords(scan.Finish()))
	return nil
}

func crossedMidnight(from, to time.Time, zone *time.Location) bool {
	a, b := from.In(zone), to.In(zone)
	return a.YearDay() != b.YearDay() || a.Year() != b.Year()
}

// render writes the head with which a message leaves at now: without Bcc and tag,
// with Received and, unless it must stay, the Date of the release. Nothing tells the
// hour of writing. Fields that are not named here stay octet for octet.
func (q *Queue) render(f *flight, now time.Time) []byte {
	minute := now.In(f.zone).Truncate(time.Minute)
	head := f.source.Head
	if !f.letter.Passed {
		head = q.edited(f, now, minute)
	}
	if f.facts.MessageID == "" {
		if field, err := mail.FormatRawField("Message-ID", "<"+f.sub.MID+">"); err == nil {
			head = mail.Prepend(head, field)
		}
	}
	with := f.letter.Protocol
	if with == "" {
		with = "local"
	}
	if q.o.Mark != nil {
		if field, err := mail.FormatRawField(MarkField, q.o.Mark(f.sub.ID, f.sub.MID)); err == nil {
			head = mail.Prepend(head, field)
		}
	}
	trace := mail.Trace{By: q.o.Hostname, With: with, ID: queueID(f.sub.ID), Time: minute}
	return mail.Prepend(head, trace.Field())
}

// edited is the head of a mail of ours, without what must not leave.
func (q *Queue) edited(f *flight, now, minute time.Time) []byte {
	head := mail.RemoveFields(f.source.Head, "Bcc", "Resent-Bcc")
	if f.letter.Tag != "" {
		head, _ = mail.CutSubjectTag(head, f.letter.Tag)
	}
	if !f.facts.DateOK || q.dated(f, now) {
		head = mail.ReplaceDate(head, minute)
	}
	return head
}

// queueID is how a submission is called in Received fields and logs.
func queueID(sub int64) string { return fmt.Sprintf("tp%d", sub) }

// signedFields are what our own signature covers (RFC 6376 §5.4.1); no trace fields,
// which others may rewrite.
func signedFields() []string {
	return []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
		"Reply-To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
}

// Signs reports whether mail is signed: not one that somebody has signed already, and
// only in the name of its From.
func (s Signer) Signs(f mail.Facts) bool {
	if s.Key == nil || len(f.DKIMSigned) > 0 || len(f.From) != 1 {
		return false
	}
	from, own := strings.ToLower(f.From[0].Address.Domain), strings.ToLower(s.Domain)
	return from == own || strings.HasSuffix(from, "."+own)
}

// readBody reads the body of a flight once: signs it, scans it for its structure if
// somebody here will see it, and notes octets over 127.
func (q *Queue) readBody(f *flight, head []byte, body io.Reader) ([]byte, error) {
	eight := &eightBit{}
	sinks := []io.Writer{eight}
	var scan *mail.Scanner
	if f.isShown() {
		scan = mail.NewScanner(head)
		sinks = append(sinks, scan)
	}
	var signer *dkim.Signer
	if !f.letter.Passed && q.o.DKIM.Signs(f.facts) { // Our signature says who wrote it.
		var err error
		if signer, err = q.o.DKIM.Begin(); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
		for i, sink := range sinks {
			sinks[i] = skipping(len(head), sink)
		}
		sinks = append(sinks, signer)
		body = io.MultiReader(bytes.NewReader(head), body)
	}
	_, err := io.Copy(io.MultiWriter(sinks...), body)
	if signer != nil {
		// Once and always: the signer is a goroutine that waits for its end.
		if cerr := signer.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("sign: %w", cerr)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	f.eight = eight.found || hasEightBit(head)
	if scan != nil {
		f.content = scan.Finish()
	}
	if signer == nil {
		return head, nil
	}
	return mail.Prepend(head, []byte(signer.Signature())), nil
}

// Begin returns what makes the signature of the octets that are written to it. It must
// be closed, always: it is a goroutine that waits for its end.
func (s Signer) Begin() (*dkim.Signer, error) {
	return dkim.NewSigner(&dkim.SignOptions{
		Domain: s.Domain, Selector: s.Selector, Signer: s.Key, HeaderKeys: signedFields(),
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
}

// A skipper leaves out the first octets of what is written to it.
type skipper struct {
	left int
	w    io.Writer
}

func skipping(n int, w io.Writer) io.Writer { return &skipper{n, w} }

// Write implements io.Writer.
func (s *skipper) Write(p []byte) (int, error) {
	n := min(s.left, len(p))
	s.left -= n
	if n == len(p) {
		return n, nil
	}
	m, err := s.w.Write(p[n:])
	return n + m, err
}

// An eightBit notes whether octets over 127 were written to it.
type eightBit struct{ found bool }

// Write implements io.Writer.
func (e *eightBit) Write(p []byte) (int, error) {
	e.found = e.found || hasEightBit(p)
	return len(p), nil
}

func hasEightBit(p []byte) bool {
	for ; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p)&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, b := range p {
		if b >= 0x80 {
			return true
		}
	}
	return false
}

// bccOf returns the envelope recipients that no field of the head names.
func (q *Queue) bccOf(head []byte, rcpts []store.Recipient) []mail.Address {
	h := mail.ParseHeader(head)
	named := map[string]bool{}
	for _, field := range []string{"To", "Cc", "Bcc"} {
		for _, m := range h.Addresses(field) {
			base, _ := m.Address.Tag()
			named[m.Address.Key()], named[base.Key()] = true, true
		}
	}
	var out []mail.Address
	for _, r := range rcpts {
		a := addressOf(r.Address)
		if base, _ := a.Tag(); !named[a.Key()] && !named[base.Key()] && !q.namedBy(named, r) {
			out = append(out, a)
		}
	}
	return out
}

// withBcc puts the recipients that no field names into a Bcc field on top, for the
// author's own eyes.
func (q *Queue) withBcc(head []byte, rcpts []store.Recipient) []byte {
	hidden := q.bccOf(head, rcpts)
	if len(hidden) == 0 {
		return head
	}
	return mail.AddBcc(head, hidden)
}

// sameHead compares two heads without their Bcc fields.
func sameHead(a, b []byte) bool {
	return bytes.Equal(mail.RemoveFields(a, "Bcc"), mail.RemoveFields(b, "Bcc"))
}
