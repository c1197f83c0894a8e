package inbox

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// A Reason names the line of the first-match list that decided. It stands in the
// delivery and in the ledger.
type Reason string

// The reasons, in the order of the list.
const (
	ReasonJunk     Reason = "junk"
	ReasonOff      Reason = "batch-off"
	ReasonDryRun   Reason = "dry-run"
	ReasonCode     Reason = "code"
	ReasonCalendar Reason = "calendar"
	ReasonBounce   Reason = "bounce"
	ReasonNamed    Reason = "named"
	ReasonUrgent   Reason = "urgent"
	ReasonKept     Reason = "kept-sender"
	ReasonSocial   Reason = "social"
	ReasonList     Reason = "list"
	ReasonAuto     Reason = "automatic"
	ReasonQuick    Reason = "quick-reply"
	ReasonMine     Reason = "my-thread"
	ReasonOutside  Reason = "outside"
	ReasonTide     Reason = "tide"
	ReasonAway     Reason = "away"
	ReasonFailed   Reason = "failed" // the list itself failed: delivered at once
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
	if to.err != "" {
		out["err"] = to.err
	}
	return out
}

const (
	calendarAhead = 2 * time.Hour    // an event so soon after the next opening is told of at once
	quickWindow   = 60 * time.Minute // how fresh the mail is that a quick reply answers
	quickRounds   = 3
	quickMemory   = 8 * time.Hour // rounds are counted within a working day
)

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
	if a.Junk {
		return place{target: store.KindJunk, reason: ReasonJunk}
	}
	mode := a.Person.Profile.Batch.Or(b.o.Batch)
	if mode == people.Off {
		return place{target: store.KindInbox, reason: ReasonOff}
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
	return to
}

// A question is one arrival and what the lines need to know around it.
type question struct {
	Arrival
	tx       *store.Tx
	o        Options
	schedule *scheduler.Schedule
	pass     map[policies.Reason]bool // lines of the pass list it meets
	urgent   bool                     // by a sender from outside who may
	rules    []store.SenderRule
	talk     bool
	err      error // of a look into the store
}

func (b *Inbox) ask(tx *store.Tx, a Arrival) *question {
	q := &question{Arrival: a, tx: tx, o: b.o, schedule: a.Person.Schedule(a.At), pass: map[policies.Reason]bool{}}
	for _, from := range a.Facts.From {
		rules, err := tx.SenderRules(a.Person.ID, from.Address.Key())
		q.note(err)
		q.rules = append(q.rules, rules...)
	}
	in := policies.Input{
		Facts: a.Facts, From: a.ReversePath, Submitted: a.Author != nil, Schedule: q.schedule, Team: b.o.Pass,
		Person:       policies.Lists{Senders: a.Person.Profile.Pass, UrgentFrom: a.Person.Profile.UrgentFrom},
		UrgentThread: q.inUrgentThread(),
	}
	in.Team.Senders = slices.Concat(in.Team.Senders, b.o.AlarmSenders)
	forged := a.Author == nil && b.claimsTeam(a.Facts)
	for _, f := range policies.Evaluate(in, a.At) {
		switch f.Action {
		case policies.Pass:
			q.pass[f.Reason] = true
		case policies.Urgent:
			// From our own domain without a login: anybody can write that name.
			q.urgent = q.urgent || a.Author == nil && !forged
		}
	}
	if slices.Contains(q.rules, store.SenderUrgent) && !forged && a.Facts.Importance == mail.ImportanceHigh {
		q.urgent = true
	}
	return q
}

// claimsTeam reports whether From names one of our own domains.
func (b *Inbox) claimsTeam(f mail.Facts) bool {
	return slices.ContainsFunc(f.From, func(m mail.Mailbox) bool { return b.dir.IsLocalDomain(m.Address.Domain) })
}

func (q *question) note(err error) {
	if q.err == nil {
		q.err = err
	}
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
				return q.until(to, w, time.Time{})
			}
		}
		return to
	}
	return place{target: store.KindInbox, reason: ReasonFailed, err: "no line fits"}
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

func (q *question) untilTide() wait    { return waitTide }
func (q *question) untilOpening() wait { return waitOpening }

func (q *question) untilOutside() wait {
	if q.o.OutsideAtTide {
		return waitTide
	}
	return waitOpening
}

// untilEvent: an event that is near, or whose time is not known, is told of at once.
func (q *question) untilEvent() wait {
	c := q.Facts.Calendar
	opening, ok := q.schedule.NextOpening(q.At)
	if !c.StartOK || !ok || c.Start.Before(opening.Add(calendarAhead)) {
		return waitNot
	}
	return waitOpening
}

func (q *question) isCode() bool     { return q.pass[policies.ReasonCode] }
func (q *question) isCalendar() bool { return q.pass[policies.ReasonCalendar] }
func (q *question) isSocial() bool   { return q.Facts.Social != "" }
func (q *question) isList() bool     { return q.Facts.IsList }
func (q *question) isOutside() bool  { return q.Author == nil }

func (q *question) isNamed() bool {
	return q.pass[policies.ReasonNamedSender] || q.pass[policies.ReasonNamedDomain] || q.pass[policies.ReasonNamedWord] ||
		slices.Contains(q.rules, store.SenderPass)
}

func (q *question) isUrgent() bool {
	return q.Urgent || q.urgent || q.pass[policies.ReasonUrgentThread]
}

func (q *question) isKept() bool {
	return slices.Contains(q.rules, store.SenderInbox) && (q.isAutomatic() || q.isList() || q.isSocial())
}

func (q *question) isAutomatic() bool {
	return machine(q.Facts) || q.pass[policies.ReasonNullSender] || q.pass[policies.ReasonNoReply]
}

// machine reports whether no person wrote it: nobody is answered or told then.
func machine(f mail.Facts) bool {
	return f.IsAuto || f.IsBulk || f.IsBounce || f.IsList || f.AutoSubmitted != "" && f.AutoSubmitted != "no"
}

// inUrgentThread: only an answer, and only from somebody proved or from outside our
// domains, stays urgent.
func (q *question) inUrgentThread() bool {
	if !q.Facts.IsReply || q.Message.ThreadID == 0 {
		return false
	}
	t, err := q.tx.Thread(q.Message.ThreadID)
	q.note(err)
	return t.Urgent
}

// isMyBounce: a report about mail that this person sent, as far as it says what it is
// about. In doubt it is.
func (q *question) isMyBounce() bool {
	if !q.Facts.IsBounce {
		return false
	}
	ids := slices.Concat(q.Facts.InReplyTo, q.Facts.References)
	if q.Content != nil && q.Content.Root != nil {
		q.Content.Root.Walk(func(p *mail.Part) bool {
			if p.Message != nil && p.Message.Envelope != nil {
				ids = append(ids, mail.ScanIDs(p.Message.Envelope.MessageID)...)
			}
			return true
		})
	}
	others := false
	for _, id := range ids[:min(len(ids), mail.MaxMessageIDs)] {
		subs, err := q.tx.SubmissionsByMID(id)
		q.note(err)
		for _, s := range subs {
			if s.AuthorID == q.Person.ID {
				return true
			}
			others = true
		}
	}
	return !others
}

// isQuick: a colleague answers within the hour, and both are at work. After three
// rounds it comes with the tide, and the author hears that talking may be faster.
func (q *question) isQuick() bool {
	if q.Author == nil || q.Author.ID == q.Person.ID || !q.Facts.IsReply || machine(q.Facts) ||
		!q.schedule.Deliverable(q.At) || !q.Author.Schedule(q.At).Deliverable(q.At) || !q.answersFresh() {
		return false
	}
	n, err := q.tx.CountInThread(q.Person.ID, q.Message.ThreadID, string(ReasonQuick), q.At.Add(-quickMemory))
	q.note(err)
	q.talk = n >= quickRounds
	return !q.talk
}

// answersFresh reports whether the parent is mail of this person that reached the
// author within the hour.
func (q *question) answersFresh() bool {
	for _, id := range parents(q.Facts) {
		subs, err := q.tx.SubmissionsByMID(id)
		q.note(err)
		for _, s := range subs {
			if s.AuthorID == q.Person.ID && q.fresh(s) {
				return true
			}
		}
	}
	return false
}

func (q *question) fresh(s store.Submission) bool {
	sent := s.Accepted
	recipients, err := q.tx.Recipients(s.ID)
	q.note(err)
	for _, r := range recipients {
		if r.PersonID == q.Author.ID && r.Released.After(sent) {
			sent = r.Released
		}
	}
	return !sent.After(q.At) && q.At.Sub(sent) <= quickWindow
}

// parents are the ids that a message answers.
func parents(f mail.Facts) []string {
	ids := slices.Clone(f.InReplyTo)
	if n := len(f.References); n > 0 && !slices.Contains(ids, f.References[n-1]) {
		ids = append(ids, f.References[n-1])
	}
	return ids
}

// isMyThread: somebody outside answers in a thread that this person began.
func (q *question) isMyThread() bool {
	if q.Author != nil || q.Message.ThreadID == 0 || !q.Facts.IsReply {
		return false
	}
	first, err := q.tx.MessagesOfThread(q.Message.ThreadID, 1)
	q.note(err)
	if len(first) == 0 || first[0].Origin != store.OriginSubmitted && first[0].Origin != store.OriginRendition {
		return false
	}
	from := mail.ParseHeader(first[0].Head).Addresses("From")
	return len(from) == 1 && q.Person.HasAddress(from[0].Address)
}
