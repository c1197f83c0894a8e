package standing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// EventLeft is the line of the ledger when somebody has left the team.
const EventLeft = "person-left"

const (
	maxThreads    = 50                  // that a hand-over letter names
	maxWaiting    = 10_000              // mails that pass on with who leaves
	decisionsBack = 90 * 24 * time.Hour // whose decisions it tells
)

// depart lets those go whose day has come, and says when the next comes. Whoever takes
// over does so at work: the hand-over letter and the change are one.
func (d *Desk) depart(ctx context.Context, now time.Time, run func(string, func(*store.Tx) (time.Time, error))) error {
	var due []store.Leaver
	err := d.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueLeavers(now)
		return err
	})
	if err != nil {
		return err
	}
	gone := false
	for _, l := range due {
		run("departure", func(tx *store.Tx) (time.Time, error) {
			if to, ok := d.dir.ByID(l.ToID); ok && to.Active {
				if at, ok := whenAt(to, now); ok && at.After(now) {
					return at, nil
				}
			}
			gone = true
			return time.Time{}, d.leave(tx, l, now)
		})
	}
	if gone {
		d.o.Reload()
	}
	run("departures", func(tx *store.Tx) (time.Time, error) {
		at, _, err := tx.NextLeaver()
		if !at.After(now) { // It waits for who takes over, who was looked at above.
			return time.Time{}, err
		}
		return at, err
	})
	return nil
}

// leave takes somebody out of the team: what was asked of them and what they asked
// passes to whoever takes over, and so does their mail. Private questions are closed,
// and pass to nobody.
func (d *Desk) leave(tx *store.Tx, l store.Leaver, now time.Time) error {
	x, ok := d.dir.ByID(l.PersonID)
	if !ok || !x.Active {
		return tx.EndLeaver(l.PersonID, now)
	}
	to, ok := d.dir.ByID(l.ToID)
	if !ok || !to.Active {
		to = nil
	}
	h := digest.HandOver{Name: x.Name}
	if to != nil { // As long as the questions are still those of who leaves.
		if err := d.legacy(tx, &h, x, now); err != nil {
			return err
		}
	}
	if err := d.passAsked(tx, &h, x, to, now); err != nil {
		return err
	}
	if err := d.passOwn(tx, &h, x, to, now); err != nil {
		return err
	}
	if to != nil {
		if err := passMail(tx, x, to, now); err != nil {
			return err
		}
	}
	if err := tx.RemovePerson(x.ID); err != nil {
		return err
	}
	if err := d.leaveRoles(tx, x, to, now); err != nil {
		return err
	}
	by := int64(0)
	if to != nil {
		by = to.ID
	}
	if _, err := people.LeaveGroups(tx, x.ID, by); err != nil {
		return err
	}
	detail := map[string]any{"address": x.Address.String()}
	if to != nil {
		detail["to"] = to.Address.String()
		if err := tx.GiveAddresses(x.ID, to.ID); err != nil {
			return err
		}
		if err := d.tell(tx, to, noteHanded, d.letters.TakeOver(reader(to), h), toldNote{Who: x.ID}, now); err != nil {
			return err
		}
	}
	if err := tx.AddEvent(store.Event{At: now, Kind: EventLeft, PersonID: x.ID, Detail: detail}); err != nil {
		return err
	}
	return tx.EndLeaver(x.ID, now)
}

// passAsked gives what was asked of x to whoever takes over, and shows it to them: the
// mail that x got stands in their INBOX too.
func (d *Desk) passAsked(tx *store.Tx, h *digest.HandOver, x, to *people.Person, now time.Time) error {
	list, err := clocks.OpenOn(tx, x.ID)
	if err != nil {
		return err
	}
	told := map[int64]*departed{}
	for _, i := range list {
		t := told[i.Ask.AskerID]
		if t == nil {
			t = &departed{}
			told[i.Ask.AskerID] = t
		}
		asker, _ := d.dir.ByID(i.Ask.AskerID)
		if asker == nil {
			asker = x
		}
		q := d.question(i, asker, true, now)
		err := error(nil)
		switch {
		case i.Ask.Private || to == nil:
			t.private = append(t.private, q)
			err = d.clocks.Waive(tx, x, i.Ask.ID, now)
		case i.Ask.AskerID == to.ID:
			q.Remark = "You asked it yourself: it is closed."
			h.Own = append(h.Own, q)
			err = d.clocks.Withdraw(tx, to, i.Ask.ID, now)
		default:
			t.passed = append(t.passed, q)
			h.Asked = append(h.Asked, d.question(i, to, true, now))
			if len(i.Clock.Promises) > 0 {
				h.Promises = append(h.Promises, d.question(i, to, true, now))
			}
			err = d.handOver(tx, i, to, now)
		}
		if err != nil && !errors.Is(err, clocks.ErrNotOpen) {
			return err
		}
	}
	return d.tellAskers(tx, x, to, told, now)
}

// departed is what an asker hears.
type departed struct{ passed, private []digest.Question }

// handOver passes an ask on: with the mail that brings it, if that is still on its way,
// or with a copy.
func (d *Desk) handOver(tx *store.Tx, i clocks.Item, to *people.Person, now time.Time) error {
	if i.Ask.ShownID == 0 && i.Ask.RecipientID != 0 {
		return d.clocks.HandOver(tx, i.Ask.ID, to, i.Ask.RecipientID, now)
	}
	if err := d.clocks.HandOver(tx, i.Ask.ID, to, 0, now); err != nil {
		return err
	}
	return d.showTo(tx, i, to, now)
}

// leaveRoles takes x out of what roles were asked. What nobody else of the role has passes
// to whoever takes over.
func (d *Desk) leaveRoles(tx *store.Tx, x, to *people.Person, now time.Time) error {
	alone, err := d.clocks.LeaveRoles(tx, x, now)
	if err != nil || to == nil {
		return err
	}
	for _, i := range alone {
		if i.Ask.Private || i.Ask.AskerID == to.ID {
			continue // It stays with the role.
		}
		if err := d.handOver(tx, i, to, now); err != nil && !errors.Is(err, clocks.ErrNotOpen) {
			return err
		}
	}
	return nil
}

// HandOverRole gives an open question that a role has, and that nobody has taken, to
// somebody, and shows it to them.
func (d *Desk) HandOverRole(tx *store.Tx, ask int64, to *people.Person, now time.Time) error {
	i, err := d.clocks.Item(tx, ask)
	if err != nil {
		return err
	}
	if i.Ask.AskerID == to.ID {
		return d.clocks.Withdraw(tx, to, ask, now)
	}
	return d.handOver(tx, i, to, now)
}

// passMail gives what waits for x, on hold or for a tide, to whoever takes over, but for
// private mail.
func passMail(tx *store.Tx, x, to *people.Person, now time.Time) error {
	held, err := tx.HeldTo(x.ID)
	if err != nil {
		return err
	}
	for _, h := range held {
		if !private(h.Head) {
			if err := tx.PassRecipient(h.Recipient, to.ID); err != nil {
				return err
			}
		}
	}
	waiting, err := tx.WaitingDeliveries(x.ID, time.Time{}, maxWaiting)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		m, err := tx.Message(w.MessageID)
		if err != nil {
			return err
		}
		if !private(m.Head) {
			if err := tx.PassDelivery(w, to.ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// private reports whether a mail is marked so, or encrypted.
func private(head []byte) bool {
	h := mail.ParseHeader(head)
	s := strings.ToLower(strings.TrimSpace(h.Get("Sensitivity")))
	return s != "" && s != "normal" || mail.FactsOf(h, nil, mail.Address{}).IsEncrypted
}

// showTo puts the mail of an ask into INBOX of its new owner: the copy that the old
// owner got, or else what was sent.
func (d *Desk) showTo(tx *store.Tx, i clocks.Item, to *people.Person, now time.Time) error {
	message := i.Ask.ShownID
	if message == 0 {
		message = i.Ask.MessageID
	}
	box, err := tx.MailboxByKind(to.ID, store.KindInbox)
	if err != nil {
		return err
	}
	entries, err := tx.EntriesByMID(box.ID, i.Ask.MID)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		message = entries[0].MessageID
	} else if err := tx.AddEntry(&store.Entry{MailboxID: box.ID, MessageID: message, InternalDate: now}); err != nil {
		return err
	}
	return d.clocks.Reached(tx, i.Ask.ID, message, now)
}

// tellAskers tells those who get no digest; the others read it there.
func (d *Desk) tellAskers(tx *store.Tx, x, to *people.Person, told map[int64]*departed, now time.Time) error {
	name := ""
	if to != nil {
		name = to.Name
	}
	for id, t := range told {
		asker, ok := d.dir.ByID(id)
		if !ok || !asker.Active || to != nil && id == to.ID {
			continue
		}
		if asker.Schedule(now).HasTides() && len(t.private) == 0 {
			continue
		}
		if err := d.tell(tx, asker, noteLeft, d.letters.Departed(reader(asker), x.Name, name, t.passed, t.private), toldNote{Who: x.ID}, now); err != nil {
			return err
		}
	}
	return nil
}

// passOwn gives what x asked to whoever takes over; private questions are withdrawn.
func (d *Desk) passOwn(tx *store.Tx, h *digest.HandOver, x, to *people.Person, now time.Time) error {
	list, err := clocks.Mine(tx, x.ID)
	if err != nil {
		return err
	}
	for _, i := range list {
		if to == nil || i.Ask.Private {
			err = d.clocks.Withdraw(tx, x, i.Ask.ID, now)
		} else {
			h.Own = append(h.Own, d.question(i, to, true, now))
			err = d.clocks.Pass(tx, i.Ask.ID, to, now)
		}
		if err != nil && !errors.Is(err, clocks.ErrNotOpen) {
			return err
		}
	}
	return nil
}

// legacy adds to a hand-over letter the conversations and decisions of x.
func (d *Desk) legacy(tx *store.Tx, h *digest.HandOver, x *people.Person, now time.Time) error {
	threads, err := tx.Threads(store.ThreadQuery{Person: x.ID, Open: true, Limit: maxThreads})
	if err != nil {
		return err
	}
	for _, t := range threads {
		list, err := clocks.OfThread(tx, t.ID)
		if err != nil {
			return err
		}
		open, private := false, false
		for _, i := range list {
			open, private = open || i.Open() && (i.Ask.OwnerID == x.ID || i.Ask.AskerID == x.ID), private || i.Ask.Private
		}
		if open && !private {
			h.Threads = append(h.Threads, t.Subject+", last mail "+people.Day(t.Updated, x.Zone(), now))
		}
	}
	decided, err := tx.Decisions(store.DecisionView{Person: x.ID}, maxDecisions)
	if err != nil {
		return err
	}
	h.Decisions = decisionLines(slices.DeleteFunc(decided, func(one store.Decision) bool { return one.Filed.Before(now.Add(-decisionsBack)) }))
	return nil
}

// CloseQuestions ends what is still open with somebody who has left and hands over to
// nobody: what was asked of them is closed, and its askers are told; what they asked is
// withdrawn.
func (d *Desk) CloseQuestions(tx *store.Tx, x *people.Person, now time.Time) error {
	h := digest.HandOver{Name: x.Name}
	if err := d.passAsked(tx, &h, x, nil, now); err != nil {
		return err
	}
	return d.passOwn(tx, &h, x, nil, now)
}
