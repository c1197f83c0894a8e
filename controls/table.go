package controls

import "tidepost/store"

// An act is what a message does that moves from one kind of folder to another.
type act struct {
	move, copy handler
	scan       bool   // the message must be read before
	vanishes   bool   // COPY takes the source away too: entering is the act
	refusal    string // why it cannot be, in plain words; then there are no handlers
}

// A handler does it, inside the transaction. It returns the entry in the target, nil
// if there is none.
type handler func(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error)

// A pair is a line of the table.
type pair struct {
	from, to group // nil: any
	act      act
}

// pairs is the folder table of PRODUCT.md. The first line that fits counts.
//
// COPY, then \Deleted, then EXPUNGE of the same entry mean the same as MOVE, whichever
// of the first two came first: what COPY alone must not do is remembered, by the
// queue or by who carries it out (Transfer.Remember), and done by EXPUNGE. Entering a
// control folder is the act itself, by COPY too; the source vanishes, and a later
// EXPUNGE finds nothing.
func pairs() []pair {
	var (
		outgoing      = group(IsOutgoing)
		before        = only(store.KindBefore)
		nextDelivery  = only(store.KindNextDelivery)
		reminding     = group(IsReminder)
		notifications = only(store.KindNotifications)
		inboxOnly     = only(store.KindInbox)
		notUrgent     = only(store.KindNotUrgent)
		needsReply    = only(store.KindNeedsReply)
		waitingFor    = only(store.KindWaitingFor)
		asked         = group(IsAsked)
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
