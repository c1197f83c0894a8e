package controls

import "tidepost/store"

// A group is a set of folders that behave alike.
type group func(store.Kind) bool

func only(k store.Kind) group { return func(have store.Kind) bool { return have == k } }

// IsOutgoing: Scheduled and the four folders below it.
func IsOutgoing(k store.Kind) bool {
	switch k {
	case store.KindScheduled, store.KindSendNow, store.KindSendTomorrow, store.KindSendMonday, store.KindSendOpening:
		return true
	}
	return false
}

// IsAsked: the folders that show open questions.
func IsAsked(k store.Kind) bool { return k == store.KindNeedsReply || k == store.KindWaitingFor }

// IsReminder: the folders below Remind me.
func IsReminder(k store.Kind) bool {
	return k == store.KindRemindDay || k == store.KindRemindWeek || k == store.KindRemindMonday
}

// IsControl reports whether entering or leaving the folder means something.
func IsControl(k store.Kind) bool {
	return WaitsIn(k) || IsAsked(k) || IsReminder(k) || k == store.KindNextDelivery || k == store.KindDecisions
}

// WaitsIn: folders whose entries are mail that waits to leave.
func WaitsIn(k store.Kind) bool { return IsOutgoing(k) || k == store.KindBefore }
