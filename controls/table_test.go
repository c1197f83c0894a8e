package controls

import (
	"testing"

	"tidepost/store"
)

func kinds() []store.Kind {
	return []store.Kind{
		store.KindUser, store.KindInbox, store.KindDrafts, store.KindSent, store.KindTrash, store.KindArchive, store.KindJunk,
		store.KindScheduled, store.KindSendNow, store.KindSendTomorrow, store.KindSendMonday, store.KindSendOpening,
		store.KindNextDelivery, store.KindNeedsReply, store.KindWaitingFor, store.KindDigests, store.KindLists, store.KindSocial,
		store.KindNotifications, store.KindAway, store.KindRemindDay, store.KindRemindWeek, store.KindRemindMonday,
		store.KindBefore, store.KindNotUrgent, store.KindDecisions,
	}
}

func TestEveryMoveIsDecidedAndEveryLineDecidesOne(t *testing.T) {
	used := map[int]bool{}
	in := func(g group, k store.Kind) bool { return g == nil || g(k) }
	for _, from := range kinds() {
		for _, to := range kinds() {
			a := actOf(from, to)
			if (a.refusal == "") != (a.move != nil && a.copy != nil) {
				t.Errorf("%s to %s: handlers and refusal %q do not fit", from, to, a.refusal)
			}
			for i, p := range pairs() {
				if in(p.from, from) && in(p.to, to) {
					used[i] = true
					break
				}
			}
		}
	}
	for i, p := range pairs() {
		if !used[i] {
			t.Errorf("line %d (%q) is never reached", i, p.act.refusal)
		}
	}
}

func TestWhatTidepostFillsTakesNoOtherMail(t *testing.T) {
	for _, to := range []store.Kind{store.KindBefore, store.KindNeedsReply, store.KindWaitingFor, store.KindNextDelivery} {
		for _, from := range []store.Kind{store.KindInbox, store.KindDrafts, store.KindUser, store.KindTrash} {
			if actOf(from, to).refusal == "" {
				t.Errorf("a mail may go from %s to %s", from, to)
			}
			if AppendRefusal(to) == nil {
				t.Errorf("%s takes APPEND", to)
			}
		}
	}
}
