package inbox

import (
	"fmt"
	"runtime/debug"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// A Reason names the line of the first-match list that decided. It stands in the
// delivery and in the ledger.
type Reason string

// The reasons, in the order of the list.
const (
	ReasonJunk     Reason = "junk"   // a filter in front of us calls it spam
	ReasonForged   Reason = "forged" // From names our own domain, and that is not true
	ReasonDMARC    Reason = "dmarc"  // it fails DMARC, and its author's domain wants such mail away
	ReasonOff      Reason = "batch-off"
	ReasonPaused   Reason = "paused" // its reader wants no batches for now
	ReasonDryRun   Reason = "dry-run"
	ReasonCode     Reason = "code"
	ReasonCalendar Reason = "calendar"
	ReasonBounce   Reason = "bounce"
	ReasonNamed    Reason = "named"
	ReasonUrgent   Reason = "urgent"
	ReasonDevice   Reason = "device"
	ReasonObjects  Reason = "objection" // to what silence would decide
	ReasonKept     Reason = "kept-sender"
	ReasonSocial   Reason = "social"
	ReasonList     Reason = "list"
	ReasonAuto     Reason = "automatic"
	ReasonQuick    Reason = "quick-reply"
	ReasonMine     Reason = "my-thread"
	ReasonStorm    Reason = "storm" // one of many replies to all, from outside
	ReasonOutside  Reason = "outside"
	ReasonTide     Reason = "tide"
	ReasonAway     Reason = "away"
	ReasonFailed   Reason = "failed" // the list itself failed: delivered at once
	ReasonThere    Reason = "there"  // in INBOX at a provider, before anybody could file it
	ReasonLetter   Reason = "letter" // one of Tidepost's own, which waits for its reader's hours
)

// A wait is what a message waits for.
type wait string

const (
	waitNot     wait = ""
	waitTide    wait = "tide"
	waitOpening wait = "opening" // the next moment at which the reader takes mail
	waitAway    wait = "away"    // the opening reckoned without leave; then While away
)

// A place is where a message goes, and when.
type place struct {
	target store.Kind
	wait   wait
	due    time.Time // unless wait is waitNot
	reason Reason
	talk   bool   // a fourth quick reply
	would  *place // of a dry run: what would have happened
	err    string // why the list failed
	trust  string // whether it comes from whom it says; "": nobody looked
}

// detail is what the ledger says of a place.
func (to place) detail() map[string]any {
	out := map[string]any{"reason": to.reason, "target": to.target}
	if to.wait != waitNot {
		out["wait"], out["due"] = to.wait, to.due
	}
	if to.would != nil {
		out["would"] = to.would.detail()
	}
	if to.trust != "" {
		out["trust"] = to.trust
	}
	if to.err != "" {
		out["err"] = to.err
	}
	return out
}

// A line is one line of the first-match list.
type line struct {
	reason  Reason
	target  store.Kind
	wait    func(*question) wait // nil: at once
	onLeave bool                 // reaches INBOX although the reader is on leave
	fits    func(*question) bool
}

// lines is the first-match list: the first line that fits decides. It is written
// once here, in its order; PRODUCT's words stand beside each.
func lines() []line {
	return []line{
		// Sign-in code or reset → INBOX now; no setting changes that.
		{ReasonCode, store.KindInbox, nil, true, (*question).isCode},
		// Calendar → now if the event is near, else at the opening.
		{ReasonCalendar, store.KindInbox, (*question).untilEvent, false, (*question).isCalendar},
		// Bounce of my own mail → INBOX now.
		{ReasonBounce, store.KindInbox, nil, false, (*question).isMyBounce},
		// A sender the person named, or an alarm sender of the team → now.
		{ReasonNamed, store.KindInbox, nil, true, (*question).isNamed},
		{ReasonUrgent, store.KindInbox, nil, true, (*question).isUrgent},
		// Mail of a device stands on the pass list: its owner walked to it.
		{ReasonDevice, store.KindInbox, nil, false, func(q *question) bool { return q.Device }},
		// An objection to what silence would decide passes at once.
		{ReasonObjects, store.KindInbox, nil, false, func(q *question) bool { return q.Objection }},
		// One mail moved from Notifications to INBOX: its sender always goes there.
		{ReasonKept, store.KindInbox, (*question).untilTide, false, (*question).isKept},
		// Social networks write as lists and as machines, so they come before both.
		{ReasonSocial, store.KindSocial, nil, true, (*question).isSocial},
		{ReasonList, store.KindLists, nil, true, (*question).isList},
		{ReasonAuto, store.KindNotifications, nil, true, (*question).isAutomatic},
		// A reply to a mail I sent in the last hour, both at work → now, three rounds.
		{ReasonQuick, store.KindInbox, nil, false, (*question).isQuick},
		// Replies from outside in a thread the person began → never batched.
		{ReasonMine, store.KindInbox, (*question).untilOpening, false, (*question).isMyThread},
		// A storm of replies to all from outside goes with the tide (trap 28); that of
		// colleagues was held before it came here.
		{ReasonStorm, store.KindInbox, (*question).untilTide, false, (*question).isStorm},
		// People outside → now inside the reader's hours, else at the opening.
		{ReasonOutside, store.KindInbox, (*question).untilOutside, false, (*question).isOutside},
		// Everything else → the next tide.
		{ReasonTide, store.KindInbox, (*question).untilTide, false, func(*question) bool { return true }},
	}
}

// route asks the list. It fails open: an error or a panic delivers at once.
func (b *Inbox) route(tx *store.Tx, a Arrival) (to place) {
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("filing panicked, delivered at once", "mid", a.Facts.MessageID, "panic", r, "stack", string(debug.Stack()))
			to = place{target: store.KindInbox, reason: ReasonFailed, err: fmt.Sprint(r)}
		}
	}()
	if a.Junk != "" {
		return place{target: store.KindJunk, reason: a.Junk}
	}
	if a.broken {
		return place{target: store.KindInbox, reason: ReasonFailed, err: "the message cannot be read"}
	}
	if a.There {
		return place{target: store.KindInbox, reason: ReasonThere}
	}
	mode := b.batchMode(a.Person)
	if mode == people.Off {
		return place{target: store.KindInbox, reason: ReasonOff}
	}
	if !a.Came.IsZero() {
		a.At = a.Came // It is late with us: a tide that it has missed is one that we have missed.
	}
	q := b.ask(tx, a)
	to = q.answer()
	if q.err != nil {
		b.o.Log.Error("filing failed, delivered at once", "mid", a.Facts.MessageID, "err", q.err)
		return place{target: store.KindInbox, reason: ReasonFailed, err: q.err.Error()}
	}
	if mode == people.DryRun {
		would := to
		return place{target: store.KindInbox, reason: ReasonDryRun, would: &would}
	}
	if _, paused := b.dir.Paused(a.Person, a.At); paused && (to.wait == waitTide || to.wait == waitOpening) {
		return place{target: to.target, reason: ReasonPaused} // Leave and folders stay as they are.
	}
	return to
}

// answer walks the list and then looks whether the reader is on leave.
func (q *question) answer() place {
	for _, l := range lines() {
		if !l.fits(q) {
			continue
		}
		to := place{target: l.target, reason: l.reason, talk: q.talk}
		if to.target == store.KindInbox && !l.onLeave {
			if at, away := absence(q.schedule, q.At); away && q.Now {
				return to
			} else if away {
				return q.until(place{target: store.KindAway, reason: ReasonAway}, waitAway, at)
			}
		}
		if l.wait != nil {
			if w := l.wait(q); w != waitNot {
				return q.untilLeave(q.until(to, w, time.Time{}), l)
			}
		}
		return to
	}
	return place{target: store.KindInbox, reason: ReasonFailed, err: "no line fits"}
}

// untilLeave looks whether leave begins before what a place waits for: then the next
// opening, reckoned without leave, puts it into While away. It would wait for weeks, or
// come in the middle of the leave when it is not held any longer.
func (q *question) untilLeave(to place, l line) place {
	if to.target != store.KindInbox || l.onLeave || to.wait == waitNot {
		return to
	}
	at, away := awayBefore(q.schedule, q.At, to.due)
	switch {
	case !away:
		return to
	case q.Now:
		return place{target: to.target, reason: to.reason, talk: to.talk}
	}
	return q.until(place{target: store.KindAway, reason: ReasonAway}, waitAway, at)
}

// until lets a place wait, unless what it waits for is here already.
func (q *question) until(to place, w wait, due time.Time) place {
	if due.IsZero() {
		due = dueOf(w, q.schedule, q.ready(), q.o.MaxHold)
	}
	withTide := w == waitTide && q.schedule.HasTides()
	switch {
	case !due.After(q.At) && !withTide:
		return to
	case w == waitTide && !withTide && q.RecipientID != 0:
		return to // Rule 11.2: without tides the release was the answer, by grace too.
	case q.Author != nil && q.Facts.Expires.After(q.At) && !due.Before(q.Facts.Expires):
		return to // It would be stale when it comes.
	}
	// Mail that comes exactly at a tide goes with it (rule 5.5): RunDue takes it.
	to.wait, to.due = w, due
	return to
}

// ready is when the message was there for a tide to take. Our own queue needs a
// moment: what it meant to release in the minute of a tide goes with that tide,
// which waits for it (postpone).
func (q *question) ready() time.Time {
	if q.RecipientID == 0 {
		return q.At
	}
	if late := q.At.Sub(q.Planned); !q.Planned.IsZero() && late >= 0 && late <= postponeMax {
		return q.Planned.Truncate(time.Minute)
	}
	return q.At.Truncate(time.Minute)
}

// dueOf is when something that is there at now and waits for w appears.
func dueOf(w wait, s *scheduler.Schedule, now time.Time, maxHold time.Duration) time.Time {
	switch w {
	case waitTide:
		return s.Tide(now, maxHold).At
	case waitAway:
		if at, ok := s.OpeningWithoutLeave(now); ok {
			return at
		}
	}
	return s.Release(now, 0, maxHold).At
}

// absence reports whether the reader is on leave at the next opening that there would
// be without it, and when that is. An hour off inside a day is no absence: the tides
// of that day deal with it.
func absence(s *scheduler.Schedule, now time.Time) (opening time.Time, away bool) {
	opening, ok := s.OpeningWithoutLeave(now)
	if !ok {
		return opening, false
	}
	back, ok := s.NextOpening(now)
	if !ok {
		return opening, true
	}
	zone := s.Zone()
	return opening, scheduler.DateOf(opening.In(zone)).Before(scheduler.DateOf(back.In(zone)))
}

// leaveAhead is how many days are looked at for leave that begins before a tide.
const leaveAhead = 14

// awayBefore reports whether a day of leave lies between now and due, and when its
// opening would be without leave. Whoever is at work now has missed the last tide before
// the leave.
func awayBefore(s *scheduler.Schedule, now, due time.Time) (opening time.Time, away bool) {
	zone := s.Zone()
	today := scheduler.DateOf(now.In(zone))
	for day := 1; day <= leaveAhead; day++ {
		begin := scheduler.Wall{Date: today.AddDays(day)}.Instant(zone).At
		if !begin.Before(due) {
			break
		}
		if opening, away = absence(s, begin); away && opening.Before(due) {
			return opening, true
		}
	}
	return time.Time{}, false
}

// FiledAway says when mail to a person who is on leave is put into While away: at the
// opening reckoned without leave, so that it lies there in the order in which it came
// and nobody's Scheduled fills with mail to somebody who is not there. ok is false for
// who is not on leave, and for who has everything delivered at once.
func (b *Inbox) FiledAway(p *people.Person, now time.Time) (at time.Time, ok bool) {
	if p.Profile.Batch.Or(b.o.Batch) != people.On {
		return time.Time{}, false
	}
	return absence(p.Schedule(now), now)
}

// Batches reports whether mail to a person comes with their deliveries.
func (b *Inbox) Batches(p *people.Person) bool { return b.batchMode(p) == people.On }

// Appears says when mail of a colleague that is released at an instant appears for a
// person: with the next tide, or then. It knows hours, tides and leave, and not what
// only the message can tell.
func (b *Inbox) Appears(p *people.Person, released time.Time) time.Time {
	if b.batchMode(p) != people.On {
		return released
	}
	if _, paused := b.dir.Paused(p, released); paused {
		return released
	}
	s := p.Schedule(released)
	if at, away := absence(s, released); away {
		return at
	}
	if !s.HasTides() {
		return released
	}
	tide := s.Tide(released, b.o.MaxHold).At
	if at, away := awayBefore(s, released, tide); away {
		return at
	}
	return tide
}
