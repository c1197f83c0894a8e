package queue

import (
	"context"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// sound proves the ledger.
func (w *world) sound() {
	w.t.Helper()
	w.unpack()
	rep, err := w.db.CheckLedger(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range rep.Findings {
		w.t.Errorf("ledger: %+v", f)
	}
}

func (w *world) recalculate(p *people.Person, now time.Time) {
	w.t.Helper()
	if err := w.q.o.Clocks.Recalculate(context.Background(), p.ID, now); err != nil {
		w.t.Fatal(err)
	}
}

func TestPromiseMovesTheClock(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(10, 1))
	w.wantAsks("q@team.example", "mei running Tue 10:01")
	w.answers(monday(11, 0), w.mei, "r@team.example", "q@team.example", "I'll send it by Thursday.", "ana@team.example")
	w.wantAsks("q@team.example", "mei promised Thu 17:00")
	w.pass(tuesday(9, 0))
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.pass(tuesday(0, 0).AddDate(0, 0, 2))
	w.wantLook(w.mei, store.KindNeedsReply, "Launch flagged")
	w.answers(tuesday(9, 0).AddDate(0, 0, 2), w.mei, "r2@team.example", "q@team.example", "Sorry, I'll send it by Friday.", "ana@team.example")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.wantAsks("q@team.example", "mei promised Fri 17:00")
	w.sound()
}

func TestCoverAnswersDuringLeave(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.profile(w.mei, func(f *people.Profile) { f.Cover = "tom@team.example" })
	w.ask(monday(10, 0), w.ana, "q@team.example", "Mei, can you send me the figures?", "mei@team.example", "tom@team.example")
	w.ask(monday(10, 0), w.ana, "q2@team.example", "Mei, can you book a room?", "mei@team.example", "tom@team.example")
	w.pass(monday(10, 1))
	w.answers(monday(10, 30), w.tom, "r0@team.example", "q@team.example", "I have the old ones.", "ana@team.example")
	w.wantAsks("q@team.example", "mei running Tue 10:01") // Mei is there: Tom is anybody.
	w.profile(w.mei, func(f *people.Profile) {
		f.Calendar.Leave = []scheduler.Leave{{First: scheduler.Date{Year: 2026, Month: 3, Day: 3}, Last: scheduler.Date{Year: 2026, Month: 3, Day: 6}}}
	})
	w.recalculate(w.mei, monday(11, 0))
	w.pass(monday(17, 0))
	if got := w.asks("q@team.example"); !strings.HasPrefix(got, "mei paused ") {
		t.Errorf("got %q, want it paused", got)
	}
	w.view(func(tx *store.Tx) error {
		list, err := w.q.o.Clocks.Covering(tx, w.tom, tuesday(9, 0))
		if err != nil || len(list) != 2 || !list[0].MayRead || list[0].Ask.Text == "" {
			t.Errorf("covering: got %+v, %v; want both questions, which Tom got too", list, err)
		}
		return err
	})
	w.answers(tuesday(10, 0), w.tom, "r1@team.example", "q@team.example", "Here are the new ones.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered")
	if got := w.ledger("q@team.example", 1); !strings.HasSuffix(got, "clock-leave clock-answered-by-cover") {
		t.Errorf("ledger: got %q", got)
	}
	w.answers(tuesday(11, 0), w.mei, "r2@team.example", "q2@team.example", "Done from the beach.", "ana@team.example")
	w.wantAsks("q2@team.example", "mei answered")
	w.sound()
}

func TestCoverWhoDidNotGetItSeesNoText(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.profile(w.mei, func(f *people.Profile) {
		f.Cover = "tom@team.example"
		f.Calendar.Leave = []scheduler.Leave{{First: scheduler.Date{Year: 2026, Month: 3, Day: 3}, Last: scheduler.Date{Year: 2026, Month: 3, Day: 6}}}
	})
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.submit(monday(10, 0), w.ana, letter(w.ana, "p@team.example", "Salary", monday(10, 0), "Can you send me the contract?", "To: mei@team.example", "Sensitivity: Private"), "mei@team.example")
	w.pass(monday(10, 1))
	w.view(func(tx *store.Tx) error {
		list, err := w.q.o.Clocks.Covering(tx, w.tom, tuesday(9, 0))
		if err != nil || len(list) != 1 || list[0].MayRead || list[0].Ask.Text != "" || list[0].Ask.AskerName != "Ana Silva" {
			t.Errorf("covering: got %+v, %v; want the question of Ana without its text, and not the private one", list, err)
		}
		return err
	})
	w.sound()
}

func TestAnswerBeforeTheTide(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.profile(w.mei, func(f *people.Profile) { f.Tides = []string{"13:00"} })
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.ask(monday(10, 0), w.ana, "q2@team.example", "Can you book a room?", "mei@team.example")
	w.pass(monday(10, 1))
	w.wantAsks("q@team.example", "mei waiting")
	w.wantLook(w.mei, store.KindNeedsReply, "")
	w.answers(monday(11, 0), w.mei, "r@team.example", "q@team.example", "Here they are.", "ana@team.example")
	w.answers(monday(11, 0), w.mei, "r2@team.example", "q2@team.example", "I'll book it by Friday.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered")
	w.wantAsks("q2@team.example", "mei promised Fri 17:00")
	w.wantLook(w.mei, store.KindNeedsReply, "") // It shows what has come, and nothing has.
	w.pass(monday(13, 0))
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.sound()
}

func TestMailThatNeverArrives(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.out.answer = func(a mail.Address, _ int) Result {
		if a.Local == "gone" {
			return replied(550, "no such user")
		}
		return taken()
	}
	// Elsewhere the clock starts when the other server has taken it, in Ana's hours.
	w.ask(monday(10, 0), w.ana, "ok@team.example", "Can you send me the offer?", "joe@else.example")
	w.ask(monday(10, 0), w.ana, "no@team.example", "Can you send me the offer?", "gone@else.example")
	w.wantAsks("ok@team.example", "joe waiting")
	w.pass(monday(10, 1))
	w.wantAsks("ok@team.example", "joe running Tue 10:01")
	w.wantAsks("no@team.example", "gone withdrawn")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch")
	if got := w.ledger("no@team.example", 1); got != "ask-put clock-not-delivered" {
		t.Errorf("ledger: got %q", got)
	}
	// Joe answers from elsewhere; what he asks himself is Ana's.
	w.receive(monday(12, 0), "joe@else.example", "j@else.example", "It is attached. Can you sign it?", "ana@team.example", "In-Reply-To: <ok@team.example>")
	w.wantAsks("ok@team.example", "joe answered")
	w.wantAsks("j@else.example", "ana running Tue 12:00")
	w.wantLook(w.ana, store.KindWaitingFor, "")
	w.wantLook(w.ana, store.KindNeedsReply, "Launch")
	w.sound()
}

func TestCancelledAndPutBack(t *testing.T) {
	w := newWorld(t)
	id := w.ask(monday(13, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	e := w.entries(w.ana, store.KindScheduled)[0]
	trash := w.box(w.ana, store.KindTrash)
	var out store.Entry
	w.update(func(tx *store.Tx) (err error) {
		out, err = w.q.MoveOut(tx, w.ana, e, trash, monday(14, 0))
		return err
	})
	w.wantStates(id, "cancelled")
	w.wantAsks("q@team.example", "mei withdrawn")
	w.wantLook(w.ana, store.KindWaitingFor, "")
	w.update(func(tx *store.Tx) error {
		_, err := w.q.MoveIn(tx, w.ana, out, w.content(out), store.KindScheduled, monday(15, 0))
		return err
	})
	w.wantAsks("q@team.example", "mei waiting")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch")
	w.pass(monday(22, 0))
	w.wantAsks("q@team.example", "mei running Tue 22:00")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.sound()
}

func TestCancelledAnswerIsNone(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(22, 0))
	w.wantAsks("q@team.example", "mei running Tue 22:00")
	// Tuesday 11:00 in Sydney: Ana sleeps, and the answer waits.
	w.answers(tuesday(0, 0), w.mei, "r@team.example", "q@team.example", "Here they are.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered")
	e := w.entries(w.mei, store.KindScheduled)[0]
	drafts := w.box(w.mei, store.KindDrafts)
	w.update(func(tx *store.Tx) error {
		_, err := w.q.MoveOut(tx, w.mei, e, drafts, tuesday(1, 0))
		return err
	})
	w.wantAsks("q@team.example", "mei answered, mei running Tue 22:00")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch")
	w.answers(tuesday(2, 0), w.mei, "r2@team.example", "q@team.example", "Here are the right ones.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered, mei answered")
	w.sound()
}

func TestWaivedAndAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(10, 1))
	e := w.entries(w.mei, store.KindNeedsReply)[0]
	w.update(func(tx *store.Tx) error { return w.q.o.Clocks.WaiveShown(tx, w.mei, e.MessageID, monday(11, 0)) })
	w.wantAsks("q@team.example", "mei waived")
	w.wantLook(w.ana, store.KindWaitingFor, "")
	w.answers(monday(11, 30), w.ana, "t@team.example", "q@team.example", "OK, thanks!", "mei@team.example")
	w.wantAsks("q@team.example", "mei waived")
	w.answers(monday(12, 0), w.ana, "a@team.example", "q@team.example", "I do need them, for the board.", "mei@team.example")
	w.wantAsks("q@team.example", "mei waiting")
	w.wantLook(w.mei, store.KindNeedsReply, "")
	w.wantLook(w.ana, store.KindWaitingFor, "Launch")
	w.pass(monday(12, 1))
	w.wantAsks("q@team.example", "mei running Tue 12:01")
	w.wantLook(w.mei, store.KindNeedsReply, "Re: Launch") // The mail that asks again.
	w.answers(monday(13, 0), w.mei, "r@team.example", "a@team.example", "All right: 4, 5 and 6.", "ana@team.example")
	w.wantAsks("q@team.example", "mei answered")
	w.sound()
}

func TestWhatNeverAsks(t *testing.T) {
	const words = "Can you send me the figures?"
	cases := map[string]func(w *world){
		"a colleague without login": func(w *world) { w.receive(monday(10, 0), "mei@team.example", "q@x", words, "ana@team.example") },
		"a list": func(w *world) {
			w.receive(monday(10, 0), "joe@else.example", "q@x", words, "ana@team.example", "List-Id: <l.else.example>")
		},
		"a machine": func(w *world) {
			w.receive(monday(10, 0), "joe@else.example", "q@x", words, "ana@team.example", "Auto-Submitted: auto-generated")
		},
		"spam": func(w *world) {
			w.receive(monday(10, 0), "joe@else.example", "q@x", words, "ana@team.example", "X-Spam-Flag: YES")
		},
		"a sender who always passes": func(w *world) {
			w.profile(w.ana, func(f *people.Profile) { f.Pass = []string{"joe@else.example"} })
			w.receive(monday(10, 0), "joe@else.example", "q@x", words, "ana@team.example")
		},
		"a machine of ours": func(w *world) {
			w.submit(monday(10, 0), w.ana, letter(w.ana, "q@x", "Launch", monday(10, 0), words, "To: mei@team.example", "Auto-Submitted: auto-generated"), "mei@team.example")
		},
		"a device": func(w *world) {
			_, err := w.q.Submit(context.Background(), Submission{Author: w.ana, Device: true, Envelope: envelope(w.ana, "mei@team.example"), Now: monday(10, 0),
				Staged: w.stage(letter(w.ana, "q@x", "Launch", monday(10, 0), words, "To: mei@team.example"), monday(10, 0))})
			if err != nil {
				w.t.Fatal(err)
			}
		},
		"a note to oneself": func(w *world) {
			w.submit(monday(10, 0), w.ana, letter(w.ana, "q@x", "Launch", monday(10, 0), words, "To: ana@team.example"), "ana@team.example")
		},
		"news": func(w *world) {
			w.submit(monday(10, 0), w.ana, letter(w.ana, "q@x", "Launch", monday(10, 0), "The launch was on Monday.", "To: mei@team.example"), "mei@team.example")
		},
	}
	for name, send := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			send(w)
			w.wantAsks("q@x", "")
			w.wantLook(w.ana, store.KindNeedsReply, "")
			w.wantLook(w.ana, store.KindWaitingFor, "")
		})
	}
}

func TestTheSameMailTwiceAsksOnce(t *testing.T) {
	w := newWorld(t)
	w.receive(monday(10, 0), "joe@else.example", "q2@x", "Can you send me the figures?", "ana@team.example")
	w.receive(monday(10, 5), "joe@else.example", "q2@x", "Can you send me the figures?", "ana@team.example")
	w.wantAsks("q2@x", "ana running Tue 10:00")
	w.ask(monday(13, 0), w.ana, "q3@team.example", "Can you send me the figures?", "mei@team.example")
	w.ask(monday(13, 1), w.ana, "q3@team.example", "Can you send me the figures?", "mei@team.example")
	w.wantAsks("q3@team.example", "mei waiting")
	w.sound()
}

func TestHandedOver(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(10, 1))
	var ask int64
	w.view(func(tx *store.Tx) error {
		list, err := tx.AsksByMID("q@team.example")
		ask = list[0].ID
		return err
	})
	id := w.answers(monday(11, 0), w.mei, "f@team.example", "q@team.example", "Over to you, please see below.", "tom@team.example")
	w.update(func(tx *store.Tx) error {
		rcpts, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		return w.q.o.Clocks.HandOver(tx, ask, w.tom, rcpts[0].ID, monday(11, 0))
	})
	w.wantAsks("q@team.example", "tom waiting")
	w.wantLook(w.mei, store.KindNeedsReply, "")
	w.pass(monday(11, 1))
	w.wantAsks("q@team.example", "tom running Tue 11:01")
	w.wantLook(w.tom, store.KindNeedsReply, "Re: Launch")
	w.answers(monday(12, 0), w.tom, "r@team.example", "f@team.example", "Here they are.", "ana@team.example", "mei@team.example")
	w.wantAsks("q@team.example", "tom answered")
	w.sound()
}

func TestClocksSurviveACrash(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(10, 1))
	w.crash()
	w.wantAsks("q@team.example", "mei running Tue 10:01")
	w.crash()
	w.pass(tuesday(15, 0)) // Nothing ran when it became due.
	w.wantAsks("q@team.example", "mei overdue Tue 10:01")
	w.wantLook(w.mei, store.KindNeedsReply, "Launch flagged $Overdue")
	w.sound()
}

func TestMailThatAsksNothingIsExpress(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Undo = 0 })
	w.run(monday(10, 0))
	w.ask(monday(10, 0), w.ana, "n@team.example", "The launch was on Monday.", "joe@else.example")
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the offer?", "joe@else.example")
	if got := len(w.out.list()); got != 0 {
		t.Fatalf("%d mails left before a worker ran", got)
	}
	w.pass(monday(10, 1))
	if got := len(w.out.list()); got != 2 {
		t.Errorf("%d mails left, want both", got)
	}
	w.wantAsks("q@team.example", "joe running Tue 10:01")
	w.sound()
}

// A server that had taken the mail reports that it came to nothing.
func TestReportFromElsewhereEndsTheQuestion(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the offer?", "joe@else.example")
	w.pass(monday(10, 1))
	w.wantAsks("q@team.example", "joe running Tue 10:01")
	report := func(to string) string {
		return "--x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.else.example\r\n\r\n" +
			"Final-Recipient: rfc822; " + to + "\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--x\r\nContent-Type: text/rfc822-headers\r\n\r\n" +
			"Message-ID: <q@team.example>\r\n\r\n--x--"
	}
	fields := []string{"MIME-Version: 1.0", `Content-Type: multipart/report; report-type=delivery-status; boundary=x`, "Auto-Submitted: auto-replied"}
	w.receive(monday(11, 0), "mailer-daemon@else.example", "b1@else.example", report("sam@else.example"), "ana@team.example", fields...)
	w.receive(monday(11, 0), "mailer-daemon@else.example", "b2@else.example", report("joe@else.example"), "mei@team.example", fields...)
	w.wantAsks("q@team.example", "joe running Tue 10:01") // Another recipient; not the asker's mailbox.
	w.receive(monday(11, 0), "mailer-daemon@else.example", "b3@else.example", report("joe@else.example"), "ana@team.example", fields...)
	w.wantAsks("q@team.example", "joe withdrawn")
	w.wantLook(w.ana, store.KindWaitingFor, "")
	w.sound()
}

// Who answers a question in the thread does not ask again what was closed there.
func TestAnAnswerReopensNothing(t *testing.T) {
	w := newWorld(t)
	w.everybodyWorks()
	w.ask(monday(10, 0), w.ana, "q@team.example", "Can you send me the figures?", "mei@team.example")
	w.pass(monday(10, 1))
	e := w.entries(w.mei, store.KindNeedsReply)[0]
	w.update(func(tx *store.Tx) error { return w.q.o.Clocks.WaiveShown(tx, w.mei, e.MessageID, monday(10, 30)) })
	w.answers(monday(11, 0), w.mei, "b@team.example", "q@team.example", "Can you tell me which day the launch is?", "ana@team.example")
	w.pass(monday(11, 1))
	w.wantAsks("b@team.example", "ana running Tue 11:01")
	w.answers(monday(12, 0), w.ana, "c@team.example", "b@team.example", "It is the fifth.", "mei@team.example")
	w.wantAsks("b@team.example", "ana answered")
	w.wantAsks("q@team.example", "mei waived")
	w.sound()
}

// An edited draft asks in the place of the first one; "both" has that ask too.
func TestAnEditedDraftAsksOnce(t *testing.T) {
	w := newWorld(t, coaching)
	w.vague(morning, "v1@team.example")
	w.wantAsks("v1@team.example", "mei waiting")
	w.vague(morning.Add(5*time.Minute), "v2@team.example", replacing(vague, better))
	w.wantAsks("v1@team.example", "mei withdrawn")
	w.wantAsks("v2@team.example", "mei waiting, mei waiting")
	w.reply(w.ana, "Replaced: Project", "both", monday(22, 40))
	w.wantAsks("v1@team.example", "mei waiting")
	w.pass(monday(23, 0))
	w.wantAsks("v1@team.example", "mei running Tue 23:00")
	w.wantAsks("v2@team.example", "mei running Thu 22:00, mei running Wed 22:00")
	w.wantLook(w.ana, store.KindWaitingFor, "Project; Project")
	w.sound()
}
