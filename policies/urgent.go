package policies

import (
	"time"

	"tidepost/mail"
)

// How mail asks to be urgent by its header, and when that is not heard.
const (
	ReasonHeaderUrgent  Reason = "header-urgent"
	ReasonPriority      Reason = "mt-priority"
	ReasonHeaderIgnored Reason = "header-ignored" // asked for too often
	ReasonOutsideUrgent Reason = "outside-urgent" // a named sender from outside
)

const (
	// headerUses is how often a week "high importance" is heard: some clients set it
	// on everything.
	headerUses = 5
	// urgentPriority is the lowest MT-PRIORITY that asks for urgent (RFC 6710 §2).
	urgentPriority = 4
)

// urgent reads Importance, X-Priority and MT-PRIORITY. From outside they, and the
// tag, count only for senders whom the team or the person named.
func urgent(in Input, _ time.Time) []Finding {
	reason := headerRequest(in)
	if !in.Submitted {
		tag, _, _ := mail.SubjectTag(in.Facts.Subject)
		if (reason != "" || tag == "urgent") && namedUrgent(in) {
			return []Finding{{Reason: ReasonOutsideUrgent, Action: Urgent, Recipient: Everybody}}
		}
		return nil
	}
	switch {
	case reason == "":
		return nil
	case in.HeaderUses >= headerUses:
		return []Finding{{Reason: ReasonHeaderIgnored, Action: Annotate, Recipient: Everybody}}
	}
	return []Finding{{Reason: reason, Action: Urgent, Recipient: Everybody}}
}

// AsksUrgent reports whether the mail asks to be urgent by its header: only then is
// HeaderUses looked at.
func AsksUrgent(in Input) bool { return headerRequest(in) != "" }

func headerRequest(in Input) Reason {
	switch {
	case in.Facts.Importance == mail.ImportanceHigh:
		return ReasonHeaderUrgent
	case in.Priority >= urgentPriority:
		return ReasonPriority
	}
	return ""
}

// namedUrgent looks at From alone: the reverse-path of a list or a forwarder says
// nothing of who calls.
func namedUrgent(in Input) bool {
	if len(in.Facts.From) != 1 {
		return false
	}
	from := in.Facts.From[0].Address
	return named(in.Team.UrgentFrom, from) || named(in.Person.UrgentFrom, from)
}

func sourceOf(r Reason) Source {
	switch r {
	case ReasonTagUrgent:
		return ByTag
	case ReasonAddressUrgent:
		return ByAddress
	}
	return ByHeader
}
