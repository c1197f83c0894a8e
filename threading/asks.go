package threading

import (
	"slices"
	"strings"
	"time"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/scheduler"
)

// An Ask is a question to follow up. It gets a clock if it has an Owner.
type Ask struct {
	Text   string       // the sentence
	Kind   string       // as intent names it
	Owner  mail.Address // zero: nobody in particular, to be shown as open
	Class  Class
	Wanted Wanted // zero if it names no time
}

// A Setting is what a mail is beside its words, as far as its asks depend on it.
type Setting struct {
	Urgent  bool
	Outside bool                    // its author is not of the team
	IsRole  func(mail.Address) bool // such as support@
	Author  mail.Address
	ReplyBy time.Time // of the header; zero if none
}

// AsksOf lists the asks of a mail, in the order of its sentences. Two people at once
// are no owner, and nobody asks themselves.
func AsksOf(found intent.Findings, s Setting) []Ask {
	var out []Ask
	for _, a := range found.Asks {
		ask := Ask{Text: a.Text, Kind: a.Kind, Class: Standard, Wanted: wantedBy(a.Due)}
		if ask.Wanted.IsZero() && a.Due == nil {
			ask.Wanted.Time = s.ReplyBy
		}
		if len(a.Owners) == 1 {
			ask.Owner = a.Owners[0].Address
		}
		role := s.IsRole != nil && s.IsRole(ask.Owner)
		switch {
		case ask.Owner == s.Author || a.Someone, a.All && !role:
			ask.Owner = mail.Address{}
		case s.Urgent:
			ask.Class = Urgent
		case s.Outside && role:
			ask.Class = FirstReply
		}
		out = append(out, ask)
	}
	return out
}

// wantedBy reads a due time. What names a day only stands for half past five in
// intent's findings, and here for that day.
func wantedBy(d *intent.Due) Wanted {
	switch {
	case d == nil || !d.OK:
		return Wanted{}
	case d.At.Hour() == 17 && d.At.Minute() == 30 && !strings.Contains(d.Text, "30"):
		return Wanted{Date: scheduler.DateOf(d.At)}
	}
	return Wanted{Time: d.At}
}

// OwnerSays reads what the reply of an owner, or of the cover, means for the clock:
// a promise with a time moves it; nothing but a promise without one ("I'll look into
// it") means nothing yet, and so does mail that no person wrote; anything else is the
// answer. words are its new words. The event has Kind and Promise only.
func OwnerSays(found intent.Findings, words string) (e Event, ok bool) {
	for _, p := range slices.Backward(found.Promises) {
		if w := wantedBy(p.Due); !w.IsZero() {
			return Event{Kind: OnPromise, Promise: scheduler.Promise{Date: w.Date, Time: w.Time}}, true
		}
	}
	switch found.Kind {
	case intent.KindAutomatic, intent.KindBulk, intent.KindInvite:
		return Event{}, false
	}
	promised := 0
	for _, p := range found.Promises {
		promised += len(p.Text)
	}
	if promised*3 > len(strings.TrimSpace(words))*2 {
		return Event{}, false
	}
	return Event{Kind: OnAnswer}, true
}

// AskerSays reads what a further mail of the asker in the thread means for the
// clock. words are its new words. toAnother is whether it answers somebody who is
// neither owner nor cover: thanks to them settle the question.
func AskerSays(found intent.Findings, words string, toAnother bool) (e Event, ok bool) {
	switch {
	case withdraws(words):
		return Event{Kind: OnWithdrawal}, true
	case toAnother && found.Kind == intent.KindAck && len(found.Asks) == 0:
		return Event{Kind: OnAnswer, By: Another}, true
	}
	return Event{}, false
}

// withdrawals are how somebody begins to say that no answer is needed, lower-case.
var withdrawals = []string{
	"never mind", "nevermind", "no longer needed", "no longer necessary", "forget it", "forget about it",
	"ignore my last", "ignore my previous", "ignore my mail", "ignore my email", "ignore my question", "ignore my request", "ignore this mail", "ignore this email",
	"disregard my last", "disregard my previous", "disregard my mail", "disregard my email", "disregard my question", "disregard my request", "disregard this mail", "disregard this email",
	"i found it", "i figured it out", "found it myself", "no need to answer", "no need to reply", "no answer needed",
	"hat sich erledigt", "das hat sich erledigt", "hat sich schon erledigt", "vergiss es", "ist nicht mehr nötig",
	"laisse tomber", "laissez tomber", "ce n'est plus nécessaire", "olvídalo", "ya no hace falta", "ya no es necesario",
	"deixa pra lá", "esquece", "laat maar", "niet meer nodig",
}

// maxWithdrawal is how many words a mail that withdraws may have: a longer one says
// something else too.
const maxWithdrawal = 40

// withdraws reports whether a sentence of a short mail begins with such words.
func withdraws(words string) bool {
	words = strings.ToLower(words)
	if len(strings.Fields(words)) > maxWithdrawal || strings.Contains(words, "?") {
		return false
	}
	for sentence := range strings.FieldsFuncSeq(words, func(r rune) bool { return strings.ContainsRune(".!;:,\n–—", r) }) {
		sentence = strings.TrimSpace(strings.ReplaceAll(sentence, "’", "'"))
		for _, filler := range []string{"sorry ", "oh ", "ah ", "please ", "actually ", "ok ", "hi ", "this is ", "it's ", "it is "} {
			sentence = strings.TrimPrefix(sentence, filler)
		}
		for _, w := range withdrawals {
			if rest, ok := strings.CutPrefix(sentence, w); ok && (rest == "" || rest[0] == ' ') {
				return true
			}
		}
	}
	return false
}
