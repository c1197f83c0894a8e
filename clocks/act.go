package clocks

import (
	"errors"
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// ErrNotYours is returned for an ask that somebody else has to answer, or has made.
var ErrNotYours = errors.New("this question is somebody else's")

// ErrNotOpen is returned for an ask that is answered, withdrawn or closed already.
var ErrNotOpen = errors.New("this question is not open any more")

// Item returns an ask with its clock. store.ErrNotFound.
func (k *Keeper) Item(tx *store.Tx, ask int64) (Item, error) { return item(tx, ask) }

func item(tx *store.Tx, ask int64) (Item, error) {
	row, err := tx.Ask(ask)
	if err != nil {
		return Item{}, err
	}
	return itemOf(row), nil
}

// Delivered is called when a message is in its reader's window: it stands in INBOX, in
// While away, or wherever its reader moved or deleted it from Next delivery. d.MessageID
// is the message that the reader sees.
func (k *Keeper) Delivered(tx *store.Tx, d store.Delivery, now time.Time) error {
	if k == nil {
		return nil
	}
	var list []Item
	var err error
	if d.RecipientID != 0 {
		list, err = itemsOf(tx.AsksByRecipient(d.RecipientID))
	} else {
		list, err = itemsOf(tx.AsksByDelivery(d.ID))
	}
	if err != nil {
		return err
	}
	for n := range list {
		if list[n].Ask.OwnerID == d.PersonID && list[n].Ask.Open {
			if err := k.reach(tx, &list[n], d.MessageID, now); err != nil {
				return err
			}
		}
	}
	if err := k.deliveredToRole(tx, d, now); err != nil {
		return err
	}
	return markMessage(tx, d.MessageID)
}

// Reached says that an ask is in its owner's window by another way than the mail that
// carries it: a letter about it, and message is what shows it.
func (k *Keeper) Reached(tx *store.Tx, ask, message int64, now time.Time) error {
	if k == nil {
		return nil
	}
	i, err := item(tx, ask)
	if err != nil || !i.Ask.Open {
		return err
	}
	return k.reach(tx, &i, message, now)
}

func (k *Keeper) reach(tx *store.Tx, i *Item, message int64, now time.Time) error {
	seen := func(a *store.Ask) { a.ShownID = message }
	done, err := k.step(tx, i, threading.Event{Kind: threading.OnDelivery, At: now.UTC()}, nil, seen)
	if err != nil || done || i.Ask.ShownID == message {
		return err
	}
	before := *i // Its owner promised something before it came.
	seen(&i.Ask)
	return k.write(tx, i, before, now.UTC())
}

// Sent is called when another server has taken a mail for a recipient: that is when it
// reaches somebody outside.
func (k *Keeper) Sent(tx *store.Tx, recipient int64, now time.Time) error {
	if k == nil {
		return nil
	}
	list, err := itemsOf(tx.AsksByRecipient(recipient))
	if err != nil {
		return err
	}
	for n := range list {
		if _, err := k.step(tx, &list[n], threading.Event{Kind: threading.OnDelivery, At: now.UTC()}, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// Failed is called when a mail will not reach a recipient: it was cancelled, bounced or
// expired. message is the mail as submitted. What it asked of that recipient is asked no
// more; what it answered is not answered.
func (k *Keeper) Failed(tx *store.Tx, r store.Recipient, message int64, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	list, err := itemsOf(tx.AsksByRecipient(r.ID))
	if err != nil {
		return err
	}
	for n := range list {
		if _, err := k.step(tx, &list[n], threading.Event{Kind: threading.OnFailure, At: now}, nil, nil); err != nil {
			return err
		}
	}
	if err := k.failedForRole(tx, r, now); err != nil {
		return err
	}
	if list, err = itemsOf(tx.AsksAnsweredBy(message)); err != nil {
		return err
	}
	for n := range list {
		a := list[n].Ask
		if a.AskerID != 0 && a.AskerID == r.PersonID || a.AskerID == 0 && a.Asker == r.Address {
			if err := k.askAnew(tx, list[n], now); err != nil {
				return err
			}
		}
	}
	return nil
}

// askAnew puts an ask a second time whose answer its asker will never get: with a clock
// that began when that of the first did, so that nothing is lost nor won. The first one
// stays answered, for good, and no longer knows by what.
func (k *Keeper) askAnew(tx *store.Tx, old Item, now time.Time) error {
	anew := old
	anew.Ask.ID, anew.Ask.AnswerID, anew.Ask.Open, anew.Ask.Created, anew.Ask.Changed = 0, 0, true, now, now
	anew.Reason, anew.Late, anew.turn = "", false, time.Time{}
	row, err := old.row()
	if err != nil {
		return err
	}
	row.AnswerID = 0
	if err := tx.UpdateAsk(row, string(old.Clock.State)); err != nil {
		return err
	}
	begin := now
	if anew.Clock.State != "" {
		if !old.Clock.Started.IsZero() {
			begin = old.Clock.Started
		}
		anew.Clock = threading.NewClock(old.Clock.Owner, old.Clock.Target, old.Clock.Stated, begin)
	}
	if row, err = anew.row(); err != nil {
		return err
	}
	if err := tx.InsertAsk(&row); err != nil {
		return err
	}
	anew.Ask = row.Ask
	members, err := tx.AskMembers(old.Ask.ID)
	if err != nil {
		return err
	}
	for _, w := range members { // The others of a role see it again, as whose it is.
		w.AskID = anew.Ask.ID
		if err := tx.PutAskMember(w); err != nil {
			return err
		}
	}
	ev := store.Event{At: now, Kind: EventAsked, MessageID: anew.Ask.MessageID, PersonID: anew.Ask.OwnerID, AskID: anew.Ask.ID,
		State: string(anew.Clock.State), Detail: lineDetail{Owner: anew.Ask.Owner}}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	if err := k.show(tx, &anew, anew, now); err != nil || old.Clock.Started.IsZero() {
		return err
	}
	for _, e := range resumed(old, begin, now) {
		if _, err := k.step(tx, &anew, e, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// resumed is what a clock that begins anew has to go through again: it reached its
// owner, who promised something, and it is now.
func resumed(old Item, begin, now time.Time) []threading.Event {
	events := []threading.Event{{Kind: threading.OnDelivery, At: begin}}
	for _, p := range old.Clock.Promises {
		events = append(events, threading.Event{Kind: threading.OnPromise, At: p.Made, Promise: p})
	}
	return append(events, threading.Event{Kind: threading.OnCalendar, At: now})
}

// Waive closes an ask without a mail: its owner says that no answer is needed.
// ErrNotYours, ErrNotOpen.
func (k *Keeper) Waive(tx *store.Tx, p *people.Person, ask int64, now time.Time) error {
	return k.act(tx, ask, threading.Event{Kind: threading.OnWaiver, At: now.UTC()}, func(a store.Ask) bool { return k.MayAnswer(Item{Ask: a}, p) })
}

// Withdraw closes an ask whose asker needs no answer any more. ErrNotYours, ErrNotOpen.
func (k *Keeper) Withdraw(tx *store.Tx, p *people.Person, ask int64, now time.Time) error {
	return k.act(tx, ask, threading.Event{Kind: threading.OnWithdrawal, At: now.UTC()}, func(a store.Ask) bool { return a.AskerID == p.ID })
}

func (k *Keeper) act(tx *store.Tx, ask int64, e threading.Event, mine func(store.Ask) bool) error {
	if k == nil {
		return nil
	}
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	if !mine(i.Ask) {
		return fmt.Errorf("ask %d: %w", ask, ErrNotYours)
	}
	done, err := k.step(tx, &i, e, nil, nil)
	if err == nil && !done {
		err = fmt.Errorf("ask %d: %w", ask, ErrNotOpen)
	}
	return err
}

// WaiveShown waives whatever a message in Needs reply of p asks, and WithdrawShown
// withdraws whatever p asks in a message of Waiting for others. Nothing open: nothing
// happens. What a role was asked and nobody has taken is only put aside for p.
func (k *Keeper) WaiveShown(tx *store.Tx, p *people.Person, message int64, now time.Time) error {
	if k == nil {
		return nil
	}
	ofRole, err := itemsOf(tx.RoleAsksShown(p.ID, message))
	if err != nil {
		return err
	}
	for _, r := range ofRole {
		i, err := item(tx, r.Ask.ID)
		if err == nil {
			err = k.putAside(tx, &i, p, now.UTC())
		}
		if err != nil {
			return err
		}
	}
	return k.all(tx, place{p.ID, store.KindNeedsReply, message}, threading.Event{Kind: threading.OnWaiver, At: now.UTC()})
}

// WithdrawShown: see WaiveShown.
func (k *Keeper) WithdrawShown(tx *store.Tx, p *people.Person, message int64, now time.Time) error {
	return k.all(tx, place{p.ID, store.KindWaitingFor, message}, threading.Event{Kind: threading.OnWithdrawal, At: now.UTC()})
}

func (k *Keeper) all(tx *store.Tx, at place, e threading.Event) error {
	if k == nil {
		return nil
	}
	list, err := asksAt(tx, at)
	if err != nil {
		return err
	}
	for n := range list {
		if _, err := k.step(tx, &list[n], e, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// HandOver gives an ask another owner. recipient is that of the mail that brings it
// there; 0: Reached will be called. Asks of nobody in particular stay so. ErrNotOpen;
// ErrNotYours: to is who asks.
func (k *Keeper) HandOver(tx *store.Tx, ask int64, to *people.Person, recipient int64, now time.Time) error {
	if k == nil {
		return nil
	}
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	if i.Ask.AskerID == to.ID {
		return fmt.Errorf("hand over ask %d: %w", ask, ErrNotYours)
	}
	owner := to.Address.Key()
	done, err := k.step(tx, &i, threading.Event{Kind: threading.OnHandover, At: now.UTC(), Owner: owner}, nil, func(a *store.Ask) {
		a.OwnerID, a.Owner, a.OwnerName = to.ID, owner, to.Name
		a.RecipientID, a.DeliveryID, a.ShownID = recipient, 0, 0
	})
	if err == nil && !done {
		err = fmt.Errorf("hand over ask %d: %w", ask, ErrNotOpen)
	}
	return err
}
