package queue

import (
	"time"

	"tidepost/store"
)

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
	evStopped     = "stopped" // its author was frozen, or the app password it came with was revoked
	evResumed     = "resumed"
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

	evAnswers = "answers" // a reply to a digest was heard
)

// A detail is what a ledger line says beyond its columns: ids, times and reasons,
// never text of the mail.
type detail map[string]any

// What most lines say has a shape of its own: it is written with every mail.
type (
	acceptedDetail struct {
		IP         string `json:"ip"`
		MID        string `json:"mid"`
		Protocol   string `json:"protocol"`
		Recipients int    `json:"recipients"`
		Size       int64  `json:"size"`
	}
	heldDetail struct {
		Attempt int       `json:"attempt,omitempty"`
		DryRun  time.Time `json:"dry_run,omitzero"`
		Due     time.Time `json:"due"`
		Rule    Rule      `json:"rule"`
		Why     string    `json:"why"`
	}
	saidDetail struct {
		Attempt int    `json:"attempt"`
		Remote  string `json:"remote"`
		Reply   string `json:"reply"`
		TLS     string `json:"tls"`
		Trouble string `json:"trouble"`
	}
)

// saidOf is what the other server said about a recipient.
func saidOf(r store.Recipient, res Result) saidDetail {
	return saidDetail{Attempt: r.Attempts, Remote: res.Remote, Reply: replyText(res.Reply), TLS: res.TLS, Trouble: res.Trouble}
}
