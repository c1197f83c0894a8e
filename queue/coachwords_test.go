package queue

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

func TestStopRefusesOnce(t *testing.T) {
	w := newWorld(t, coaching)
	w.profile(w.ana, func(p *people.Profile) { p.CoachMode = people.Stop })
	send := func(now time.Time, mid string, change ...func(*string)) error {
		text := letter(w.ana, mid, "Project", now, vague, "To: mei@team.example")
		for _, f := range change {
			f(&text)
		}
		_, err := w.trySubmit(now, w.ana, text, "mei@team.example")
		return err
	}
	err := send(morning, "v1@team.example")
	wantReply(t, err, 550, `("Can we chat about the`)
	wantReply(t, err, 550, "[as is]")
	if s := err.Error(); !strings.HasPrefix(s, "550 5.7.1 ") || len(s) > 100 {
		t.Errorf("the reply has %d octets: %q", len(s), s)
	}
	w.wantSubjects(w.ana, store.KindBefore, "")
	// Message-ID and Date do not matter; it passes, with a note.
	if err := send(morning.Add(time.Minute), "v2@team.example"); err != nil {
		t.Fatal(err)
	}
	w.wantSubjects(w.ana, store.KindInbox, "Sent as it is: Project")
	if got := w.judged(policies.Context); got != "1 1" {
		t.Errorf("judged: %s", got)
	}
	// Another draft is refused again, an edited one passes.
	other := replacing("the project?", "the other project?")
	wantReply(t, send(morning.Add(2*time.Minute), "v3@team.example", other), 550, "Send again")
	if err := send(morning.Add(3*time.Minute), "v4@team.example", replacing(vague, better)); err != nil {
		t.Fatal(err)
	}
	if err := send(morning.Add(4*time.Minute), "v5@team.example", other, replacing("Subject: ", "Subject: [as is] ")); err != nil {
		t.Fatal(err)
	}
	w.run(monday(23, 0))
	w.wantSubjects(w.mei, store.KindInbox, "Project; Project; Project")
	// Somebody outside does not wait for that: advice instead.
	id := w.submit(monday(23, 1), w.ana, letter(w.ana, "v6@team.example", "Project", monday(23, 1), "Could we talk about the third project?",
		"To: mei@team.example, joe@else.example"), "mei@team.example", "joe@else.example")
	w.wantStates(id, "held Mon 23:16:00, held Mon 23:01:20")
	w.proved()
}

func TestARefusedDraftThatNeverComesAgainWasHeeded(t *testing.T) {
	w := newWorld(t, coaching)
	w.profile(w.ana, func(p *people.Profile) { p.CoachMode = people.Stop })
	if _, err := w.trySubmit(morning, w.ana, letter(w.ana, "v1@team.example", "Project", morning, vague, "To: mei@team.example"), "mei@team.example"); err == nil {
		t.Fatal("not refused")
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{23 * time.Hour, "0 0"}, {25 * time.Hour, "1 0"}, {26 * time.Hour, "1 0"}} {
		if err := w.q.Follow(t.Context(), morning.Add(c.after)); err != nil {
			t.Fatal(err)
		}
		if got := w.judged(policies.Context); got != c.want {
			t.Errorf("after %s judged: %s, want %s", c.after, got, c.want)
		}
	}
}

func TestWordsInAnswerToAdvice(t *testing.T) {
	w := newWorld(t, coaching)
	id := w.vague(monday(13, 0), "v1@team.example")
	if got := w.reply(w.ana, vagueAdvice, "perhaps", monday(13, 1)); !strings.Contains(got, "*send*") {
		t.Errorf("an unknown word: %s", got)
	}
	if got := w.reply(w.ana, vagueAdvice, "Send", monday(13, 2)); !strings.Contains(got, "Sent as it is: Project") {
		t.Errorf("send: %s", got)
	}
	w.run(monday(13, 2))
	w.wantStates(id, "delivered") // Midnight in Sydney: it was asked for.
	w.wantSubjects(w.ana, store.KindBefore, "")
	if got := w.reply(w.ana, vagueAdvice, "send", monday(13, 3)); !strings.Contains(got, "left already") {
		t.Errorf("send again: %s", got)
	}
	if got := w.judged(policies.Context); got != "1 1" {
		t.Errorf("judged: %s", got)
	}
	got := strings.ReplaceAll(w.reply(w.ana, vagueAdvice, "never", monday(13, 4)), "=\r\n", "")
	if !strings.Contains(got, "No more advice on missing context for you") || !strings.Contains(got, "advise context") {
		t.Errorf("never: %s", got)
	}
	w.reload()
	id = w.submit(monday(13, 5), w.ana, letter(w.ana, "v2@team.example", "Other", monday(13, 5), "Could we talk about the other project?", "To: mei@team.example"), "mei@team.example")
	w.wantSubjects(w.ana, store.KindBefore, "")
	w.wantStates(id, "held Mon 22:00:00")
	// The way back, in a mail of its own; and a policy by its name.
	for _, c := range []struct{ say, want, policies string }{
		{"advise context", "Advice on missing context again", ""},
		{"never attachment", "No more advice on missing attachments", "attachment=off"},
		{"never mind", "do not understand", "attachment=off"},
	} {
		w.submit(monday(14, 0), w.ana, letter(w.ana, "", "x", monday(14, 0), c.say, "To: tidepost@team.example"), "tidepost@team.example")
		list := w.entries(w.ana, store.KindInbox)
		if o := w.octets(list[len(list)-1]); !strings.Contains(o, c.want) {
			t.Errorf("%s: %s", c.say, o)
		}
		w.reload()
		if got := fmt.Sprint(w.ana.Profile.CoachPolicies); got != fmt.Sprint(map[string]people.Switch{}) && !strings.Contains(got, strings.ReplaceAll(c.policies, "=", ":")) {
			t.Errorf("%s: %s", c.say, got)
		}
	}
	id = w.submit(monday(22, 30), w.ana, letter(w.ana, "v3@team.example", "Third", monday(22, 30), "Could we talk about the third project?", "To: mei@team.example"), "mei@team.example")
	w.wantStates(id, "held Mon 22:45:00")
}

func TestTwoUnheededSilenceAPolicy(t *testing.T) {
	w := newWorld(t, coaching)
	send := func(now time.Time, n int) int64 {
		text := fmt.Sprintf("Could we talk about project %d?", n)
		return w.submit(now, w.tom, letter(w.tom, fmt.Sprintf("v%d@team.example", n), "Project", now, text, "To: ana@team.example"), "ana@team.example")
	}
	// Monday 15:00 is 10:00 in New York and 15:00 in London.
	for n := range 2 {
		now := monday(15, 20*n)
		w.wantStates(send(now, n), "held "+now.Add(15*time.Minute).Format("Mon 15:04:05"))
		w.run(now.Add(15 * time.Minute))
	}
	const told = "No more advice on missing context"
	w.wantSubjects(w.tom, store.KindInbox, vagueAdvice+"; "+vagueAdvice+"; "+told)
	w.reload()
	w.wantStates(send(monday(16, 0), 2), "held Mon 16:00:20")
	if got := strings.ReplaceAll(w.reply(w.tom, told, "undo", monday(16, 1)), "=\r\n", ""); !strings.Contains(got, "missing context again") {
		t.Errorf("undo: %s", got)
	}
	w.reload()
	// What was before does not silence it again.
	w.wantStates(send(monday(16, 2), 3), "held Mon 16:17:00")
	w.run(monday(16, 17))
	w.wantStates(send(monday(16, 20), 4), "held Mon 16:35:00")
}

func TestNobodyIsToldAtNightThatAdviceFellSilent(t *testing.T) {
	w := newWorld(t, coaching)
	for n := range 2 {
		now := monday(13, n)
		text := letter(w.ana, fmt.Sprintf("v%d@team.example", n), fmt.Sprint("Project ", n), now, "Could we talk about the project?", "To: mei@team.example")
		text = strings.Replace(text, "the project", []string{"the project", "another project"}[n], 1)
		w.submit(now, w.ana, text, "mei@team.example")
	}
	w.run(monday(22, 0)) // They leave when Ana is at home.
	const first, second = "Before sending: what is it about? (Project 0)", "Before sending: what is it about? (Project 1)"
	w.wantSubjects(w.ana, store.KindInbox, first+"; "+second)
	// With her next draft, which gets no advice any more.
	next := monday(13, 0).AddDate(0, 0, 1)
	id := w.submit(next, w.ana, letter(w.ana, "v3@team.example", "Project", next, "Could we talk about project 3?", "To: mei@team.example"), "mei@team.example")
	w.wantSubjects(w.ana, store.KindInbox, first+"; "+second+"; No more advice on missing context; Waits: Project")
	w.wantSubjects(w.ana, store.KindBefore, "")
	w.wantStates(id, "held Tue 22:00:00")
}

func TestAPolicyThatCriesWolfGoesToDryRun(t *testing.T) {
	w := newWorld(t, coaching)
	// 49 judged pieces of advice to many, 10 of them wrong, and one more.
	w.update(func(tx *store.Tx) error {
		for n := range 49 {
			c := store.Coaching{PersonID: w.tom.ID, Mode: store.CoachStop, State: store.CoachOpen, Draft: []byte{byte(n)}, Created: monday(1, 0)}
			if err := tx.InsertCoaching(&c, []store.Advice{{Policy: policies.Context, Reason: "no-topic"}}); err != nil {
				return err
			}
			v := store.VerdictHeeded
			if n < 10 {
				v = store.VerdictFalseAlarm
			}
			if err := tx.SettleCoaching(c.ID, store.CoachOverridden, v, monday(1, 0)); err != nil {
				return err
			}
		}
		return nil
	})
	id := w.vague(morning, "v1@team.example")
	if got := strings.Join(strings.Fields(w.text(w.ana, vagueAdvice)), " "); !strings.Contains(got, "10 of the last 49 were false alarms") {
		t.Errorf("the rate is not shown: %s", got)
	}
	w.read(w.ana, vagueAdvice)
	w.run(monday(22, 45))
	w.wantStates(id, "delivered")
	if len(w.alarms) != 1 || w.alarms[0] != "coach context" {
		t.Errorf("alarms: %v", w.alarms)
	}
	w.wantSubjects(w.ana, store.KindInbox, vagueAdvice+"; Advice on missing context rests")
	other := func(now time.Time, n int) int64 {
		return w.submit(now, w.ana, letter(w.ana, fmt.Sprintf("o%d@team.example", n), "Project", now, fmt.Sprintf("Could we talk about project %d?", n), "To: mei@team.example"), "mei@team.example")
	}
	id = other(monday(22, 46), 1)
	w.wantStates(id, "held Mon 22:46:20")
	if got := w.kinds(id); !strings.Contains(got, "coach-dry-run") {
		t.Errorf("ledger: %q, want it counted", got)
	}
	w.reopen(coaching)
	w.wantStates(other(monday(22, 47), 2), "held Mon 22:47:20")
	w.update(func(tx *store.Tx) error {
		_, err := tx.WakePolicy(policies.Context, monday(22, 48))
		return err
	})
	w.q.Kick()
	w.wantStates(other(monday(22, 48), 3), "held Mon 23:03:00")
}

func TestAnAnswerThatAsksBackProvesTheAdvice(t *testing.T) {
	for answer, want := range map[string]string{"Which project do you mean?": "1 0", "Sure, I call you at ten.": "1 1"} {
		w := newWorld(t, coaching)
		w.vague(morning, "v1@team.example")
		w.read(w.ana, vagueAdvice)
		w.run(monday(22, 45))
		if err := w.q.Follow(t.Context(), monday(22, 46)); err != nil {
			t.Fatal(err)
		}
		if got := w.judged(policies.Context); got != "1 1" {
			t.Errorf("before an answer judged: %s", got)
		}
		w.submit(monday(22, 50), w.mei, letter(w.mei, "r1@team.example", "Re: Project", monday(22, 50), answer, "To: ana@team.example",
			"In-Reply-To: <v1@team.example>"), "ana@team.example")
		if err := w.q.Follow(t.Context(), monday(22, 51)); err != nil {
			t.Fatal(err)
		}
		if got := w.judged(policies.Context); got != want {
			t.Errorf("%q: judged %s, want %s", answer, got, want)
		}
	}
}

func TestWhoIsNotCoached(t *testing.T) {
	for name, change := range map[string]func(*world) *Submission{
		"a team without": func(w *world) *Submission { w.reopen(); return nil },
		"a person without": func(w *world) *Submission {
			w.profile(w.ana, func(p *people.Profile) { p.Coach = people.Off })
			return nil
		},
		"the mode off": func(w *world) *Submission {
			w.profile(w.ana, func(p *people.Profile) { p.CoachMode = people.CoachOff })
			return nil
		},
		"a person without this policy": func(w *world) *Submission {
			w.profile(w.ana, func(p *people.Profile) { p.CoachPolicies = map[string]people.Switch{policies.Context: people.Off} })
			return nil
		},
		"a team without this policy": func(w *world) *Submission {
			w.reopen(coaching, func(o *Options) { o.CoachPolicies = map[string]policies.Mode{policies.Context: policies.Off} })
			return nil
		},
		"a machine": func(*world) *Submission { return &Submission{Device: true} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, coaching)
			s := change(w)
			if s == nil {
				s = &Submission{}
			}
			s.Author, s.Envelope, s.Now = w.ana, envelope(w.ana, "mei@team.example"), morning
			s.Staged = w.stage(letter(w.ana, "v1@team.example", "Project", morning, vague, "To: mei@team.example"), morning)
			if _, err := w.q.Submit(t.Context(), *s); err != nil {
				t.Fatal(err)
			}
			w.wantSubjects(w.ana, store.KindBefore, "")
			w.wantSubjects(w.ana, store.KindInbox, "")
		})
	}
}

func TestADryRunIsCountedOnly(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"the team":   func(o *Options) { o.Coach = people.DryRun },
		"the policy": func(o *Options) { o.CoachPolicies = map[string]policies.Mode{policies.Context: policies.DryRun} },
	} {
		w := newWorld(t, coaching, change)
		id := w.vague(morning, "v1@team.example")
		w.wantStates(id, "held Mon 22:30:20")
		w.wantSubjects(w.ana, store.KindBefore, "")
		w.wantSubjects(w.ana, store.KindInbox, "")
		found := false
		w.view(func(tx *store.Tx) error {
			events, err := tx.EventsOfSubmission(id)
			for _, e := range events {
				found = found || e.Kind == evCoachDryRun && detailOf(e)["policy"] == policies.Context && detailOf(e)["reason"] == "no-topic"
			}
			return err
		})
		if !found {
			t.Errorf("%s: nothing in the ledger: %q", name, w.kinds(id))
		}
	}
}

func TestTroubleInTheCoachCostsTheAdviceOnly(t *testing.T) {
	w := newWorld(t, coaching)
	in, err := w.q.read(Submission{Author: w.ana, Envelope: envelope(w.ana, "mei@team.example"), Now: morning,
		Staged: w.stage(letter(w.ana, "v1@team.example", "Project", morning, vague, "To: mei@team.example"), morning)})
	if err != nil {
		t.Fatal(err)
	}
	broken := func(func(*store.Tx) error) error { panic("a coach that cannot read") }
	input := policies.Standalone(in.facts, in.content, nil)
	if err := w.q.consider(in, input, broken); err != nil || in.back != nil {
		t.Errorf("got %v, %+v", err, in.back)
	}
	if !strings.Contains(w.log.String(), "a coach that cannot read") {
		t.Error("nobody hears of it")
	}
}

func TestTwoDraftsThatMayBeMeantAreBothKept(t *testing.T) {
	w := newWorld(t, coaching)
	first := w.vague(morning, "v1@team.example")
	// Another draft of the same kind, by another policy, under the same subject.
	second := w.vague(morning, "v2@team.example", replacing(vague, "I have attached the plan and the figures of the whole team for you."))
	w.wantStates(second, "held Mon 22:45:00")
	w.vague(morning.Add(time.Minute), "v3@team.example", replacing(vague, better+" I have attached the plan and the figures of the whole team for you."), replacing("To: ", "X-Y: z\r\nTo: "))
	w.wantStates(first, "held Mon 22:45:00")
	w.wantStates(second, "held Mon 22:45:00")
}

func TestAProgramThatSendsInBulkIsNotCoached(t *testing.T) {
	w := newWorld(t, coaching)
	send := func(n int, now time.Time) {
		text := letter(w.ana, fmt.Sprintf("b%d@team.example", n), fmt.Sprint("Offer ", n), now, fmt.Sprintf("Please find offer %d attached.", n), "To: joe@else.example")
		w.submit(now, w.ana, text, "joe@else.example")
	}
	for n := range outsideRate + 5 {
		send(n, morning)
	}
	if got := len(w.entries(w.ana, store.KindInbox)); got != outsideRate {
		t.Errorf("%d letters of advice, want %d", got, outsideRate)
	}
	send(1000, morning.Add(time.Minute))
	if got := len(w.entries(w.ana, store.KindInbox)); got != outsideRate+1 {
		t.Errorf("a minute later: %d letters", got)
	}
}

// TestLongMailToElsewhereIsNotRead: it would cost more than its delivery.
func TestLongMailToElsewhereIsNotRead(t *testing.T) {
	w := newWorld(t, coaching)
	read := func(words string) bool {
		text := letter(w.ana, "l@team.example", "Offer", monday(10, 0), words, "To: joe@else.example")
		in, err := w.q.read(Submission{Author: w.ana, Envelope: envelope(w.ana, "joe@else.example"), Staged: w.stage(text, monday(10, 0)), Now: monday(10, 0)})
		if err != nil {
			t.Fatal(err)
		}
		var input policies.Input
		if err := w.q.readForCoach(in, &input, func(f func(*store.Tx) error) error { return w.db.View(t.Context(), f) }); err != nil {
			t.Fatal(err)
		}
		return input.Read != nil
	}
	if !read("Please look at it by Friday.") {
		t.Error("a short mail is not read")
	}
	if read(strings.Repeat("Please look at it by Friday.\r\n", 1000)) {
		t.Error("a mail of 30 KB is read")
	}
}
