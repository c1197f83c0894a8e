package queue

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

func TestAStrangersEntryCannotBeTouched(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("se@team.example")
	if _, err := w.moveOut(w.tom, e, store.KindDrafts, monday(14, 0)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("move out: %v", err)
	}
	if _, err := w.moveIn(w.tom, e, store.KindSendNow, monday(14, 0)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("move in: %v", err)
	}
	err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		_, _, err := w.q.Cancel(tx, w.tom, id, monday(14, 0))
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("cancel: %v", err)
	}
	w.wantStates(id, "held Mon 22:00:00")
}

func TestACopyInAnotherFolderSteersTheMail(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("cp@team.example")
	archive := w.box(w.ana, store.KindArchive)
	var copied store.Entry
	w.update(func(tx *store.Tx) (err error) {
		copied, err = w.q.CopyOut(tx, w.ana, e, archive, monday(14, 0))
		return err
	})
	out, err := w.moveIn(w.ana, copied, store.KindSendNow, monday(14, 5))
	if got := newID(t, out, err); got != id {
		t.Errorf("submission %d, want %d", got, id)
	}
	w.wantSubjects(w.ana, store.KindArchive, "")
	w.run(monday(14, 5))
	w.wantStates(id, "delivered")
	w.wantSubjects(w.mei, store.KindInbox, "Budget")
	// What has been sent is not sent again from a copy.
	_, e2 := w.held("cp2@team.example")
	var draft store.Entry
	drafts := w.box(w.ana, store.KindDrafts)
	w.update(func(tx *store.Tx) (err error) {
		draft, err = w.q.CopyOut(tx, w.ana, e2, drafts, monday(14, 0))
		return err
	})
	w.run(monday(22, 0))
	var cannot *ErrCannot
	if _, err := w.moveIn(w.ana, draft, store.KindSendNow, monday(22, 5)); !errors.As(err, &cannot) || !strings.Contains(cannot.Error(), "sent already") {
		t.Errorf("got %v, want a refusal", err)
	}
	if _, err := w.moveIn(w.ana, e2, store.KindSendNow, monday(22, 6)); !errors.Is(err, ErrLeft) {
		t.Errorf("got %v, want ErrLeft", err)
	}
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, e2, monday(22, 6)) }); !errors.Is(err, ErrLeft) {
		t.Errorf("got %v, want ErrLeft", err)
	}
}

func TestAFrozenMailThatIsMovedThawsAgain(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("fz@team.example")
	w.update(func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, true, monday(14, 0)) })
	if err := w.q.RefreshTimetable(t.Context(), w.ana, monday(14, 1)); err != nil {
		t.Fatal(err)
	}
	list := w.entries(w.ana, store.KindScheduled)
	if o := w.octets(list[len(list)-1]); !strings.Contains(o, "marked as deleted") {
		t.Errorf("timetable:\n%s", o)
	}
	if _, err := w.moveIn(w.ana, e, store.KindSendNow, monday(14, 2)); err != nil {
		t.Fatal(err)
	}
	w.run(monday(14, 2))
	w.wantStates(id, "delivered")
}

func TestRestoreKeepsATimeToCome(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	s := Submission{Author: w.ana, Envelope: envelope(w.ana, "mei@team.example"), Now: now,
		Staged: w.stage(letter(w.ana, "rt@team.example", "x", now, "t", "To: mei@team.example"), now)}
	s.Envelope.HoldUntil = now.Add(72 * time.Hour)
	id, err := w.q.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Thu 13:00:00")
	if w.plan(id, 0).Rule != RuleInstant {
		t.Errorf("rule %q", w.plan(id, 0).Rule)
	}
	draft, err := w.moveOut(w.ana, w.entries(w.ana, store.KindScheduled)[0], store.KindTrash, monday(14, 0))
	if err != nil {
		t.Fatal(err)
	}
	w.wantStates(newID2(t, w, draft, monday(15, 0)), "held Thu 13:00:00")
}

func TestSomebodyWhoNeverOpensIsNotWaitedFor(t *testing.T) {
	w := newWorld(t)
	w.profile(w.mei, func(p *people.Profile) { p.Calendar.Hours = scheduler.Week{} })
	id, e := w.held("no@team.example")
	w.wantStates(id, "held Sat 13:00:00") // The cap.
	if _, err := w.moveIn(w.ana, e, store.KindSendTomorrow, monday(14, 0)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Tue 00:00:00")
}

func TestMailToElsewhereWaitsForTheAuthorsOpening(t *testing.T) {
	w := newWorld(t)
	now := monday(20, 0)
	id := w.submit(now, w.ana, letter(w.ana, "el@team.example", "x", now, "t", "To: joe@else.example"), "joe@else.example")
	if _, err := w.moveIn(w.ana, w.entries(w.ana, store.KindScheduled)[0], store.KindSendTomorrow, now.Add(5*time.Second)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Tue 09:00:00")
}

func TestRecipientsNamedTwiceGetOneMail(t *testing.T) {
	w := newWorld(t)
	now := monday(3, 0)
	id := w.submit(now, w.ana, letter(w.ana, "tw@team.example", "x", now, "t"), "mei@team.example", "MEI@team.example", "mei+x@team.example", "joe@else.example", "JOE@else.example")
	if n := len(w.recipients(id)); n != 2 {
		t.Errorf("%d recipients, want 2", n)
	}
	w.run(now.Add(time.Minute))
	w.wantStates(id, "delivered, delivered")
}

func TestMailWithoutMessageIDGetsOne(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.submit(now, w.ana, letter(w.ana, "", "x", now, "t", "To: joe@else.example"), "joe@else.example")
	again := w.submit(now, w.ana, letter(w.ana, "", "x", now, "t", "To: joe@else.example"), "joe@else.example")
	if id == again {
		t.Error("mail without Message-ID was taken for a repeat")
	}
	w.run(now.Add(time.Minute))
	if got := w.out.list(); len(got) != 2 || got[0].mid == "" || got[0].mid == got[1].mid {
		t.Errorf("got %v", got)
	}
}

func TestCopiesInSentAreMarked(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("cs@team.example")
	sent := w.box(w.ana, store.KindSent)
	w.update(func(tx *store.Tx) error {
		return tx.AddEntry(&store.Entry{MailboxID: sent.ID, MessageID: e.MessageID, InternalDate: monday(13, 0), Keywords: []string{"$Label1", "$SubmitPending"}})
	})
	w.run(monday(22, 0))
	w.wantStates(id, "delivered")
	if got := strings.Join(w.entries(w.ana, store.KindSent)[0].Keywords, " "); got != "$Label1 $Submitted" {
		t.Errorf("keywords: %q", got)
	}
}

func TestNotesOfOthersAreNobodysBusiness(t *testing.T) {
	w := newWorld(t)
	_, _ = w.held("nb@team.example")
	w.run(monday(22, 0))
	box := w.box(w.ana, store.KindScheduled)
	_ = w.db.Update(t.Context(), func(tx *store.Tx) error { return w.q.TooLate(tx, w.ana, box, 1, monday(22, 1)) })
	w.run(monday(22, 1))
	var mid string
	for _, e := range w.entries(w.ana, store.KindInbox) {
		if o := w.octets(e); strings.HasPrefix(header(o, "Subject"), "Too late") {
			mid = header(o, "Message-ID")
		}
	}
	now := monday(22, 2)
	w.submit(now, w.tom, letter(w.tom, "", "Re: x", now, "correct\r\nI am Ana.", "In-Reply-To: "+mid), "tidepost@team.example")
	w.run(now)
	w.wantSubjects(w.mei, store.KindInbox, "Budget")
	if e := w.entries(w.tom, store.KindInbox); len(e) != 1 || !strings.Contains(mail.Text(w.content(e[0])), "do not understand") {
		t.Errorf("Tom's notes: %q", w.subjects(w.tom, store.KindInbox))
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	o := Options{Hostname: "h.example"}.withDefaults()
	if o.Mode != people.On || o.Cap != 120*time.Hour || o.Budget != 8 || o.Workers != 20 || o.Undo != 0 || o.MaxExplicit != 9600*time.Hour {
		t.Errorf("defaults: %+v", o)
	}
	if got := o.mainDomain(); got != "h.example" {
		t.Errorf("main domain %q", got)
	}
	if zoneOf("Nowhere/Land") != time.UTC {
		t.Error("an unknown zone is not UTC")
	}
	if got := addressOf("not an address").String(); got != "not an address" {
		t.Errorf("address %q", got)
	}
	if got := decodeLetter([]byte("{")); got != (letterPlan{}) {
		t.Errorf("letter plan %+v", got)
	}
	if got := nextMonday(scheduler.Date{Year: 2026, Month: 3, Day: 2}); got != (scheduler.Date{Year: 2026, Month: 3, Day: 9}) {
		t.Errorf("the Monday after a Monday: %v", got)
	}
}

func TestReplanTogetherFollowsEveryReader(t *testing.T) {
	w := newWorld(t)
	w.add("Ann Three", "ana3@team.example", "Europe/London", "")
	w.reload()
	text := letter(w.ana, "rtg@team.example", "Ship", monday(10, 0), "Decision: we ship.\r\nObject by Wed noon.", "To: ana3@team.example, tom@team.example")
	id := w.submit(monday(10, 0), w.ana, text, "ana3@team.example", "tom@team.example")
	w.wantStates(id, "held Mon 14:00:00, held Mon 14:00:00")
	w.profile(w.tom, func(p *people.Profile) {
		for day := range p.Calendar.Hours {
			for i := range p.Calendar.Hours[day] {
				p.Calendar.Hours[day][i].Start = 8 * 60
			}
		}
	})
	if err := w.q.Replan(t.Context(), w.tom, monday(10, 5)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Mon 13:00:00, held Mon 13:00:00")
	// Tom goes on leave: there is no common moment any more, and nobody waits for him. His
	// copy is put into While away when he would have begun.
	w.profile(w.tom, func(p *people.Profile) {
		p.Calendar.Leave = append(p.Calendar.Leave, scheduler.Leave{First: scheduler.Date{Year: 2026, Month: 3, Day: 2}, Last: scheduler.Date{Year: 2026, Month: 3, Day: 3}})
	})
	if err := w.q.Replan(t.Context(), w.tom, monday(10, 10)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Mon 10:10:00, held Mon 13:00:00")
}

func TestFreezingWhatHasLeft(t *testing.T) {
	w := newWorld(t)
	_, e := w.held("fw@team.example")
	w.run(monday(22, 0))
	err := w.db.Update(t.Context(), func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, true, monday(22, 1)) })
	if !errors.Is(err, ErrLeft) {
		t.Errorf("got %v, want ErrLeft", err)
	}
	if w.q.holdMode(nil) != people.On {
		t.Error("mail without an author has the team's switch")
	}
	if at, why := w.q.When(w.ana, w.mei, monday(13, 0)); !at.Equal(monday(22, 0)) || why != "the working day has not begun" && why != "the working day is over" && why != "it is not a working day" {
		t.Errorf("when: %v, %q", at, why)
	}
	w.profile(w.ana, func(p *people.Profile) { p.Hold = people.Off })
	if at, _ := w.q.When(w.ana, w.mei, monday(13, 0)); !at.Equal(monday(13, 0)) {
		t.Errorf("hold is off, and yet %v", at)
	}
}

func TestALateUnknownNoteIsAnsweredPolitely(t *testing.T) {
	w := newWorld(t)
	now := monday(3, 0)
	text := letter(w.ana, "same2@team.example", "Budget", now, "text", "To: mei@team.example")
	w.submit(now, w.ana, text, "mei@team.example")
	w.run(now.Add(time.Minute))
	w.submit(now.Add(2*time.Minute), w.ana, text, "mei@team.example")
	said := w.reply(w.ana, "Already sent: Budget", strings.Repeat("agaim", 20), now.Add(3*time.Minute))
	if !strings.Contains(said, "*again*") || !strings.Contains(said, "did nothing") {
		t.Errorf("answer:\n%s", said)
	}
	w.wantSubjects(w.mei, store.KindInbox, "Budget")
}
