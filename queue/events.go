package queue

// The kinds of ledger lines that the queue writes.
const (
	evAccepted    = "accepted"
	evRepeat      = "repeat"
	evHeld        = "held"
	evRescheduled = "rescheduled"
	evReleased    = "released" // to a colleague's mailbox, which is its delivery
	evAttempt     = "attempt"
	evDelivered   = "delivered"
	evDeferred    = "deferred"
	evDelayed     = "delayed" // the author was told of it
	evBounced     = "bounced"
	evExpired     = "expired"
	evReport      = "report"     // a delivery report was filed
	evUnreported  = "unreported" // nobody could get one
	evCancelled   = "cancelled"
	evRestored    = "restored"
	evFrozen      = "frozen"
	evThawed      = "thawed"
	evPossible    = "possible-duplicate"
	evUrgent      = "urgent"
	evFiled       = "filed"
	evCopied      = "copied"
	evStale       = "policy-failed"

	evAdvice       = "advice"        // the author was handed the draft back
	evAdviceEnded  = "advice-ended"  // how that ended
	evCoachDryRun  = "coach-dry-run" // what a policy in dry run would have said
	evRefusedDraft = "draft-refused" // by the mode stop: nothing was accepted
	evReplaced     = "replaced"      // by an edited mail
	evPolicyQuiet  = "policy-quiet"  // it went to dry run by itself
)

// A detail is what a ledger line says beyond its columns: ids, times and reasons,
// never text of the mail.
type detail map[string]any
