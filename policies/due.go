package policies

import (
	"regexp"
	"strings"
	"time"
)

// The reasons of the due policy.
const (
	ReasonNoDue       Reason = "no-due-time"     // silence decides, but nobody is told when
	ReasonSeenTooLate Reason = "due-before-seen" // it is due before its reader first sees it
)

// proposalLine is a line that says that it proposes.
var proposalLine = regexp.MustCompile(`(?im)^[ \t]*proposal[ \t]*:.*$`)

// dueTime finds proposals that never become decisions because nobody is told until
// when to object, and due times that have passed when the reader opens the mail.
func dueTime(in Input, _ time.Time) []Finding {
	if smallTalk(in) {
		return nil
	}
	return append(noDueTime(in), dueBeforeSeen(in)...)
}

func noDueTime(in Input) []Finding {
	read := in.Read()
	f := Finding{Reason: ReasonNoDue, Action: Advise, Recipient: Everybody, Missing: []string{MissingWhen}}
	if read.Lazy != nil {
		if read.Lazy.Due != nil {
			return nil
		}
		f.Quote, f.Text = read.Lazy.Text, read.Lazy.Because
		return []Finding{f}
	}
	line := proposalLine.FindString(in.NewWords)
	if line == "" || len(in.Facts.To) < 2 || dueWords.MatchString(in.NewWords) {
		return nil
	}
	for _, a := range read.Asks {
		if a.Due != nil {
			return nil
		}
	}
	f.Quote = strings.Join(strings.Fields(line), " ")
	return []Finding{f}
}

// dueBeforeSeen compares each ask with when the one who is asked first sees it.
func dueBeforeSeen(in Input) []Finding {
	var out []Finding
	for _, a := range in.Read().Asks {
		if a.Due == nil || !a.Due.OK {
			continue
		}
		for _, m := range in.Facts.To {
			key := m.Address.Key()
			seen, ok := in.FirstSees[key]
			if !ok || !seen.After(a.Due.At) || !theirs(a, key) {
				continue
			}
			out = append(out, Finding{Reason: ReasonSeenTooLate, Action: Advise, Recipient: recipientOf(in, m.Address), Quote: a.Text, Text: key, Due: a.Due.At, Seen: seen})
			if len(out) == mostLate {
				return out
			}
		}
	}
	return out
}

// mostLate bounds the readers that one advice names.
const mostLate = 3
