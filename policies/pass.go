package policies

import (
	"regexp"
	"strings"
	"time"

	"tidepost/mail"
)

// The lines of the pass list, in the order in which they are looked at.
const (
	ReasonUnreadable   Reason = "unreadable"
	ReasonCode         Reason = "code"
	ReasonCalendar     Reason = "calendar"
	ReasonNullSender   Reason = "null-sender"
	ReasonBounce       Reason = "bounce"
	ReasonAutomatic    Reason = "automatic"
	ReasonNoReply      Reason = "no-reply"
	ReasonList         Reason = "list"
	ReasonDevice       Reason = "device"
	ReasonUrgentThread Reason = "urgent-thread"
	ReasonObjection    Reason = "objection"
	ReasonNamedSender  Reason = "named-sender"
	ReasonNamedDomain  Reason = "named-domain"
	ReasonNamedWord    Reason = "named-word"
)

// passList finds every line of the pass list that the message meets. The list is
// always on.
func passList(in Input, _ time.Time) []Finding {
	var out []Finding
	add := func(cond bool, r Reason) {
		if cond {
			out = append(out, Finding{Reason: r, Action: Pass, Recipient: Everybody})
		}
	}
	f := in.Facts
	add(in.Unreadable, ReasonUnreadable)
	add(f.IsCode, ReasonCode)
	// TNEF hides meeting requests that nobody here can read.
	add(f.Calendar.Present || f.HasICS || f.HasTNEF, ReasonCalendar)
	add(in.From.IsNull(), ReasonNullSender)
	add(f.IsBounce, ReasonBounce)
	add(f.IsAuto || f.AutoSubmitted != "" && f.AutoSubmitted != "no", ReasonAutomatic) // RFC 3834 §2
	add(noReply(in), ReasonNoReply)
	add(f.IsList || f.IsBulk, ReasonList)
	add(in.Device, ReasonDevice)
	add(in.UrgentThread, ReasonUrgentThread)
	add(in.Objection, ReasonObjection)
	for _, l := range []Lists{in.Team, in.Person} {
		out = append(out, l.findings(in)...)
	}
	return out
}

// noReply knows senders that say so themselves.
func noReply(in Input) bool {
	if isNoReply(in.From) {
		return true
	}
	for _, m := range in.Facts.From {
		if isNoReply(m.Address) {
			return true
		}
	}
	return false
}

// noReplyName is a local part such as no-reply, do_not_reply, noreply-7 or
// gitlab.noreply, but not norep.lyson.
var noReplyName = regexp.MustCompile(`(?i)^(?:.*[-_.])?(?:no|do[-_.]?not)[-_.]?reply(?:[-_.+0-9].*)?$`)

func isNoReply(a mail.Address) bool { return noReplyName.MatchString(a.Local) }

// findings says what of l the message meets: its senders, its recipients, the words
// of its subject.
func (l Lists) findings(in Input) []Finding {
	var out []Finding
	for _, m := range in.Facts.From {
		if named(l.Senders, m.Address) {
			out = append(out, Finding{Reason: ReasonNamedSender, Action: Pass, Recipient: Everybody, Text: m.Address.Key()})
		} else if inDomains(l.Domains, m.Address) {
			out = append(out, Finding{Reason: ReasonNamedDomain, Action: Pass, Recipient: Everybody, Text: m.Address.Domain})
		}
	}
	for i, r := range in.Recipients {
		base := r.Address
		if r.Team {
			base, _ = base.Tag()
		}
		if named(l.Senders, base) {
			out = append(out, Finding{Reason: ReasonNamedSender, Action: Pass, Recipient: i, Text: base.Key()})
		} else if inDomains(l.Domains, base) {
			out = append(out, Finding{Reason: ReasonNamedDomain, Action: Pass, Recipient: i, Text: base.Domain})
		}
	}
	for _, w := range l.Words {
		if at := findWord(in.Facts.Subject, w); at >= 0 {
			out = append(out, Finding{Reason: ReasonNamedWord, Action: Pass, Recipient: Everybody, Text: w, Span: Span{at, at + len(w)}})
		}
	}
	return out
}

// named reports whether a list of addresses and "@domain" names a.
func named(list []string, a mail.Address) bool {
	key, domain := a.Key(), "@"+strings.ToLower(a.Domain)
	for _, s := range list {
		if s = strings.ToLower(s); s == key || s == domain {
			return true
		}
	}
	return false
}

func inDomains(list []string, a mail.Address) bool {
	for _, d := range list {
		if strings.EqualFold(d, a.Domain) {
			return true
		}
	}
	return false
}

// findWord finds a word or phrase in ASCII case-folded text between non-letters, or
// returns -1. The offset counts in s.
func findWord(s, word string) int {
	if word == "" {
		return -1
	}
	for at := 0; at+len(word) <= len(s); at++ {
		if strings.EqualFold(s[at:at+len(word)], word) && edge(s, at) && edge(s, at+len(word)) {
			return at
		}
	}
	return -1
}

// edge reports whether a word may begin or end at offset i.
func edge(s string, i int) bool {
	return i == 0 || i == len(s) || !wordByte(s[i-1]) || !wordByte(s[i])
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}
