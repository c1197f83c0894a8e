package standing_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// owners tells of the asks of a mail: who owns them, who asks, and the state.
func (w *world) owners(mid string) string {
	w.t.Helper()
	var out []string
	w.view(func(tx *store.Tx) error {
		list, err := tx.AsksByMID(mid)
		for _, a := range list {
			asker, _, _ := strings.Cut(a.Asker, "@")
			owner, _, _ := strings.Cut(a.Owner, "@")
			out = append(out, asker+" asks "+owner+": "+a.Clock.State)
		}
		return err
	})
	return strings.Join(out, "; ")
}

func TestTheLetterAfterLeave(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.leave(w.mei, 2, 4)
	w.send(w.ana, "b@x", "Budget", plainAsk, "To: mei@team.example")
	w.send(w.tom, "c@x", "Contract", "Could you please check the figures in the offer?", "To: mei@team.example")
	w.pass(at(2, "10:00"))
	w.pass(at(3, "10:00"))
	w.send(w.tom, "d@x", "Re: Budget", "Here is the signed contract.", "To: ana@team.example", "In-Reply-To: <b@x>")
	w.pass(at(5, "08:45"))
	if got := w.body(w.mei, "While you were away"); got != "" {
		t.Fatalf("before work: %s", got)
	}
	w.pass(at(5, "12:30"))
	text := w.body(w.mei, "While you were away")
	w.wants(text, []string{"since Tue 3 Mar", "Still open", "check the figures", "Settled by others", "signed contract", "Your stand-in has answered"})
	if strings.Index(text, "check the figures") > strings.Index(text, "Settled") {
		t.Errorf("order: %s", text)
	}
	w.pass(at(9, "12:00"))
	if n := len(slices.DeleteFunc(w.letters(w.mei, store.KindInbox), func(s string) bool { return s != "While you were away" })); n != 1 {
		t.Errorf("%d letters", n)
	}
}

// The longest wait comes first, and urgent mail counts twice.
func TestWhatHasCostMostComesFirst(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "old@x", "Old", "Could you please check the old figures?", "To: mei@team.example")
	w.pass(at(2, "10:00"))
	w.send(w.tom, "new@x", "New", "Could you please check the new figures?", "To: mei@team.example")
	w.pass(at(2, "14:00"))
	w.leave(w.mei, 3, 4)
	w.pass(at(5, "10:00"))
	text := w.body(w.mei, "While you were away")
	if i, j := strings.Index(text, "old figures"), strings.Index(text, "new figures"); i < 0 || j < i {
		t.Errorf("order: %s", text)
	}
	w.wants(text, []string{"has waited"}, "Settled")
}

func (w *world) departs(p, to *people.Person, day int) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		l := store.Leaver{PersonID: p.ID, At: at(day, "00:00"), Created: w.now}
		if to != nil {
			l.ToID = to.ID
		}
		return tx.PutLeaver(l)
	})
	w.desk.Kick()
}

func TestSomebodyLeaves(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", plainAsk, "To: mei@team.example")
	w.send(w.ana, "p@x", "Salary", "Could you please tell me your new salary?", "To: mei@team.example", "Sensitivity: Private")
	w.send(w.tom, "t@x", "Figures", "Could you please check the figures in the offer?", "To: mei@team.example")
	w.send(w.mei, "m@x", "Draft", "Could you please review the draft of the offer?", "To: ana@team.example")
	w.pass(at(1, "16:30"))
	w.departs(w.mei, w.tom, 2)
	w.pass(at(2, "08:45"))
	if got := w.owners("b@x"); got != "ana asks mei: running" {
		t.Fatalf("before Tom is at work: %s", got)
	}
	w.pass(at(2, "09:30"))
	for mid, want := range map[string]string{
		"b@x": "ana asks tom: running",
		"p@x": "ana asks mei: " + string(threading.Waived),
		"t@x": "tom asks mei: " + string(threading.Withdrawn),
		"m@x": "tom asks ana: running",
	} {
		if got := w.owners(mid); got != want {
			t.Errorf("%s: %q, want %q", mid, got, want)
		}
	}
	text := w.body(w.tom, "Hand-over from Mei Chen")
	w.wants(text, []string{"Asked of Mei Chen, now of you", "signed contract", "the answers come to you", "review the draft", "it is closed", "Budget, last mail"}, "salary", "Salary")
	if got := w.letters(w.tom, store.KindNeedsReply); len(got) != 1 || got[0] != "Budget" {
		t.Errorf("Tom's Needs reply: %q", got)
	}
	if got := w.letters(w.tom, store.KindWaitingFor); len(got) != 1 || got[0] != "Draft" {
		t.Errorf("Tom waits for %q", got)
	}
	w.wants(w.body(w.ana, "Mei Chen has left"), []string{"Tom Berg answers now", "new salary"})
	if p, _, ok := w.dir.ByAddress(mail.Address{Local: "mei", Domain: "team.example"}); !ok || p.ID != w.tom.ID {
		t.Errorf("mail to Mei goes to %v", p)
	}
	// Tom's answer is the answer, and mail to Mei is Tom's.
	w.send(w.tom, "a@x", "Re: Budget", "Here is the signed contract.", "To: ana@team.example", "In-Reply-To: <b@x>")
	if got := w.owners("b@x"); got != "ana asks tom: answered" {
		t.Errorf("after the answer: %s", got)
	}
	w.send(w.ana, "late@x", "One more", "This is for the records.", "To: mei@team.example")
	w.pass(at(2, "16:45"))
	if got := w.letters(w.tom, store.KindInbox); !slices.Contains(got, "One more") {
		t.Errorf("Tom's INBOX: %q", got)
	}
	w.view(func(tx *store.Tx) error {
		if _, ok, err := tx.NextLeaver(); ok || err != nil {
			t.Errorf("the departure is still to come: %v", err)
		}
		return nil
	})
}

func TestSomebodyLeavesToNobody(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "09:30"))
	w.send(w.ana, "b@x", "Budget", plainAsk, "To: mei@team.example")
	w.pass(at(1, "16:30"))
	w.departs(w.mei, nil, 2)
	w.pass(at(2, "09:30"))
	if got := w.owners("b@x"); got != "ana asks mei: waived" {
		t.Errorf("asks: %s", got)
	}
	w.wants(w.body(w.ana, "Mei Chen has left"), []string{"Nobody has taken over", "signed contract"})
	var refused *mail.Reply
	err := w.trySend(w.ana, "late@x", "One more", "This is for the records.", "To: mei@team.example")
	if !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("mail to who left: %v", err)
	}
}

// What waits for who leaves, on hold or for a tide, reaches who takes over, once, and
// its questions with it. Private mail does not.
func TestMailOnItsWayPasses(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "16:15"))
	w.send(w.ana, "tide@x", "For the tide", plainAsk, "To: mei@team.example")
	w.pass(at(1, "18:00"))
	w.send(w.ana, "held@x", "On hold", "Could you please check the figures in the offer?", "To: mei@team.example")
	w.send(w.ana, "secret@x", "Secret", "This is for you alone.", "To: mei@team.example", "Sensitivity: Private")
	w.departs(w.mei, w.tom, 2)
	w.pass(at(2, "13:30"))
	got := w.letters(w.tom, store.KindInbox)
	for _, subject := range []string{"For the tide", "On hold"} {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != subject })); n != 1 {
			t.Errorf("%q came %d times: %q", subject, n, got)
		}
	}
	if slices.Contains(got, "Secret") {
		t.Error("private mail passed on")
	}
	for mid, want := range map[string]string{"tide@x": "ana asks tom: running", "held@x": "ana asks tom: running"} {
		if got := w.owners(mid); got != want {
			t.Errorf("%s: %q, want %q", mid, got, want)
		}
	}
	rep, err := w.db.CheckLedger(t.Context())
	if err != nil || len(rep.Findings) > 0 {
		t.Errorf("ledger: %+v, %v", rep.Findings, err)
	}
}

// What somebody has written before they left goes out as planned.
func TestOwnMailGoesOutAfterTheDeparture(t *testing.T) {
	w := newWorld(t)
	w.pass(at(1, "18:00"))
	w.leave(w.ana, 2, 2)
	w.send(w.mei, "last@x", "My last mail", "It was good to work with you.", "To: ana@team.example")
	w.departs(w.mei, w.tom, 2)
	w.pass(at(3, "13:30"))
	if got := w.letters(w.ana, store.KindInbox); slices.Contains(got, "My last mail") {
		t.Errorf("it came into INBOX during leave: %q", got)
	}
	if got := w.letters(w.ana, store.KindAway); !slices.Contains(got, "My last mail") {
		t.Errorf("Ana's While away: %q", got)
	}
}
