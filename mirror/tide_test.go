package mirror_test

import (
	"slices"
	"testing"
	"time"

	"tidepost/internal/fakehost"
)

// What is moved, what is written and the digest come by one command, however many.
func TestTheTideComesInOneStep(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		w.arrives("Tidepost/Next delivery", "Filed by a script")
		w.wait(time.Minute)
		w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.until(12, 58)
		w.want("Tidepost/Next delivery", "Figures", "Filed by a script", "Question")
		var ops []string
		w.host.SetCut(func(op string) fakehost.Cut {
			if op == "APPEND" || op == "MOVE" {
				ops = append(ops, op)
			}
			return fakehost.Whole
		})
		w.until(13, 1)
		w.host.SetCut(nil)
		w.wait(time.Second)
		got := w.subjects("INBOX")
		if len(got) != 4 || !slices.Equal(got[:3], []string{"Figures", "Filed by a script", "Question"}) {
			t.Errorf("INBOX: %q", got)
		}
		// The copy of the question in Needs reply and the digest are written.
		if n := len(ops); n < 2 || ops[n-1] != "MOVE" && ops[n-2] != "MOVE" || count(ops, "MOVE") != 1 {
			t.Errorf("the account saw %q, want one MOVE", ops)
		}
		w.want("Tidepost/Next delivery")
	})
}

// A letter that the account does not take, for whatever reason, keeps nothing else from
// coming.
func TestALetterThatCannotBeWrittenKeepsNothingWaiting(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.until(12, 58)
		w.want("Tidepost/Next delivery", "Figures")
		w.host.SetCut(func(op string) fakehost.Cut {
			if op == "APPEND" {
				return fakehost.Before
			}
			return fakehost.Whole
		})
		w.until(13, 1)
		w.want("INBOX", "Figures")
		w.host.SetCut(nil)
		w.until(13, 30)
		if got := w.subjects("INBOX"); len(got) != 2 || got[0] != "Figures" {
			t.Errorf("INBOX: %q, want the digest, too", got)
		}
	})
}

// The answer to a letter that was put beside the others is lost: it is not mail that came.
func TestALetterOnItsWayIsKnownAgain(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.until(12, 58)
		cut := false
		w.host.SetCut(func(op string) fakehost.Cut {
			if op == "APPEND" && !cut {
				cut = true
				return fakehost.After
			}
			return fakehost.Whole
		})
		w.until(13, 5)
		if got := w.subjects("INBOX"); !cut || len(got) != 2 || got[0] != "Figures" {
			t.Errorf("INBOX: %q", got)
		}
		w.want("Tidepost/Next delivery")
		w.until(16, 5)
		if got := w.subjects("INBOX"); len(got) != 2 {
			t.Errorf("INBOX: %q, want nothing twice", got)
		}
	})
}

// The account could not be reached when the mail left, and its author wants it back there.
func TestWhoMovesTooLateIsTold(t *testing.T) {
	play(t, func(w *world) {
		w.until(20, 0)
		w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
		w.wait(time.Minute)
		w.host.SetCut(func(string) fakehost.Cut { return fakehost.Before })
		w.until(9, 5)
		w.must(w.host.Move("Tidepost/Scheduled", "Budget", "Drafts"))
		w.host.SetCut(nil)
		w.wait(10 * time.Minute)
		if !w.has("INBOX", "Too late: Budget") {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		w.want("Drafts", "Budget")
		w.want("Tidepost/Scheduled")
	})
}
