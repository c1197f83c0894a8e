package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

func (w *world) freeze(p *people.Person, frozen bool) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		_, err := tx.SetFrozen(p.ID, frozen)
		return err
	})
	w.reload()
}

// with submits as a device or mail program of Ana's.
func (w *world) with(now time.Time, credential int64, device bool, text string, to ...string) int64 {
	w.t.Helper()
	id, err := w.q.Submit(context.Background(), Submission{Author: w.ana, Credential: credential, Device: device, Envelope: envelope(w.ana, to...),
		Staged: w.stage(text, now), Peer: Peer{Protocol: "ESMTPSA", IP: "192.0.2.1"}, Now: now})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// Nothing of a frozen author leaves: not what is held, not what is tried again, not what
// an operator wants to release. All of it goes its way afterwards.
func TestFrozenAuthorSendsNothing(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(rcpt mail.Address, n int) Result {
		if rcpt.Local == "later" && n == 1 {
			return replied(451, "later")
		}
		return taken()
	}
	now := monday(14, 0) // Mei sleeps.
	held := w.submit(now, w.ana, letter(w.ana, "held@team.example", "Held", now, "text"), "mei@team.example", "tom@team.example")
	deferred := w.submit(now, w.ana, letter(w.ana, "deferred@team.example", "Deferred", now, "text"), "later@else.example")
	other := w.submit(now, w.tom, letter(w.tom, "toms@team.example", "Tom's", now, "text"), "mei@team.example")
	w.run(now.Add(time.Minute))
	w.freeze(w.ana, true)
	n, err := w.q.StopAuthor(context.Background(), w.ana.ID, now.Add(2*time.Minute))
	if err != nil || n != 2 {
		t.Fatalf("stopped %d mails, %v; held %s, deferred %s", n, err, w.states(held), w.states(deferred))
	}
	if n, err := w.q.StopAuthor(context.Background(), w.ana.ID, now.Add(2*time.Minute)); err != nil || n != 0 {
		t.Errorf("stopped again: %d, %v", n, err)
	}
	// New mail is refused in the words of a login that is over.
	var reply *mail.Reply
	if _, err := w.trySubmit(now.Add(3*time.Minute), w.ana, letter(w.ana, "new@team.example", "New", now, "text"), "else@else.example"); !errors.As(err, &reply) || reply.Code != 535 {
		t.Errorf("new mail: %v", err)
	}
	if _, err := w.q.ReleaseNow(context.Background(), Order{Submissions: []int64{held}, By: "root", Now: now}); err == nil || !strings.Contains(err.Error(), "frozen") {
		t.Errorf("released: %v", err)
	}
	out, err := w.q.ReleaseNow(context.Background(), Order{By: "root", Now: now.Add(4 * time.Minute)})
	if err != nil || out.Mails != 1 || out.Frozen != 2 {
		t.Errorf("released all: %+v, %v", out, err) // Tom's alone.
	}
	if out, err := w.q.ReleaseNow(context.Background(), Order{By: "root", Now: now, DryRun: true}); err != nil || out.Frozen != 2 {
		t.Errorf("would release: %+v, %v", out, err)
	}
	// A changed calendar does not bring it back.
	if err := w.q.Replan(context.Background(), nil, now.Add(5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.run(monday(22, 0))
	w.run(now.AddDate(0, 0, 7))
	if got := w.states(held); strings.Contains(got, "delivered Mon") || len(w.out.list()) != 0 {
		t.Errorf("held %s, elsewhere has %d", got, len(w.out.list()))
	}
	w.wantStates(other, "delivered")
	w.wantSubjects(w.mei, store.KindInbox, "Tom's")
	// It goes its way a week later, at night in Sydney: what is past waits for hours.
	w.freeze(w.ana, false)
	back := now.AddDate(0, 0, 7)
	if n, err := w.q.ResumeAuthor(context.Background(), w.ana.ID, back); err != nil || n != 2 {
		t.Fatalf("resumed %d mails, %v", n, err)
	}
	w.run(back.Add(resumeLook - time.Minute)) // She may look through it first.
	w.wantStates(deferred, "deferred Mon 15:00:00")
	w.run(back.Add(resumeLook))
	w.wantStates(deferred, "delivered")
	w.wantSubjects(w.mei, store.KindInbox, "Tom's")
	w.run(monday(22, 0).AddDate(0, 0, 7)) // 09:00 in Sydney
	w.wantStates(held, "delivered, delivered")
	w.proved()
}

// What slips in while its author is frozen is stopped at its release.
func TestMailThatSlippedInIsStopped(t *testing.T) {
	w := newWorld(t)
	now := monday(14, 0)
	here := w.submit(now, w.ana, letter(w.ana, "here@team.example", "Here", now, "text"), "tom@team.example")
	there := w.submit(now, w.ana, letter(w.ana, "there@team.example", "There", now, "text"), "joe@else.example")
	w.freeze(w.ana, true) // And nobody stops what waits.
	w.run(now.AddDate(0, 0, 2))
	if n := len(w.out.list()); n != 0 {
		t.Errorf("%d mails left", n)
	}
	w.view(func(tx *store.Tx) error {
		for _, id := range []int64{here, there} {
			s, err := tx.Submission(id)
			if err != nil {
				return err
			}
			if s.Stopped != store.StopAuthor {
				t.Errorf("submission %d is %v", id, s.Stopped)
			}
		}
		return nil
	})
	w.wantSubjects(w.tom, store.KindInbox, "")
	w.freeze(w.ana, false)
	if n, err := w.q.ResumeAuthor(context.Background(), w.ana.ID, now.AddDate(0, 0, 2)); err != nil || n != 2 {
		t.Errorf("resumed %d, %v", n, err)
	}
	w.run(now.AddDate(0, 0, 3))
	w.wantStates(here, "delivered")
	w.wantStates(there, "delivered")
	w.proved()
}

// An attempt that runs may end; what it leaves over stays.
func TestAttemptDuringAFreeze(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(mail.Address, int) Result {
		w.freeze(w.ana, true)
		if n, err := w.q.StopAuthor(context.Background(), w.ana.ID, monday(14, 1)); err != nil || n != 1 {
			t.Errorf("stopped %d, %v", n, err)
		}
		return replied(451, "later")
	}
	id := w.submit(monday(14, 0), w.ana, letter(w.ana, "m@team.example", "M", monday(14, 0), "text"), "joe@else.example")
	w.run(monday(14, 1))
	w.out.answer = nil
	w.run(monday(22, 0))
	if n := len(w.out.list()); n != 0 {
		t.Errorf("%d mails left: %s", n, w.states(id))
	}
	w.proved()
}

// Many mails that are due do not leave as a wave.
func TestResumeIsSpread(t *testing.T) {
	w := newWorld(t)
	holdMany(w, 250, 0) // From 10:00 on, one a minute, to elsewhere.
	w.freeze(w.ana, true)
	if n, err := w.q.StopAuthor(context.Background(), w.ana.ID, monday(9, 1)); err != nil || n != 250 {
		t.Fatalf("stopped %d, %v", n, err)
	}
	w.freeze(w.ana, false)
	now := monday(10, 59) // 60 are due, but not long past.
	if n, err := w.q.ResumeAuthor(context.Background(), w.ana.ID, now); err != nil || n != 250 {
		t.Fatalf("resumed %d, %v", n, err)
	}
	w.run(now.Add(resumeLook))
	if n := len(w.out.list()); n == 0 || n > 2 {
		t.Errorf("%d mails left at once", n)
	}
	w.run(now.Add(resumeLook + 10*time.Second))
	if n := len(w.out.list()); n > 8 {
		t.Errorf("%d mails left within 10 s", n)
	}
	// What is still to come keeps its minute.
	w.view(func(tx *store.Tx) error {
		due, _, err := tx.NextDue(false)
		if err == nil && due.After(now.Add(resumeLook+time.Minute)) {
			t.Errorf("next due %v", due)
		}
		return err
	})
	w.run(monday(15, 0))
	if got := w.counts()[store.Delivered]; got != 250 {
		t.Errorf("%d delivered: %v", got, w.counts())
	}
	w.proved()
}

// Mail of a revoked app password stays until its author says what it is; other mail of
// theirs goes.
func TestRevokedCredentialStopsItsMail(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(_ mail.Address, n int) Result {
		if n == 1 {
			return replied(451, "later")
		}
		return taken()
	}
	now := monday(14, 0)
	own := w.submit(now, w.ana, letter(w.ana, "own@team.example", "Own", now, "text"), "mei@team.example")
	held := w.with(now, 7, false, letter(w.ana, "held@team.example", "Held", now, "text"), "mei@team.example")
	express := w.with(now, 7, true, letter(w.ana, "scan@team.example", "Scan", now, "text"), "joe@else.example")
	kept := w.with(now, 8, true, letter(w.ana, "kept@team.example", "Kept", now, "text"), "ann@else.example")
	w.run(now.Add(time.Second))
	stop := func() (n int) {
		w.update(func(tx *store.Tx) (err error) {
			n, err = w.q.StopCredentials(tx, w.ana, []people.AppPassword{{ID: 7, Name: "Laptop"}}, now.Add(time.Minute))
			return err
		})
		return n
	}
	if n := stop(); n != 2 {
		t.Fatalf("stopped %d; held %s, deferred %s", n, w.states(held), w.states(express))
	}
	if n := stop(); n != 0 {
		t.Errorf("stopped %d again", n)
	}
	if got := w.subjects(w.ana, store.KindInbox); strings.Count(got, "Stopped: 2 mails of a revoked app password") != 1 {
		t.Errorf("told: %s", got)
	}
	w.run(monday(22, 0))
	w.run(now.AddDate(0, 0, 1))
	w.wantStates(own, "delivered")
	w.wantStates(kept, "delivered")
	if got := len(w.out.list()); got != 1 {
		t.Errorf("%d mails left", got)
	}
	// A freeze and its end do not let it go either.
	w.freeze(w.ana, true)
	if _, err := w.q.StopAuthor(context.Background(), w.ana.ID, now); err != nil {
		t.Fatal(err)
	}
	w.freeze(w.ana, false)
	if n, err := w.q.ResumeAuthor(context.Background(), w.ana.ID, now.AddDate(0, 0, 1)); err != nil || n != 0 {
		t.Errorf("resumed %d, %v", n, err)
	}
	var note store.Note
	w.view(func(tx *store.Tx) error {
		list, err := tx.NotesSince(w.ana.ID, noteStopped, now)
		if err == nil && len(list) == 1 {
			note = list[0]
		}
		return err
	})
	later := now.AddDate(0, 0, 1)
	say := func(word string) {
		w.submit(later, w.ana, letter(w.ana, "say-"+word+fmt.Sprint(later.Unix())+"@team.example", "Re: Stopped", later, word, "In-Reply-To: <"+note.MID+">"), "tidepost@team.example")
	}
	say("hmm")
	w.run(later.Add(time.Hour))
	if got := len(w.out.list()); got != 1 {
		t.Errorf("%d mails left after a word that means nothing", got)
	}
	say("release")
	w.run(later.Add(time.Minute))
	w.run(monday(22, 0).AddDate(0, 0, 1))
	w.wantStates(held, "delivered")
	w.wantStates(express, "delivered")
	w.proved()
}

func TestStoppedMailIsCancelledByAWord(t *testing.T) {
	w := newWorld(t)
	now := monday(14, 0)
	held := w.with(now, 7, false, letter(w.ana, "held@team.example", "Held", now, "text"), "mei@team.example")
	w.update(func(tx *store.Tx) error {
		_, err := w.q.StopCredentials(tx, w.ana, []people.AppPassword{{ID: 7, Name: "Laptop"}}, now)
		return err
	})
	var note store.Note
	w.view(func(tx *store.Tx) error {
		list, err := tx.NotesSince(w.ana.ID, noteStopped, now)
		note = list[0]
		return err
	})
	w.submit(now, w.ana, letter(w.ana, "no@team.example", "Re: Stopped", now, "Cancel.", "In-Reply-To: <"+note.MID+">"), "tidepost@team.example")
	w.run(now.AddDate(0, 0, 2))
	w.wantStates(held, "cancelled")
	w.proved()
}

// A device is answered once a day, and what it says changes nothing.
func TestDeviceSteersNothing(t *testing.T) {
	w := newWorld(t)
	now := monday(14, 0)
	for i := range 3 {
		at := now.Add(time.Duration(i) * time.Minute)
		w.with(at, 7, true, letter(w.ana, fmt.Sprintf("d%d@team.example", i), "no digests", at, "no digests"), "tidepost@team.example")
	}
	w.with(now, 7, true, letter(w.ana, "auto@team.example", "x", now, "no digests", "Auto-Submitted: auto-generated"), "tidepost@team.example")
	w.reload()
	if w.ana.Profile.Digests != people.PaceTeam {
		t.Error("a device has changed a setting")
	}
	if got := w.subjects(w.ana, store.KindInbox); strings.Count(got, "Re: no digests") != 1 {
		t.Errorf("INBOX: %s", got)
	}
}

// Whatever fails, mail of a device leaves at once; only a time that it asks for counts.
func TestDeviceNeverWaits(t *testing.T) {
	w := newWorld(t)
	w.q.evaluate = func(policies.Input, time.Time) []policies.Finding { panic("rule") }
	now := monday(14, 0)
	id := w.with(now, 7, true, letter(w.ana, "d@team.example", "Scan", now, "Can you look at this?"), "mei@team.example")
	w.run(now)
	w.wantStates(id, "delivered")
	if p := w.plan(id, 0); p.Rule != RuleNow || p.Why != "device" {
		t.Errorf("plan %+v", p)
	}
}
