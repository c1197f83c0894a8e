package inbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/trust"
)

const (
	// maxReceived is how many hops mail may have made (RFC 5321 §6.3).
	maxReceived = 100
	// maxOwnReceived is how often it may have passed here: out to a list and back in
	// is twice.
	maxOwnReceived = 5
)

// A Peer is the other end of an SMTP or LMTP connection.
type Peer struct {
	Helo     string
	Name     string // in the DNS, "" if not looked up
	IP       netip.Addr
	TLS      *tls.ConnectionState // nil: clear text
	Protocol string               // "ESMTPS", "LMTP", … (RFC 3848)
	LMTP     bool                 // the MTA in front of us
}

// Receive takes a message from another server for local people: one transaction for
// all of them, so nil means that everybody has it on the disk. Return-Path and
// Received are put on top (RFC 5321 §4.4); nothing that came is removed. staged is
// taken or, on an error, left to the caller. Errors are *mail.Reply for what is final
// (loops) or gone meanwhile, else trouble of the store.
func (b *Inbox) Receive(ctx context.Context, env mail.Envelope, staged *store.Staged, peer Peer, now time.Time) error {
	return b.receive(ctx, env, staged, peer, fetched{}, now)
}

// A Found is a message that was found in a person's own mailbox at a provider.
type Found struct {
	Person *people.Person
	From   mail.Address // the reverse-path
	There  bool         // the person has it before them in INBOX already: it does not wait any more
	Came   time.Time    // when it came there, if that is long ago; zero: just now
}

// Fetch is Receive for a message that was found in a person's own mailbox at a provider.
// What has missed a tide there is delivered as one that we have missed. also runs in the
// transaction that files the message.
func (b *Inbox) Fetch(ctx context.Context, f Found, staged *store.Staged, also func(tx *store.Tx, d store.Delivery) error, now time.Time) error {
	env := mail.Envelope{From: f.From, Recipients: []mail.Recipient{{Address: f.Person.Address}}}
	return b.receive(ctx, env, staged, Peer{Protocol: "IMAP", LMTP: true}, fetched{f.There, f.Came, also}, now)
}

// fetched is what is special about mail from a person's mailbox at a provider.
type fetched struct {
	there bool // in INBOX, where the person has seen it
	came  time.Time
	also  func(tx *store.Tx, d store.Delivery) error
}

func (b *Inbox) receive(ctx context.Context, env mail.Envelope, staged *store.Staged, peer Peer, from fetched, now time.Time) error {
	facts, broken := b.facts(staged, env.From)
	to, err := b.recipients(env)
	if err != nil {
		return err
	}
	if err := b.refuseLoop(staged.Head, facts, env); err != nil {
		return err
	}
	verdict, clean := b.authenticate(ctx, env, staged, peer, now)
	junk, err := b.judge(ctx, verdict, facts)
	if err != nil {
		return err
	}
	asks := b.readAsks(staged, facts, broken || junk != "" || b.unproved(verdict, facts))
	lost := b.readBounce(staged, facts)
	b.reportsToAuthor(ctx, &to, lost.MessageID)
	place := Threaded(facts, now)
	place.Doubtful = junk != ""
	head := mail.Prepend(clean, b.traceFields(env, peer, verdict, now))
	err = b.db.Update(ctx, func(tx *store.Tx) error {
		body, err := tx.AddBody(staged, now)
		if err != nil {
			return err
		}
		m := store.Message{Origin: store.OriginReceived, BodyID: body, Head: head, Size: int64(len(head)) + staged.BodySize, MID: facts.MessageID, Created: now}
		if m.ThreadID, err = PlaceThread(tx, place, now); err != nil {
			return err
		}
		if err := tx.InsertMessage(&m); err != nil {
			return err
		}
		objection, err := b.objects(tx, asks, facts, m.ThreadID)
		if err != nil {
			return err
		}
		var readers []clocks.Reader
		for _, t := range to.to {
			a := Arrival{Person: t.person, Message: m, Content: staged.Content, Facts: facts, ReversePath: env.From, Junk: junk, Verdict: verdict, Objection: objection, There: from.there, Came: from.came, Quiet: quietFor(t, now), broken: broken, At: now}
			d, err := b.Deliver(tx, a)
			if err == nil && from.also != nil {
				err = from.also(tx, d)
			}
			if err != nil {
				return err
			}
			r := clockReader(t.person, d)
			r.Role = t.role
			readers = append(readers, r)
		}
		if err := b.passOn(tx, to, m, facts, env, junk, now); err != nil {
			return err
		}
		if err := b.o.Clocks.Bounced(tx, lost.MessageID, to.people(), failed(lost), now); err != nil {
			return err
		}
		if err := b.hearObjection(tx, asks, facts, m.ThreadID, now); err != nil || asks == nil {
			return err
		}
		said := *asks
		said.Message, said.Readers = m, readers
		return b.o.Clocks.Accepted(tx, said, now)
	})
	if err != nil {
		return fmt.Errorf("receive message %s: %w", facts.MessageID, err)
	}
	if b.o.Bypassed != nil && !peer.LMTP && b.proved(verdict) && facts.ListID == "" {
		b.o.Bypassed(ctx, staged.Head, now)
	}
	if answered := parents(facts); b.o.OnReply != nil && len(answered) > 0 && junk == "" {
		b.o.OnReply(ctx, answered, to.people(), now)
	}
	return nil
}

// facts reads a message. One that makes the reader panic is broken: it has no facts,
// and is delivered at once.
func (b *Inbox) facts(staged *store.Staged, from mail.Address) (f mail.Facts, broken bool) {
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading a message panicked, delivered at once", "from", from.String(), "panic", r, "stack", string(debug.Stack()))
			f, broken = mail.Facts{}, true
		}
	}()
	return mail.FactsOf(mail.ParseHeader(staged.Head), staged.Content, from), false
}

// refuseLoop refuses mail that goes round in circles (RFC 5321 §6.3): too many hops,
// too often here, or delivered to this very mailbox by us before (RFC 9228). A
// Delivered-To alone may be that of a server in front of us.
func (b *Inbox) refuseLoop(head []byte, f mail.Facts, env mail.Envelope) error {
	h := mail.ParseHeader(head)
	own := 0
	for _, v := range h.All("Received") {
		if stampedBy(v, b.o.Hostname) {
			own++
		}
	}
	loop := f.Received > maxReceived || own > maxOwnReceived
	if own > 0 || h.Has(digest.LoopField) {
		for _, r := range env.Recipients {
			loop = loop || slices.ContainsFunc(f.DeliveredTo, func(d string) bool {
				return strings.EqualFold(strings.Trim(strings.TrimSpace(d), "<>"), r.Address.String())
			})
		}
	}
	if loop {
		return &mail.Reply{Code: 554, Enhanced: [3]int{5, 4, 6}, Text: "This message is in a loop"}
	}
	return nil
}

// stampedBy reports whether a Received field says "by host".
func stampedBy(value, host string) bool {
	words := strings.Fields(value)
	for i, w := range words[:max(len(words)-1, 0)] {
		if strings.EqualFold(w, "by") && strings.EqualFold(strings.TrimRight(words[i+1], ";"), host) {
			return true
		}
	}
	return false
}

// traceFields are what final delivery puts on top: Return-Path (RFC 5321 §4.4),
// Delivered-To if there is one recipient (with several it would tell them of each
// other), what we know of its author (RFC 8601 §4), Received.
func (b *Inbox) traceFields(env mail.Envelope, peer Peer, v trust.Verdict, now time.Time) []byte {
	var out bytes.Buffer
	put := func(name, value string) {
		if field, err := mail.FormatRawField(name, value); err == nil {
			out.Write(field)
		}
	}
	put("Return-Path", "<"+env.From.String()+">")
	t := mail.Trace{Helo: peer.Helo, Name: peer.Name, By: b.o.Hostname, With: peer.Protocol, Time: now.UTC()}
	if peer.IP.IsValid() {
		t.IP = peer.IP.Unmap().String()
	}
	if peer.TLS != nil {
		t.TLS = tls.VersionName(peer.TLS.Version) + " " + tls.CipherSuiteName(peer.TLS.CipherSuite)
	}
	if len(env.Recipients) == 1 {
		t.For = env.Recipients[0].Address.String()
		put("Delivered-To", t.For)
	}
	if said := b.o.Trust.Field(v); said != "" {
		put(trust.FieldName, said)
	}
	out.Write(t.Field())
	return out.Bytes()
}

// spam honours the verdict of the provider's filter in front of us.
func spam(head []byte) bool {
	return trust.SpamMark(head, false) != ""
}
