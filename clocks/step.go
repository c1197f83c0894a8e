package clocks

import (
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

// Kinds of lines of the ledger: EventAsked for a new ask, EventClock with the reason
// behind it for a line of a clock, EventAsk with the reason for what ends an ask that
// has none.
const (
	EventAsked = "ask-put"
	EventClock = "clock-"
	EventAsk   = "ask-"
)

// A lineDetail is what the ledger keeps of a line.
type lineDetail struct {
	From  threading.State `json:"from,omitempty"`
	Owner string          `json:"owner,omitempty"`
	Due   time.Time       `json:"due,omitzero"`
	Late  bool            `json:"late,omitempty"`
	By    string          `json:"by,omitempty"` // Message-ID of the mail that did it
}

// person returns somebody of the team; nil for nobody.
func (k *Keeper) person(id int64) *people.Person {
	if id == 0 {
		return nil
	}
	p, _ := k.dir.ByID(id)
	return p
}

// schedule is the calendar that a clock goes by: its owner's, or its asker's for an
// owner outside.
func (k *Keeper) schedule(i *Item, now time.Time) *scheduler.Schedule {
	if g := k.role(i.Ask.RoleID); g != nil && i.Ask.OwnerID == 0 {
		return g.Schedule(now)
	}
	for _, id := range []int64{i.Ask.OwnerID, i.Ask.AskerID} {
		if p := k.person(id); p != nil {
			return p.Schedule(now)
		}
	}
	return k.plain
}

// step takes an event to an ask: the row, the line of the ledger, the folders. It
// reports whether there was a line. by is the mail that did it, nil if none did; change
// is what else becomes of the ask then, nil for nothing.
func (k *Keeper) step(tx *store.Tx, i *Item, e threading.Event, by *Mail, change func(*store.Ask)) (bool, error) {
	if i.Clock.State == "" {
		return k.end(tx, i, e, by, change)
	}
	now, before := later(e.At, i.Ask.Created), *i
	after := *i
	if change != nil {
		change(&after.Ask) // Who takes a question over does so by their own hours.
	}
	e.Schedule = k.schedule(&after, now)
	next, line, ok := i.Clock.Step(e)
	if !ok && next.Wake.Equal(i.Clock.Wake) {
		return false, nil
	}
	i.Clock = next
	if ok && change != nil {
		change(&i.Ask)
	}
	i.Ask.Open = next.State.Open()
	i.turn = k.turnOf(i, now)
	if ok {
		i.Reason, i.Late, i.Ask.Changed = line.Reason, line.Late, now
	}
	if err := k.write(tx, i, before, now); err != nil || !ok {
		return false, err
	}
	ev := store.Event{At: now, Kind: EventClock + string(line.Reason), MessageID: i.Ask.MessageID, PersonID: i.Ask.OwnerID, AskID: i.Ask.ID,
		State: string(line.To), Detail: lineDetail{From: line.From, Owner: line.Owner, Due: line.Due, Late: line.Late, By: by.mid()}}
	if err := tx.AddEvent(ev); err != nil {
		return false, err
	}
	if k.o.OnLine != nil {
		if err := k.o.OnLine(tx, *i, line); err != nil {
			return false, fmt.Errorf("follow ask %d: %w", i.Ask.ID, err)
		}
	}
	return true, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// end is step for an ask without a clock: what ends a clock ends it.
func (k *Keeper) end(tx *store.Tx, i *Item, e threading.Event, by *Mail, change func(*store.Ask)) (bool, error) {
	var why threading.ClockReason
	open := false
	switch e.Kind {
	case threading.OnAnswer:
		why = threading.BecauseAnswered
	case threading.OnWithdrawal:
		why = threading.BecauseWithdrawn
	case threading.OnFailure:
		why = threading.BecauseUndelivered
	case threading.OnRestore:
		why, open = threading.BecauseRestored, true
	default:
		return false, nil
	}
	if i.Ask.Open == open {
		return false, nil
	}
	before := *i
	if change != nil {
		change(&i.Ask)
	}
	i.Ask.Open, i.Ask.Changed = open, e.At
	if err := k.write(tx, i, before, e.At); err != nil {
		return false, err
	}
	return true, tx.AddEvent(store.Event{At: e.At, Kind: EventAsk + string(why), MessageID: i.Ask.MessageID, AskID: i.Ask.ID,
		Detail: lineDetail{By: by.mid()}})
}

// turnOf is when the day begins on which the ask is due, zero if it has.
func (k *Keeper) turnOf(i *Item, now time.Time) time.Time {
	p, g := k.person(i.Ask.OwnerID), k.role(i.Ask.RoleID)
	if p == nil && g == nil || i.Clock.Due.IsZero() {
		return time.Time{}
	}
	due := i.Clock.Due
	if p != nil {
		due = due.In(p.Schedule(now).Zone())
	} else {
		due = due.In(g.Zone())
	}
	day := time.Date(due.Year(), due.Month(), due.Day(), 0, 0, 0, 0, due.Location())
	if !day.After(now) {
		return time.Time{}
	}
	return day.UTC()
}

// write puts an ask down and the folders right: before is how it was.
func (k *Keeper) write(tx *store.Tx, i *Item, before Item, now time.Time) error {
	row, err := i.row()
	if err != nil {
		return err
	}
	if err := tx.UpdateAsk(row, string(before.Clock.State)); err != nil {
		return err
	}
	k.expect(tx, i)
	return k.show(tx, i, before, now)
}

// expect has the timer loop look when the ask needs it.
func (k *Keeper) expect(tx *store.Tx, i *Item) {
	at := i.Clock.Wake
	if at.IsZero() || !i.turn.IsZero() && i.turn.Before(at) {
		at = i.turn
	}
	if !at.IsZero() {
		tx.AfterCommit(func() { k.lower(at) })
	}
}
