package inbox

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/trust"
)

const (
	// dayOff is how long leave is at least of which people outside are told: half a day
	// is nobody's business.
	dayOff = 20 * time.Hour
	// oldMail is how long ago mail was written that is not answered any more: it was
	// imported, or came out of somebody's queue.
	oldMail = 7 * 24 * time.Hour
	// maxVacations bounds the answers of one person within four days, and
	// maxVacationsMinute those of everybody within a minute.
	maxVacations       = 400
	maxVacationsMinute = 30
)

// A vacationNote is what is remembered of an answer to somebody outside.
type vacationNote struct {
	To string `json:"to"`
}

// answerVacation tells somebody outside that the reader of their mail is on leave, as
// RFC 3834 wants it: only if the mail is to that person by name, never to machines or
// lists, once in four days for each sender, and with the null reverse-path.
func (b *Inbox) answerVacation(tx *store.Tx, a Arrival) error {
	if b.o.Reply == nil || a.broken || a.Junk != "" || a.Person.Profile.Vacation == people.VacationOff {
		return nil
	}
	back, away := longLeave(a.Person, a.At)
	if !away || !b.mayAnswer(a) {
		return nil
	}
	as, ok := addressedAs(a.Person, a.Facts)
	if !ok {
		return nil
	}
	notes, err := tx.NotesSince(a.Person.ID, noteVacation, a.At.Add(-awayAgain))
	if err != nil || len(notes) >= maxVacations || !b.vacations.allow(a.At) {
		return err
	}
	key := a.ReversePath.Key()
	for _, n := range notes {
		var d vacationNote
		if json.Unmarshal(n.Detail, &d) == nil && d.To == key {
			return nil
		}
	}
	letter, err := b.vacationLetter(a, as, back)
	if err != nil {
		b.o.Log.Error("vacation reply", "person", a.Person.ID, "err", err)
		return nil // It must not cost the mail that it would answer.
	}
	if err := remember(tx, letter.MessageID, a.Person.ID, noteVacation, vacationNote{To: key}, a.At); err != nil {
		return err
	}
	ev := store.Event{At: a.At, Kind: EventVacation, PersonID: a.Person.ID, MessageID: a.Message.ID, Detail: map[string]any{"to": key, "mid": letter.MessageID}}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	return b.o.Reply(tx, a.Person, a.ReversePath, letter, a.At)
}

// longLeave reports whether a person is on leave of a day or more, and when they are
// back; zero if that is not known.
func longLeave(p *people.Person, now time.Time) (back time.Time, away bool) {
	s := p.Schedule(now)
	opening, away := absence(s, now)
	if !away {
		return back, false
	}
	back, _ = s.NextOpening(now)
	zone := p.Zone()
	return back, slices.ContainsFunc(p.Profile.Calendar.Leave, func(l scheduler.Leave) bool {
		if !l.First.IsZero() {
			day := scheduler.DateOf(opening.In(zone))
			return !day.Before(l.First) && !l.Last.Before(day)
		}
		return l.To.Sub(l.From) >= dayOff && !opening.Before(l.From) && opening.Before(l.To)
	})
}

// robotName is a local part behind which nobody reads (RFC 3834 §2, RFC 5230 §4.6).
var robotName = regexp.MustCompile(`(?i)^(?:mailer-daemon|daemon|postmaster|listserv|listproc|majordomo|mailman|root|uucp|nobody|www-data|` +
	`(?:.*[-_.+])?(?:no|do[-_.]?not)[-_.]?reply(?:[-_.+0-9].*)?|owner-.*|.*-(?:owner|request|relay|errors|outgoing)|(?:.*[-_.+])?bounces?(?:[-_.+=].*)?)$`)

// mayAnswer reports whether a mail from outside may be answered by a machine at all.
func (b *Inbox) mayAnswer(a Arrival) bool {
	to, f := a.ReversePath, a.Facts
	switch {
	case to.IsNull() || to.Domain == "" || b.dir.IsLocalDomain(to.Domain) || robotName.MatchString(to.Local):
		return false
	case machine(f) || f.IsCode || f.Social != "" || f.Calendar.Present && f.Calendar.Method != "REQUEST":
		return false
	case f.DateOK && a.At.Sub(f.Date) > oldMail:
		return false
	case slices.ContainsFunc(f.From, func(m mail.Mailbox) bool { return robotName.MatchString(m.Address.Local) }):
		return false
	}
	return !suppressed(mail.ParseHeader(a.Message.Head)) && b.believable(a)
}

// suppressed reports whether the mail asks for no answer of a machine, or is one of
// Tidepost's own that has come back.
func suppressed(h mail.Header) bool {
	for _, f := range h.Fields {
		name := strings.ToLower(f.Name)
		switch value := strings.ToLower(f.Value()); {
		case strings.HasPrefix(name, "list-"), name == "x-autoreply", name == "x-autorespond", name == "x-auto-reply-from", name == "x-loop":
			return true
		case name == strings.ToLower(digest.LoopField):
			return true
		case name == "precedence":
			return value != "normal" && value != "first-class" && value != "special-delivery"
		case name == "x-auto-response-suppress":
			words := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
			if slices.ContainsFunc(words, func(w string) bool { return w == "all" || w == "oof" || w == "autoreply" }) {
				return true
			}
		}
	}
	return false
}

// believable reports whether nothing says that the sender is forged: an answer would go
// to somebody who never wrote (RFC 3834 §2, backscatter).
func (b *Inbox) believable(a Arrival) bool {
	v := a.Verdict
	if v.DMARC.Result == trust.Fail || b.unproved(v, a.Facts) {
		return false
	}
	return v.SPF.Result != trust.Fail && v.SPF.Result != trust.SoftFail || v.Aligned == trust.Pass
}

// addressedAs finds the address of a person in To or Cc, without a tag: mail that they
// get by way of a list, an alias of several people or a Bcc is not answered (RFC 5230
// §4.5).
func addressedAs(p *people.Person, f mail.Facts) (mail.Address, bool) {
	for _, m := range slices.Concat(f.To, f.Cc) {
		base, _ := m.Address.Tag()
		for _, own := range append([]mail.Address{p.Address}, p.Aliases...) {
			if own.Key() == m.Address.Key() || own.Key() == base.Key() {
				return own, true
			}
		}
	}
	return mail.Address{}, false
}

// maxReferences bounds the References of an answer.
const maxReferences = 20

func (b *Inbox) vacationLetter(a Arrival, as mail.Address, back time.Time) (mail.Letter, error) {
	var cover string
	if at, err := mail.ParsePath(a.Person.Profile.Cover, true); err == nil {
		if c, _, ok := b.dir.ByAddress(at); ok {
			cover = c.Name
		}
	}
	l := b.letters.Vacation(digest.Vacation{
		From: mail.Mailbox{Name: a.Person.Name, Address: as}, To: a.ReversePath, Subject: a.Facts.Subject,
		Text: a.Person.Profile.Vacation, Back: back, Zone: a.Person.Zone(), Cover: cover,
	})
	var err error
	if l.MessageID, err = mail.NewMessageID(b.o.Rand, b.o.Domain); err != nil {
		return l, err
	}
	l.Date = a.At.In(a.Person.Zone())
	if a.Facts.MessageID != "" {
		refs := a.Facts.References
		l.InReplyTo, l.References = a.Facts.MessageID, append(slices.Clone(refs[max(0, len(refs)-maxReferences):]), a.Facts.MessageID)
	}
	return l, nil
}

// A minuteLimit bounds what happens within a minute.
type minuteLimit struct {
	mu     sync.Mutex
	minute int64
	n      int
}

func (l *minuteLimit) allow(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := now.Unix() / 60; m != l.minute {
		l.minute, l.n = m, 0
	}
	l.n++
	return l.n <= maxVacationsMinute
}
