package policies

import (
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/scheduler"
)

// What the author wrote.
const (
	ReasonTagNow        Reason = "tag-now"
	ReasonTagUrgent     Reason = "tag-urgent"
	ReasonTagAsIs       Reason = "tag-as-is"
	ReasonTagTime       Reason = "tag-time"
	ReasonTagUnread     Reason = "tag-unread" // looks like a time, but is none
	ReasonAddressNow    Reason = "address-now"
	ReasonAddressUrgent Reason = "address-urgent"
	ReasonAddressTime   Reason = "address-time"
	ReasonAddressAll    Reason = "address-together"
)

const (
	// oldestDate and farthestDate bound the Date header that times are counted
	// from: mail that lay in an outbox counts from its writing, a wrong clock does
	// not count at all.
	oldestDate   = 7 * 24 * time.Hour
	farthestDate = 24 * time.Hour
)

// tags reads the override tag in front of the subject and those behind plus signs
// of team addresses. Only a login's tags count: from outside they are just text.
func tags(in Input, now time.Time) []Finding {
	if !in.Submitted {
		return nil
	}
	var out []Finding
	if f, ok := subjectTag(in, now); ok {
		out = append(out, f)
	}
	for i, r := range in.Recipients {
		if !r.Team {
			continue // A stranger's plus-address is the stranger's.
		}
		if f, ok := addressTag(in, r.Address, now); ok {
			f.Recipient = i
			out = append(out, f)
		}
	}
	return out
}

// subjectTag reads a tag that is the first word of the subject. Behind Re: it is the
// parent's, and so it is if the parent's subject begins with it.
func subjectTag(in Input, now time.Time) (Finding, bool) {
	s := in.Facts.Subject
	start := len(s) - len(strings.TrimLeft(s, " \t"))
	if !strings.HasPrefix(s[start:], "[") {
		return Finding{}, false
	}
	tag, _, ok := mail.SubjectTag(s)
	if !ok {
		return Finding{}, false
	}
	if inherited, _, ok := mail.SubjectTag(in.ParentSubject); ok && inherited == tag {
		return Finding{}, false
	}
	f := Finding{Recipient: Everybody, Text: tag, Span: Span{start, start + strings.IndexByte(s[start:], ']') + 1}}
	switch tag {
	case "now":
		f.Reason, f.Action = ReasonTagNow, Now
	case "urgent":
		f.Reason, f.Action = ReasonTagUrgent, Urgent
	case "as is", "send anyway":
		f.Reason, f.Action = ReasonTagAsIs, AsIs
	default:
		f.at(in, tag, ReasonTagTime, now)
	}
	return f, true
}

// addressTag reads the plus-tag of a team address. A tag that means nothing stays
// what it was: a label of its owner.
func addressTag(in Input, a mail.Address, now time.Time) (Finding, bool) {
	base, tag := a.Tag()
	if tag == "" {
		return Finding{}, false
	}
	f := Finding{Text: strings.ToLower(tag), Span: Span{len(base.Local), len(base.Local) + 1 + len(tag)}}
	switch f.Text {
	case "now":
		f.Reason, f.Action = ReasonAddressNow, Now
	case "urgent":
		f.Reason, f.Action = ReasonAddressUrgent, Urgent
	case "together":
		f.Reason, f.Action = ReasonAddressAll, Together
	default:
		if f.at(in, f.Text, ReasonAddressTime, now); f.Action != At {
			return Finding{}, false
		}
	}
	return f, true
}

// at makes f a finding of the time that text names, or of a text that names none.
func (f *Finding) at(in Input, text string, reason Reason, now time.Time) {
	zone := in.Zone
	if zone == nil {
		zone = time.UTC
	}
	when, err := scheduler.ParseWhen(text, countFrom(in.Facts, now), zone, in.Schedule)
	if err != nil {
		f.Reason, f.Action = ReasonTagUnread, Annotate
		return
	}
	f.Reason, f.Action, f.When = reason, At, &when
}

// countFrom returns the Date of the mail, or now if that cannot be.
func countFrom(f mail.Facts, now time.Time) time.Time {
	if !f.DateOK || f.Date.Before(now.Add(-oldestDate)) || f.Date.After(now.Add(farthestDate)) {
		return now
	}
	return f.Date
}
