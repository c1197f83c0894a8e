package imapd

import (
	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// An act is what a message does that moves from one kind of folder to another.
type act struct {
	move, copy handler
	scan       bool   // the message must be read before
	vanishes   bool   // COPY takes the source away too: entering is the act
	refusal    string // why it cannot be, in plain words; then there are no handlers
}

// A handler does it, inside the transaction. It returns the entry in the target, nil
// if there is none.
type handler func(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error)

// A pair is a line of the table.
type pair struct {
	from, to group // nil: any
	act      act
}

// pairs is the folder table of PRODUCT.md. The first line that fits counts.
//
// COPY, then \Deleted, then EXPUNGE of the same entry mean the same as MOVE, whichever
// of the first two came first: what COPY alone must not do is remembered, by the
// queue or by the session, and done by EXPUNGE. Entering a control folder is the act
// itself, by COPY too; the source vanishes, and a later EXPUNGE finds nothing.
func pairs() []pair {
	var (
		outgoing      = group(isOutgoing)
		before        = only(store.KindBefore)
		nextDelivery  = only(store.KindNextDelivery)
		reminding     = group(isReminder)
		notifications = only(store.KindNotifications)
		inboxOnly     = only(store.KindInbox)
		notUrgent     = only(store.KindNotUrgent)
		needsReply    = only(store.KindNeedsReply)
		waitingFor    = only(store.KindWaitingFor)
		asked         = group(isAsked)
		trash         = only(store.KindTrash)
		decisions     = only(store.KindDecisions)
		any           group
	)
	return []pair{
		{any, before, act{refusal: "Before sending is filled by Tidepost; a draft that you send is looked at again"}},

		{decisions, decisions, act{refusal: "This is in Decisions already"}},
		{decisions, outgoing, act{refusal: "This is not a draft; only a draft of yours can be sent"}},
		{decisions, nextDelivery, act{refusal: "Next delivery is filled by Tidepost"}},
		{decisions, reminding, act{refusal: "Decisions stay here; copy it to another folder first"}},
		{outgoing, decisions, act{refusal: "This mail has not left; put it here from Sent once it has"}},
		{before, decisions, act{refusal: "This mail has not left; put it here from Sent once it has"}},
		{nextDelivery, decisions, act{refusal: "Only mail that you sent yourself can be filed as a decision; ask its author"}},
		{asked, decisions, act{refusal: "This stays here until it is answered; put the mail that lies in Sent into Decisions"}},

		{any, needsReply, act{refusal: "Needs reply is filled by Tidepost, with mail that asks you something"}},
		{any, waitingFor, act{refusal: "Waiting for others is filled by Tidepost, with mail of yours that asks something"}},
		{decisions, any, act{move: stayDecided, copy: copyPlain}},
		{any, decisions, act{move: decide, copy: decide, vanishes: true, scan: true}},
		{asked, outgoing, act{refusal: "This mail is not a draft; only a draft of yours can be sent"}},
		{asked, nextDelivery, act{refusal: "Next delivery is filled by Tidepost"}},
		{asked, reminding, act{refusal: "This stays here until it is answered; to be reminded, move the mail that lies in INBOX"}},
		{needsReply, any, act{move: waive, copy: copyOnce}},
		{waitingFor, trash, act{move: withdraw, copy: copyOnce}},
		{waitingFor, any, act{move: goOnWaiting, copy: copyAsked}},

		{outgoing, outgoing, act{move: enter, copy: enter, vanishes: true, scan: true}},
		{outgoing, nextDelivery, act{refusal: "Next delivery is filled by Tidepost"}},
		{outgoing, reminding, act{refusal: "This mail waits to leave; it cannot be a reminder"}},
		{outgoing, any, act{move: takeOut, copy: copyOut}},

		{before, outgoing, act{move: enter, copy: enter, vanishes: true, scan: true}},
		{before, nextDelivery, act{refusal: "Next delivery is filled by Tidepost"}},
		{before, reminding, act{refusal: "This mail waits to leave; it cannot be a reminder"}},
		{before, any, act{move: takeOut, copy: copyOut}},

		{nextDelivery, outgoing, act{refusal: "This mail came to you; only a draft of yours can be sent"}},
		{nextDelivery, nextDelivery, act{refusal: "This mail is in Next delivery already"}},
		{nextDelivery, reminding, act{refusal: "This mail is not delivered yet; move it to INBOX first"}},
		{nextDelivery, any, act{move: deliverNow, copy: deliverNow, vanishes: true}},

		{any, outgoing, act{move: enter, copy: enter, vanishes: true, scan: true}},
		{any, nextDelivery, act{refusal: "Next delivery is filled by Tidepost"}},
		{any, reminding, act{move: remind, copy: remind, vanishes: true}},

		{notifications, inboxOnly, act{move: wantSender, copy: copyWanted}},
		{notUrgent, notUrgent, act{move: movePlain, copy: copyPlain}},
		{any, notUrgent, act{move: fileNotUrgent, copy: copyNotUrgent}},
		{any, any, act{move: movePlain, copy: copyPlain}},
	}
}

// A group is a set of folders that behave alike.
type group func(store.Kind) bool

func only(k store.Kind) group { return func(have store.Kind) bool { return have == k } }

// isOutgoing: Scheduled and the four folders below it.
func isOutgoing(k store.Kind) bool {
	switch k {
	case store.KindScheduled, store.KindSendNow, store.KindSendTomorrow, store.KindSendMonday, store.KindSendOpening:
		return true
	}
	return false
}

// isAsked: the folders that show open questions.
func isAsked(k store.Kind) bool { return k == store.KindNeedsReply || k == store.KindWaitingFor }

// isReminder: the folders below Remind me.
func isReminder(k store.Kind) bool {
	return k == store.KindRemindDay || k == store.KindRemindWeek || k == store.KindRemindMonday
}

// isControl reports whether entering or leaving the folder means something.
func isControl(k store.Kind) bool {
	return waitsIn(k) || isAsked(k) || isReminder(k) || k == store.KindNextDelivery || k == store.KindDecisions
}

// waitsIn: folders whose entries are mail that waits to leave.
func waitsIn(k store.Kind) bool { return isOutgoing(k) || k == store.KindBefore }

// actOf finds the line of the table.
func actOf(from, to store.Kind) act {
	in := func(g group, k store.Kind) bool { return g == nil || g(k) }
	for _, p := range pairs() {
		if in(p.from, from) && in(p.to, to) {
			return p.act
		}
	}
	return act{refusal: "There is no such move"}
}

// allowed says in plain words why an entry cannot go where the client wants it.
func (a act) allowed(t *transfer, e store.Entry) error {
	if a.refusal != "" {
		return no(imap.ResponseCodeCannot, a.refusal)
	}
	if isTimetable(t.from.Kind, e) {
		return no(imap.ResponseCodeCannot, "The timetable stays in Scheduled; deleted, it comes back")
	}
	if isAdvice(t.from.Kind, e) && isOutgoing(t.to.Kind) {
		return no(imap.ResponseCodeCannot, "That is the advice; move the draft beside it")
	}
	return nil
}

// isTimetable: the letter on top of Scheduled is the one entry there that waits for
// nothing.
func isTimetable(k store.Kind, e store.Entry) bool {
	return k == store.KindScheduled && e.SubmissionID == 0
}

// isAdvice: what lies in Before sending beside a draft. It is an ordinary letter.
func isAdvice(k store.Kind, e store.Entry) bool { return k == store.KindBefore && e.SubmissionID == 0 }

// appendRefusal says which folders take no APPEND.
func appendRefusal(k store.Kind) error {
	switch {
	case k == store.KindNextDelivery:
		return no(imap.ResponseCodeCannot, "Next delivery is filled by Tidepost")
	case k == store.KindBefore:
		return no(imap.ResponseCodeCannot, "Before sending is filled by Tidepost")
	case k == store.KindDecisions:
		return no(imap.ResponseCodeCannot, "Decisions is filled by Tidepost; put a mail here that you have sent")
	case isAsked(k):
		return no(imap.ResponseCodeCannot, "Tidepost fills this folder, with mail that asks something")
	case isReminder(k):
		return no(imap.ResponseCodeCannot, "Only mail that is in another folder can be a reminder; move it here")
	}
	return nil
}

// takeOut: out of Scheduled or Before sending to Drafts or Trash cancels what has not left; to any
// other folder files a copy there, and the mail goes on waiting.
func takeOut(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if isAdvice(t.from.Kind, e) {
		return movePlain(tx, t, e, j)
	}
	out, err := t.s.queue().MoveOut(tx, t.s.person, e, t.to, t.s.now())
	return &out, err
}

// copyOut: COPY alone files a copy and changes nothing; the queue remembers it, and
// EXPUNGE then means what MOVE would have meant.
func copyOut(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if isAdvice(t.from.Kind, e) {
		return copyPlain(tx, t, e, j)
	}
	out, err := t.s.queue().CopyOut(tx, t.s.person, e, t.to, t.s.now())
	return &out, err
}

// enter: into Scheduled restores what was taken back or sends a draft at its time,
// into the folders below it at theirs.
func enter(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	return t.s.queue().MoveIn(tx, t.s.person, e, j.content, t.to.Kind, t.s.now())
}

// deliverNow: out of Next delivery is delivered at once.
func deliverNow(tx *store.Tx, t *transfer, e store.Entry, _ job) (*store.Entry, error) {
	out, err := t.s.inbox().DeliverNow(tx, t.s.person.ID, e, t.to, t.s.now())
	return &out, err
}

// remind: into a folder of Remind me comes back on top, unread, then.
func remind(tx *store.Tx, t *transfer, e store.Entry, _ job) (*store.Entry, error) {
	out, err := t.s.inbox().Remind(tx, t.s.person, e, t.to.Kind, t.s.now())
	return &out, err
}

// wantSender: out of Notifications to INBOX means that its sender always goes there.
func wantSender(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if err := t.s.inbox().MovedFromNotifications(tx, t.s.person, e, t.s.now()); err != nil {
		return nil, err
	}
	return movePlain(tx, t, e, j)
}

// copyWanted: COPY from Notifications to INBOX; EXPUNGE makes it a move.
func copyWanted(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	out, err := copyPlain(tx, t, e, j)
	t.wanted = append(t.wanted, place{t.from.ID, e.UID})
	return out, err
}

// fileNotUrgent: urgent mail into Not urgent says to its author alone, once a month, that
// it was not.
func fileNotUrgent(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if err := t.s.inbox().FiledNotUrgent(tx, t.s.person, e.MessageID, t.s.now()); err != nil {
		return nil, err
	}
	return movePlain(tx, t, e, j)
}

// copyNotUrgent: filing a copy says the same.
func copyNotUrgent(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if err := t.s.inbox().FiledNotUrgent(tx, t.s.person, e.MessageID, t.s.now()); err != nil {
		return nil, err
	}
	return copyPlain(tx, t, e, j)
}

// expungeEntry removes an entry that is flagged \Deleted: alone it means what
// deleting means in that folder, behind a COPY it completes a move.
func (s *Session) expungeEntry(tx *store.Tx, box store.Mailbox, e store.Entry) error {
	now := s.now()
	switch {
	case isOutgoing(box.Kind) || box.Kind == store.KindBefore && e.SubmissionID != 0: // The timetable, too: it comes back.
		return s.queue().CancelEntry(tx, s.person, e, now)
	case box.Kind == store.KindNextDelivery && e.DeliveryID != 0:
		_, err := s.inbox().Withdraw(tx, s.person.ID, e, now)
		return err
	case box.Kind == store.KindNeedsReply:
		return s.closeAsked(tx, box, e)
	case box.Kind == store.KindWaitingFor && s.wanted[place{box.ID, e.UID}]: // Behind a COPY elsewhere than to Trash.
		return showAgain(tx, e, now)
	case box.Kind == store.KindWaitingFor:
		return s.closeAsked(tx, box, e)
	case s.wanted[place{box.ID, e.UID}]:
		if err := s.inbox().MovedFromNotifications(tx, s.person, e, now); err != nil {
			return err
		}
	}
	return tx.RemoveEntry(e, store.GoneExpunged, now)
}

// flagged follows a change of flags: on waiting mail \Deleted freezes the release until
// EXPUNGE or until it is taken away.
func (s *Session) flagged(tx *store.Tx, box store.Mailbox, e store.Entry, was store.Flags) error {
	if !waitsIn(box.Kind) || e.SubmissionID == 0 || (e.Flags^was)&store.Deleted == 0 {
		return nil
	}
	return s.queue().SetFrozen(tx, s.person, e, e.Flags&store.Deleted != 0, s.now())
}
