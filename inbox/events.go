package inbox

// What this package writes into the ledger. The states of a delivery stand beside
// them.
const (
	EventFiled       = "filed"       // a message came; detail says where it went and why
	EventPublished   = "published"   // it appeared in its folder
	EventWithdrawn   = "withdrawn"   // deleted by its reader while it waited
	EventRescheduled = "rescheduled" // its tide is another one
	EventDigest      = "digest"      // a digest was filed
	EventNote        = "note"        // another letter of Tidepost's was filed
	EventReminded    = "reminded"    // mail came back from Remind me
	EventVacation    = "vacation"    // somebody outside was told of an absence
	EventSender      = "sender"      // a sender now always goes to INBOX
)

// Kinds of notes, in the store, that this package looks up again.
const (
	noteAway     = "away"
	noteFull     = "full"
	noteTalk     = "talk"
	noteVacation = "vacation"
	noteReminder = "reminder"
)
