package queue

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// coaching switches the coach on.
func coaching(o *Options) { o.Coach = people.On }

const (
	// vague is a draft that is handed back: its reader would have to ask.
	vague       = "Can we chat about the project?"
	vagueAdvice = "Before sending: what is it about? (Project)"
	// better is what becomes of it.
	better = "Can we chat about the project's budget on Thursday at 10? I propose to cut the travel by half; please say yes or no by Wednesday noon."
)

// vague submits one at a time when Mei is at work: nothing else holds it.
func (w *world) vague(now time.Time, mid string, change ...func(*string)) int64 {
	w.t.Helper()
	text := letter(w.ana, mid, "Project", now, vague, "To: Mei Chen <mei@team.example>")
	for _, f := range change {
		f(&text)
	}
	return w.submit(now, w.ana, text, "mei@team.example")
}

func replacing(old, with string) func(*string) {
	return func(s *string) { *s = strings.Replace(*s, old, with, 1) }
}

// judged is what the advice of a policy came to: judged, of them false alarms.
func (w *world) judged(policy string) (s string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		n, wrong, err := tx.Judged(policy, 50)
		s = fmt.Sprint(n, " ", wrong)
		return err
	})
	return s
}

// entry finds an entry by its subject.
func (w *world) entry(p *people.Person, kind store.Kind, subject string) store.Entry {
	w.t.Helper()
	for _, e := range w.entries(p, kind) {
		if header(w.octets(e), "Subject") == subject {
			return e
		}
	}
	w.t.Fatalf("%s of %s has no %q but %q", kind, p.FirstName(), subject, w.subjects(p, kind))
	return store.Entry{}
}

// read sets \Seen on a letter in INBOX.
func (w *world) read(p *people.Person, subject string) {
	w.t.Helper()
	e := w.entry(p, store.KindInbox, subject)
	w.update(func(tx *store.Tx) error { return tx.SetFlags(&e, e.Flags|store.Seen, e.Keywords) })
}

// text is the decoded text of a letter in INBOX.
func (w *world) text(p *people.Person, subject string) string {
	w.t.Helper()
	return mail.NewWords(w.content(w.entry(p, store.KindInbox, subject)))
}

// Monday 22:30 in London is Tuesday 09:30 in Sydney.
var morning = monday(22, 30)

func TestADraftWithAdviceLeavesByItself(t *testing.T) {
	w := newWorld(t, coaching)
	text := letter(w.ana, "v1@team.example", "Project", morning, vague, "To: Mei Chen <mei@team.example>")
	id := w.submit(morning, w.ana, text, "mei@team.example")
	w.wantStates(id, "held Mon 22:45:00")
	w.wantSubjects(w.ana, store.KindScheduled, "")
	w.wantSubjects(w.ana, store.KindBefore, "Project; "+vagueAdvice)
	e := w.entry(w.ana, store.KindBefore, "Project")
	if w.octets(e) != text || e.Flags != store.Seen || strings.Join(e.Keywords, " ") != "$SubmitPending" || !e.InternalDate.Equal(morning) {
		t.Errorf("the draft is not as it was sent: %v %v %v\n%s", e.Flags, e.Keywords, e.InternalDate, w.octets(e))
	}
	if !w.box(w.ana, store.KindBefore).Visible {
		t.Error("Before sending is hidden")
	}
	// The advice is mailed at once, threaded on the draft, from a machine, and not read.
	w.wantSubjects(w.ana, store.KindInbox, vagueAdvice)
	note := w.entry(w.ana, store.KindInbox, vagueAdvice)
	o := w.octets(note)
	if note.Flags != 0 || header(o, "In-Reply-To") != "<v1@team.example>" || !strings.HasPrefix(header(o, "Auto-Submitted"), "auto-") || header(o, "Return-Path") != "<>" {
		t.Errorf("the advice: %v\n%s", note.Flags, o)
	}
	got := w.text(w.ana, vagueAdvice)
	for _, want := range []string{"“Can we chat about the project?”", "Mei ", "It leaves 22:45 unless you act.", "Context:", "*send*", "*never*"} {
		if !strings.Contains(got, want) {
			t.Errorf("the advice does not say %q:\n%s", want, got)
		}
	}
	if n := strings.Count(strings.TrimSpace(got), "\n") + 1; n > 12 {
		t.Errorf("the advice has %d lines", n)
	}
	w.reopen(coaching) // The promise is in the database.
	w.run(monday(22, 44))
	w.wantStates(id, "held Mon 22:45:00")
	w.run(monday(22, 45))
	w.wantStates(id, "delivered")
	w.wantSubjects(w.mei, store.KindInbox, "Project")
	w.wantSubjects(w.ana, store.KindBefore, "")
	if got := w.kinds(id); got != "accepted held coach-dry-run advice released filed advice-ended" {
		t.Errorf("ledger: %q", got)
	}
	if got := w.judged(policies.Context); got != "0 0" {
		t.Errorf("nobody read the advice, and yet it was judged: %s", got)
	}
	w.proved()
}

func TestAReadAdviceThatRanOutIsAFalseAlarm(t *testing.T) {
	w := newWorld(t, coaching)
	w.vague(morning, "v1@team.example")
	w.read(w.ana, vagueAdvice)
	w.run(monday(22, 45))
	if got := w.judged(policies.Context); got != "1 1" {
		t.Errorf("judged: %s, want one false alarm", got)
	}
}

func TestAHeldDraftLeavesAtItsTime(t *testing.T) {
	w := newWorld(t, coaching)
	id := w.vague(monday(13, 0), "v1@team.example")
	w.wantStates(id, "held Mon 22:00:00")
	got := w.text(w.ana, vagueAdvice)
	if !strings.Contains(got, "It leaves Tue 09:00 Sydney (Mon 22:00 London) unless you") {
		t.Errorf("the advice does not say when:\n%s", got)
	}
	w.run(monday(22, 0))
	w.wantStates(id, "delivered")
	// An explicit time is kept, too.
	id = w.submit(monday(14, 0), w.ana, letter(w.ana, "v2@team.example", "[send in 2h] Other", monday(14, 0), "Could we talk about the thing?", "To: mei@team.example"), "mei@team.example")
	w.wantStates(id, "held Mon 16:00:00")
}

func TestNobodyOutsideWaitsForAdvice(t *testing.T) {
	w := newWorld(t, coaching)
	id := w.submit(morning, w.ana, letter(w.ana, "v1@team.example", "Project", morning, vague, "To: mei@team.example, joe@else.example"), "mei@team.example", "joe@else.example")
	w.wantStates(id, "held Mon 22:45:00, held Mon 22:30:20")
	if got := w.text(w.ana, vagueAdvice); !strings.Contains(strings.Join(strings.Fields(got), " "), "joe@else.example gets it at once") {
		t.Errorf("the advice does not say who gets it:\n%s", got)
	}
	// To nobody else: it is told for the next time, nothing lies in Before sending.
	text := letter(w.ana, "v2@team.example", "Offer", morning, "Please find the offer attached.", "To: joe@else.example")
	id = w.submit(morning, w.ana, text, "joe@else.example")
	w.wantStates(id, "held Mon 22:30:20")
	w.wantSubjects(w.ana, store.KindBefore, "Project; "+vagueAdvice)
	if got := w.text(w.ana, "For next time: nothing attached (Offer)"); !strings.Contains(got, "has left already") {
		t.Errorf("the note: %s", got)
	}
	w.run(monday(22, 31))
	if got := w.judged(policies.Attachment); got != "0 0" {
		t.Errorf("advice that nobody could heed was judged: %s", got)
	}
	w.proved()
}

func TestMovingADraftOutOfBeforeSending(t *testing.T) {
	for _, c := range []struct {
		to      store.Kind
		now     time.Time
		states  string
		folders string // Scheduled | Drafts | Trash
		judged  string
	}{
		{store.KindSendNow, morning, "held Mon 22:31:00", "Project | | ", "1 1"},
		{store.KindScheduled, morning, "held Mon 22:31:00", "Project | | ", "1 1"},
		{store.KindScheduled, monday(13, 0), "held Mon 22:00:00", "Project | | ", "1 1"},
		{store.KindSendNow, monday(13, 0), "held Mon 13:01:00", "Project | | ", "1 1"},
		{store.KindDrafts, morning, "cancelled", " | Project | ", "1 0"},
		{store.KindTrash, morning, "cancelled", " | | Project", "1 0"},
		{store.KindArchive, morning, "held Mon 22:45:00", " | | ", "0 0"},
	} {
		t.Run(string(c.to), func(t *testing.T) {
			w := newWorld(t, coaching)
			id := w.vague(c.now, "v1@team.example")
			e := w.entry(w.ana, store.KindBefore, "Project")
			now := c.now.Add(time.Minute)
			var err error
			if isTarget := c.to == store.KindSendNow || c.to == store.KindScheduled; isTarget {
				_, err = w.moveIn(w.ana, e, c.to, now)
			} else {
				_, err = w.moveOut(w.ana, e, c.to, now)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.wantStates(id, c.states)
			got := w.subjects(w.ana, store.KindScheduled) + " | " + w.subjects(w.ana, store.KindDrafts) + " | " + w.subjects(w.ana, store.KindTrash)
			if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(c.folders, " ", "") {
				t.Errorf("folders: %q, want %q", got, c.folders)
			}
			if got := w.judged(policies.Context); got != c.judged {
				t.Errorf("judged: %s, want %s", got, c.judged)
			}
			if c.to == store.KindArchive {
				w.wantSubjects(w.ana, store.KindBefore, vagueAdvice+"; Project") // Under a new UID.
			} else {
				w.wantSubjects(w.ana, store.KindBefore, "")
			}
			w.run(monday(23, 0))
			if strings.HasPrefix(c.states, "held") {
				w.wantStates(id, "delivered")
				if o := w.octets(w.entries(w.mei, store.KindInbox)[0]); !strings.Contains(o, vague) {
					t.Errorf("Mei got something else:\n%s", o)
				}
			}
			w.proved()
		})
	}
}

func TestDeletingADraftCancelsItAndDraggingItBackSendsIt(t *testing.T) {
	w := newWorld(t, coaching)
	id := w.vague(morning, "v1@team.example")
	e := w.entry(w.ana, store.KindBefore, "Project")
	w.update(func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, e, morning.Add(time.Minute)) })
	w.wantStates(id, "cancelled")
	// The same draft again is not handed back again.
	back, err := w.moveIn(w.ana, w.entry(w.ana, store.KindTrash, "Project"), store.KindScheduled, morning.Add(2*time.Minute))
	if err != nil || back == nil {
		t.Fatal(back, err)
	}
	w.wantSubjects(w.ana, store.KindBefore, "")
	w.run(monday(22, 40))
	w.wantSubjects(w.mei, store.KindInbox, "Project")
}

func TestAsIsPasses(t *testing.T) {
	for _, tag := range []string{"[as is]", "[send anyway]", "[now]"} {
		w := newWorld(t, coaching)
		id := w.vague(morning, "v1@team.example", replacing("Subject: ", "Subject: "+tag+" "))
		w.wantStates(id, "held Mon 22:30:20")
		w.wantSubjects(w.ana, store.KindBefore, "")
		w.wantSubjects(w.ana, store.KindInbox, "")
		w.run(monday(22, 31))
		w.wantSubjects(w.mei, store.KindInbox, "Project") // The tag is cut off.
	}
}

func TestTheSameDraftIsNotHandedBackTwice(t *testing.T) {
	w := newWorld(t, coaching)
	first := w.vague(morning, "v1@team.example")
	again := w.vague(morning.Add(time.Minute), "v2@team.example", replacing("chat about", "chat  about"))
	w.wantStates(first, "cancelled")
	w.wantStates(again, "held Mon 22:31:20")
	w.wantSubjects(w.ana, store.KindTrash, "Project")
	if got := w.judged(policies.Context); got != "1 1" {
		t.Errorf("judged: %s, want a false alarm: it was sent as it was", got)
	}
	// With the Message-ID it had it is what an impatient client repeats.
	w.run(monday(22, 32))
	third := w.vague(monday(22, 33), "v3@team.example")
	w.wantStates(third, "held Mon 22:33:20")
	w.run(monday(22, 50))
	w.wantSubjects(w.mei, store.KindInbox, "Project; Project")
	w.proved()
}

func TestAnImpatientClientChangesNothing(t *testing.T) {
	w := newWorld(t, coaching)
	first := w.vague(morning, "v1@team.example")
	if again := w.vague(morning.Add(time.Minute), "v1@team.example"); again != first {
		t.Errorf("the same mail became submission %d, want %d", again, first)
	}
	w.wantStates(first, "held Mon 22:45:00")
	// But with the override it passes, and only once.
	now := w.vague(morning.Add(2*time.Minute), "v1@team.example", replacing("Subject: ", "Subject: [as is] "))
	w.wantStates(first, "cancelled")
	w.wantStates(now, "held Mon 22:32:20")
	w.run(monday(23, 0))
	w.wantSubjects(w.mei, store.KindInbox, "Project")
	if got := w.judged(policies.Context); got != "1 1" {
		t.Errorf("judged: %s", got)
	}
}

func TestAnEditedDraftTakesThePlace(t *testing.T) {
	w := newWorld(t, coaching)
	first := w.vague(morning, "v1@team.example")
	later := morning.Add(5 * time.Minute)
	edited := w.vague(later, "v2@team.example", replacing(vague, better))
	w.wantStates(first, "cancelled")
	w.wantStates(edited, "held Mon 22:35:20")
	w.wantSubjects(w.ana, store.KindBefore, "")
	w.wantSubjects(w.ana, store.KindTrash, "Project")
	w.wantSubjects(w.ana, store.KindInbox, vagueAdvice+"; Replaced: Project")
	if got := w.text(w.ana, "Replaced: Project"); !strings.Contains(got, "replaced; reply *both* to send both") {
		t.Errorf("the note: %s", got)
	}
	if got := w.judged(policies.Context); got != "1 0" {
		t.Errorf("judged: %s, want advice that was heeded", got)
	}
	w.run(monday(22, 50))
	w.wantSubjects(w.mei, store.KindInbox, "Project")
	if o := w.octets(w.entries(w.mei, store.KindInbox)[0]); !strings.Contains(o, "cut the travel") {
		t.Errorf("Mei got the old version:\n%s", o)
	}
	w.reply(w.ana, "Replaced: Project", "both", monday(22, 51))
	w.run(monday(22, 55))
	w.wantSubjects(w.mei, store.KindInbox, "Project; Project")
	w.proved()
}

func TestInDoubtBothLeave(t *testing.T) {
	for name, change := range map[string]func(*string){
		"another subject": replacing("Subject: Project", "Subject: Travel"),
		"another reader":  replacing("To: Mei Chen <mei@team.example>", "To: mei@team.example, tom@team.example"),
		"other words":     replacing(better, "Tomorrow at nine I present the figures of the quarter, nothing else is needed."),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, coaching)
			first := w.vague(morning, "v1@team.example")
			w.vague(morning.Add(time.Minute), "v2@team.example", replacing(vague, better), change)
			w.wantStates(first, "held Mon 22:45:00")
			w.run(monday(23, 0))
			if n := len(w.entries(w.mei, store.KindInbox)); n != 2 {
				t.Errorf("Mei got %d mails, want both", n)
			}
		})
	}
	// What has left is not replaced.
	w := newWorld(t, coaching)
	first := w.vague(morning, "v1@team.example")
	w.run(monday(22, 45))
	w.vague(monday(22, 46), "v2@team.example", replacing(vague, better))
	w.wantStates(first, "delivered")
	w.run(monday(23, 0))
	w.wantSubjects(w.mei, store.KindInbox, "Project; Project")
}

func TestMailToOutsideThatWaitsAnyway(t *testing.T) {
	w := newWorld(t, coaching)
	send := func(mid, words string, now time.Time) int64 {
		return w.submit(now, w.ana, letter(w.ana, mid, "[send in 2h] Offer", now, words, "To: joe@else.example"), "joe@else.example")
	}
	first := send("o1@team.example", "Please find the offer of the mill attached.", morning)
	w.wantStates(first, "held Tue 00:30:00")
	const title = "Before sending: nothing attached (Offer)"
	w.wantSubjects(w.ana, store.KindBefore, "[send in 2h] Offer; "+title)
	second := send("o2@team.example", "Please find the offer of the mill below: ten stones at ninety.", morning.Add(time.Minute))
	w.wantStates(first, "cancelled")
	w.wantStates(second, "held Tue 00:31:00")
	w.run(monday(24, 31))
	if got := w.out.list(); len(got) != 1 || !strings.Contains(got[0].octet, "ninety") {
		t.Errorf("Joe got %d mails", len(got))
	}
	w.wantSubjects(w.ana, store.KindBefore, "")
}

func TestBothTwiceSendsOnce(t *testing.T) {
	w := newWorld(t, coaching)
	w.vague(morning, "v1@team.example")
	w.vague(morning.Add(time.Minute), "v2@team.example", replacing(vague, better))
	for n := range 3 {
		w.reply(w.ana, "Replaced: Project", "both", morning.Add(time.Duration(2+n)*time.Minute))
		w.run(morning.Add(time.Duration(3+n) * time.Minute))
	}
	w.wantSubjects(w.mei, store.KindInbox, "Project; Project")
}

// The author's client has filed a copy in Sent, and the author believes that it left.
func TestTheCopyInSentFollowsTheDraft(t *testing.T) {
	for name, act := range map[string]func(*world){
		"taken back": func(w *world) {
			if _, err := w.moveOut(w.ana, w.entry(w.ana, store.KindBefore, "Project"), store.KindDrafts, morning.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		},
		"replaced": func(w *world) { w.vague(morning.Add(time.Minute), "v2@team.example", replacing(vague, better)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, coaching)
			w.vague(morning, "v1@team.example")
			sent := w.box(w.ana, store.KindSent)
			e := w.entry(w.ana, store.KindBefore, "Project")
			w.update(func(tx *store.Tx) error {
				return tx.AddEntry(&store.Entry{MailboxID: sent.ID, MessageID: e.MessageID, InternalDate: morning, Flags: store.Seen})
			})
			act(w)
			w.wantSubjects(w.ana, store.KindSent, "")
			if !strings.Contains(w.subjects(w.ana, store.KindTrash), "Project") {
				t.Errorf("Trash: %q", w.subjects(w.ana, store.KindTrash))
			}
		})
	}
	w := newWorld(t, coaching)
	w.vague(morning, "v1@team.example")
	sent, e := w.box(w.ana, store.KindSent), w.entry(w.ana, store.KindBefore, "Project")
	w.update(func(tx *store.Tx) error {
		return tx.AddEntry(&store.Entry{MailboxID: sent.ID, MessageID: e.MessageID, InternalDate: morning, Flags: store.Seen})
	})
	w.run(monday(22, 45))
	if got := w.entries(w.ana, store.KindSent); len(got) != 1 || strings.Join(got[0].Keywords, " ") != "$Open $Submitted" {
		t.Errorf("Sent: %+v", got)
	}
}

// A draft that is dropped into Scheduled is looked at like one that is sent; one that
// is dropped into Send now is sent.
func TestADraftFromAFolderIsHandedBack(t *testing.T) {
	for kind, want := range map[store.Kind]string{
		store.KindScheduled:    "Project; " + vagueAdvice,
		store.KindSendNow:      "",
		store.KindSendTomorrow: "",
	} {
		w := newWorld(t, coaching)
		w.profile(w.ana, func(p *people.Profile) { p.CoachMode = people.Stop }) // Nobody reads a reply there.
		staged := w.stage(letter(w.ana, "f1@team.example", "Project", morning, vague, "To: mei@team.example"), morning)
		w.update(func(tx *store.Tx) error {
			_, err := w.q.AppendIn(tx, w.ana, staged, store.Draft, kind, morning)
			return err
		})
		w.wantSubjects(w.ana, store.KindBefore, want)
		w.run(monday(22, 45))
		if kind != store.KindSendTomorrow {
			w.wantSubjects(w.mei, store.KindInbox, "Project")
			w.wantSubjects(w.ana, store.KindSent, "Project")
		}
		w.proved()
	}
}
