package policies

import (
	"strings"

	"tidepost/intent"
	"tidepost/mail"
)

// A Mode says what becomes of a coach policy's findings.
type Mode string

// The modes of a policy of the coach.
const (
	Off    Mode = "off"
	DryRun Mode = "dry-run" // counted, not shown
	On     Mode = "on"
)

// Defaults are the modes of all policies of the coach where nobody said otherwise.
// Where people differ on what is good taste, a policy begins in dry run.
func Defaults() map[string]Mode {
	return map[string]Mode{
		Attachment: On, Context: On, CTA: On, Proposal: On, NobodyNamed: On, DueTime: On, Superseded: On, Storm: On,
		InPerson: DryRun, Tone: DryRun, Length: DryRun, Subject: DryRun,
	}
}

func (in *Input) mode(policy string) Mode {
	if m, ok := in.Modes[policy]; ok {
		return m
	}
	return Defaults()[policy]
}

// shortReply is the number of new words from which a reply is long enough to be
// coached.
const shortReply = 40

// coachable reports whether a message may be coached at all. before are the
// findings of the policies above the coach: what passes, what is urgent, and what
// shall leave as it is or at once is none of its business.
func coachable(in Input, before []Finding) bool {
	if in.Read == nil || !in.Submitted || in.Device {
		return false
	}
	for _, f := range before {
		switch f.Action {
		case Pass, Urgent, AsIs, Now:
			return false
		}
	}
	if f := in.Facts; f.IsSigned || f.IsEncrypted || f.Social != "" || len(f.DKIMSigned) > 0 {
		return false
	}
	read := in.Read()
	switch read.Kind {
	case intent.KindAck, intent.KindSocial, intent.KindInvite, intent.KindBulk, intent.KindAutomatic:
		return false
	}
	return read.Language != intent.Unknown
}

// smallTalk reports whether the mail is a reply that nobody wants to hear advice
// about: short, or without a question, or to the only other person in the thread.
func smallTalk(in Input) bool {
	if !in.Facts.IsReply {
		return false
	}
	return in.OnlyOther || words(in.NewWords) < shortReply || len(in.Read().Asks) == 0 && !strings.Contains(in.NewWords, "?")
}

func words(s string) int { return len(strings.Fields(s)) }

// recipientOf is the index of an address among the recipients, Everybody if it is
// none of them.
func recipientOf(in Input, a mail.Address) int {
	for i, r := range in.Recipients {
		if r.Address.Key() == a.Key() {
			return i
		}
	}
	return Everybody
}
