package threading

import (
	"slices"
	"time"

	"tidepost/scheduler"
)

// A State is where a clock is. docs/clocks.md draws them.
type State string

// The states. The first six are open: somebody still waits for an answer.
const (
	Waiting   State = "waiting"  // the mail has not reached its owner
	Running   State = "running"  // it has
	Promised  State = "promised" // the owner said by when
	Paused    State = "paused"   // the owner is on leave, the cover is named
	AtRisk    State = "at-risk"  // three quarters of the working time are over
	Overdue   State = "overdue"
	Answered  State = "answered"
	Withdrawn State = "withdrawn" // the asker needs no answer any more, or the mail never arrived
	Waived    State = "waived"    // the owner closed it without a mail
)

// Open reports whether an answer is still wanted.
func (s State) Open() bool { return slices.Contains(open, s) }

// Started reports whether a clock in that state has reached its owner and is open:
// only then it has a due time.
func (s State) Started() bool { return slices.Contains(started, s) }

// A Class says how long an answer may take if the ask does not say so itself.
type Class string

// The classes.
const (
	Urgent     Class = "urgent"      // 120 working minutes
	Standard   Class = "standard"    // the same wall time on the next working day
	FirstReply Class = "first-reply" // of a role address such as support@ to the outside
)

// Targets are the times of the classes.
type Targets struct{ Urgent, Standard, FirstReply scheduler.Target }

// DefaultTargets are the times if nobody sets others.
func DefaultTargets() Targets {
	return Targets{
		Urgent:     scheduler.Target{Working: 120 * time.Minute},
		Standard:   scheduler.Target{Days: 1},
		FirstReply: scheduler.Target{Working: 240 * time.Minute},
	}
}

// Of returns the time of a class.
func (t Targets) Of(c Class) scheduler.Target {
	switch c {
	case Urgent:
		return t.Urgent
	case FirstReply:
		return t.FirstReply
	}
	return t.Standard
}

// Wanted is by when an answer is wanted: on a date, in the owner's working time, or
// at an instant if Date is zero.
type Wanted struct {
	Date scheduler.Date
	Time time.Time
}

// IsZero reports whether no time is named.
func (w Wanted) IsZero() bool { return w.Date.IsZero() && w.Time.IsZero() }

// over reports whether the time has passed, everywhere on earth.
func (w Wanted) over(now time.Time) bool {
	end := w.Time
	if !w.Date.IsZero() {
		end = time.Date(w.Date.Year, w.Date.Month, w.Date.Day+1, 12, 0, 0, 0, time.UTC)
	}
	return !end.After(now)
}

// A Clock belongs to one ask of one owner. Nothing in it but Step changes it.
type Clock struct {
	State    State
	Owner    string // a person, in the caller's spelling
	Target   scheduler.Target
	Stated   Wanted              // when the ask itself wants the answer; zero: Target counts
	Started  time.Time           // when the mail reached the owner; zero: not yet
	Promises []scheduler.Promise // in the order made, those that count or counted
	Due      time.Time           // zero unless State.Started, or if beyond 400 days
	Wake     time.Time           // when to Step with OnTime; zero: never
	Since    time.Time           // of the last line of the ledger; nothing happens before
}

// NewClock returns a clock that waits until the mail reaches its owner. stated is
// zero if the ask names no time.
func NewClock(owner string, target scheduler.Target, stated Wanted, now time.Time) Clock {
	return Clock{State: Waiting, Owner: owner, Target: target, Stated: stated, Since: now.Truncate(time.Second)}
}

// An EventKind is what can happen to a clock. What is not here changes nothing: a
// reply of somebody else, a mail deleted by its owner.
type EventKind string

// The kinds of event.
const (
	OnDelivery   EventKind = "delivery"   // the mail reached the owner's window
	OnTime       EventKind = "time"       // Clock.Wake has come
	OnPromise    EventKind = "promise"    // the owner said by when
	OnAnswer     EventKind = "answer"     // was accepted, whenever it arrives
	OnWithdrawal EventKind = "withdrawal" // the asker wrote "never mind" or deleted the question
	OnFailure    EventKind = "failure"    // the mail was bounced, cancelled or expired
	OnWaiver     EventKind = "waiver"     // the owner moved it out of Needs reply
	OnReopening  EventKind = "reopening"  // the asker wrote again after a waiver
	OnRestore    EventKind = "restore"    // a mail cancelled before it left is sent after all
	OnHandover   EventKind = "handover"   // somebody else is to answer
	OnCalendar   EventKind = "calendar"   // the owner's hours, zone, holidays or leave changed
)

// An Answerer is who answered.
type Answerer string

// The answerers. Somebody else's reply answers only if the asker took it for the
// answer.
const (
	TheOwner Answerer = "owner" // from whatever address
	TheCover Answerer = "cover"
	Another  Answerer = "another"
)

// An Event is one thing that happened to a clock.
type Event struct {
	Kind     EventKind
	At       time.Time
	Schedule *scheduler.Schedule // of the owner; OnHandover, OnReopening and all that ends need none
	By       Answerer            // OnAnswer
	Promise  scheduler.Promise   // OnPromise; Made is At
	Owner    string              // OnHandover: the new one
}

// A ClockReason says in the ledger why a clock changed.
type ClockReason string

// The reasons.
const (
	BecauseDelivered   ClockReason = "delivered"
	BecauseAtRisk      ClockReason = "three-quarters"
	BecauseOverdue     ClockReason = "due"
	BecauseAway        ClockReason = "leave"
	BecauseBack        ClockReason = "return"
	BecausePromised    ClockReason = "promised"
	BecauseAnswered    ClockReason = "answered"
	BecauseCovered     ClockReason = "answered-by-cover"
	BecauseSettled     ClockReason = "answered-by-another"
	BecauseWithdrawn   ClockReason = "withdrawn"
	BecauseUndelivered ClockReason = "not-delivered"
	BecauseWaived      ClockReason = "closed-without-mail"
	BecauseReopened    ClockReason = "reopened"
	BecauseRestored    ClockReason = "restored"
	BecauseHandedOver  ClockReason = "handed-over"
	BecauseCalendar    ClockReason = "calendar"
)

// A Line is what the ledger keeps of a change: of state, of due time, or of both.
type Line struct {
	At       time.Time
	From, To State
	Reason   ClockReason
	Owner    string    // after it
	Due      time.Time // after it; of an end: the one that was in force
	Late     bool      // an answer that came when it was overdue
}
