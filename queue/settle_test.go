package queue

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

func (w *world) outside(now time.Time, mid string, change ...func(*Submission)) int64 {
	w.t.Helper()
	s := Submission{Author: w.ana, Envelope: envelope(w.ana, "joe@else.example"), Now: now,
		Staged: w.stage(letter(w.ana, mid, "Offer", now, "text", "To: joe@else.example"), now)}
	for _, f := range change {
		f(&s)
	}
	id, err := w.q.Submit(w.t.Context(), s)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// forward runs whatever becomes due until an instant.
func (w *world) forward(from, until time.Time) {
	w.t.Helper()
	for now := from; ; {
		w.run(now)
		due, ok, err := w.q.NextDue(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok || due.After(until) {
			return
		}
		now = due
	}
}

func TestTransientFailuresAreTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(_ mail.Address, n int) Result {
		if n < 3 {
			return replied(451, "Try later")
		}
		return taken()
	}
	now := monday(10, 0)
	id := w.outside(now, "t@team.example")
	w.run(now.Add(20 * time.Second))
	w.wantStates(id, "deferred Mon 10:02:20")
	w.forward(now, now.Add(time.Hour))
	w.wantStates(id, "delivered")
	if got := w.kinds(id); got != "accepted held attempt deferred attempt deferred attempt delivered" {
		t.Errorf("ledger: %q", got)
	}
	if r := w.recipients(id)[0]; r.Attempts != 3 || r.Remote != "mx.elsewhere.example" || !r.Released.Equal(now.Add(20*time.Second)) {
		t.Errorf("recipient: %+v", r)
	}
}

func TestFiveDaysThenAReport(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(mail.Address, int) Result { return replied(450, "Busy") }
	now := monday(10, 0)
	id := w.outside(now, "g@team.example")
	w.forward(now, now.Add(5*time.Hour))
	notes := w.entries(w.ana, store.KindInbox)
	if len(notes) != 1 || !strings.Contains(w.octets(notes[0]), "Action: delayed") {
		t.Fatalf("after five hours: %q", w.subjects(w.ana, store.KindInbox))
	}
	w.forward(now.Add(5*time.Hour), now.Add(121*time.Hour))
	w.forward(now.Add(121*time.Hour), now.Add(130*time.Hour))
	w.wantStates(id, "expired")
	notes = w.entries(w.ana, store.KindInbox)
	if len(notes) != 2 || !strings.Contains(w.octets(notes[1]), "Status: 4.4.7") && !strings.Contains(w.octets(notes[1]), "Status: 5.4.7") {
		t.Errorf("reports: %q\n%s", w.subjects(w.ana, store.KindInbox), w.octets(notes[len(notes)-1]))
	}
}

func TestReports(t *testing.T) {
	cases := []struct {
		name   string
		answer Result
		change func(*Submission)
		state  string
		want   string // in the report; "" for none
	}{
		{"a refusal", replied(550, "No such user"), nil, "bounced", "Action: failed"},
		{"a refusal of mail without return path", replied(550, "No such user"), func(s *Submission) { s.Envelope.From = mail.Address{} }, "bounced", ""},
		{"a refusal nobody wants to hear of", replied(550, "No"), func(s *Submission) { s.Envelope.Recipients[0].Notify = "NEVER" }, "bounced", ""},
		{"a success report that is ours", taken(), func(s *Submission) { s.Envelope.Recipients[0].Notify = "SUCCESS" }, "delivered", "Action: relayed"},
		{"a success report that is theirs", func() Result { r := taken(); r.DSN = true; return r }(), func(s *Submission) { s.Envelope.Recipients[0].Notify = "SUCCESS" }, "delivered", ""},
		{"the whole message back", replied(550, "No"), func(s *Submission) { s.Envelope.Ret = "FULL" }, "bounced", "message/rfc822"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.out.answer = func(mail.Address, int) Result { return c.answer }
			now := monday(10, 0)
			id := w.outside(now, "r@team.example", func(s *Submission) {
				if c.change != nil {
					c.change(s)
				}
			})
			w.run(now.Add(time.Minute))
			w.wantStates(id, c.state)
			notes := w.entries(w.ana, store.KindInbox)
			switch {
			case c.want == "" && len(notes) > 0:
				t.Errorf("reported all the same: %q", w.subjects(w.ana, store.KindInbox))
			case c.want != "" && (len(notes) != 1 || !strings.Contains(w.octets(notes[0]), c.want)):
				t.Errorf("reports: %d, want one with %q", len(notes), c.want)
			}
		})
	}
}

func TestSuccessReportOfAColleague(t *testing.T) {
	w := newWorld(t)
	now := monday(3, 0)
	s := Submission{Author: w.ana, Now: now, Envelope: envelope(w.ana, "mei@team.example"),
		Staged: w.stage(letter(w.ana, "s@team.example", "x", now, "t", "To: mei@team.example"), now)}
	s.Envelope.Recipients[0].Notify = "SUCCESS"
	if _, err := w.q.Submit(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.run(now.Add(time.Minute))
	n := w.entries(w.ana, store.KindInbox)
	if len(n) != 1 || !strings.Contains(w.octets(n[0]), "Action: delivered") {
		t.Errorf("reports: %q", w.subjects(w.ana, store.KindInbox))
	}
}

func TestMailToSomebodyWhoLeftBounces(t *testing.T) {
	w := newWorld(t)
	id, _ := w.held("gone@team.example")
	w.update(func(tx *store.Tx) error { return tx.RemovePerson(w.mei.ID) })
	if err := w.people.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.run(monday(23, 0))
	w.wantStates(id, "bounced")
	if s := w.subjects(w.ana, store.KindInbox); !strings.Contains(s, "Budget") || !strings.Contains(w.octets(w.entries(w.ana, store.KindInbox)[1]), "has left the team") {
		t.Errorf("reports: %q", s)
	}
}

func TestUnknownOutcomeIsNamed(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(_ mail.Address, n int) Result {
		if n == 1 {
			return Result{AfterDot: true, Trouble: "protocol", Reply: mail.Reply{Code: 451, Enhanced: [3]int{4, 4, 2}, Text: "Connection lost"}}
		}
		return taken()
	}
	now := monday(10, 0)
	id := w.outside(now, "u@team.example")
	w.forward(now, now.Add(time.Hour))
	if got := w.kinds(id); got != "accepted held attempt possible-duplicate deferred attempt delivered" {
		t.Errorf("ledger: %q", got)
	}
	got := w.out.list()
	if len(got) != 2 || got[0].mid != got[1].mid || got[0].octet != got[1].octet {
		t.Errorf("the repeat differs: %v", got)
	}
}

func TestAnAttemptThatAStopBreaksOffIsDueAtOnce(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(mail.Address, int) Result {
		return Result{Trouble: "stopped", Reply: mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 2}, Text: "Sending was stopped"}}
	}
	now := time.Now().UTC() // an attempt reads the clock itself
	id := w.outside(now, "u@team.example")
	if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	u, ok := w.q.pool.take()
	if !ok {
		t.Fatal("nothing was claimed")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	w.q.attempt(stopped, u[0])
	r := w.recipients(id)[0]
	if r.State != store.Deferred || r.Due.After(time.Now()) {
		t.Errorf("%s, due in %s; want deferred, and due when the server starts again", r.State, time.Until(r.Due))
	}
}

func TestSmarthostTroubleAlarmsOnce(t *testing.T) {
	w := newWorld(t)
	good := false
	w.out.answer = func(mail.Address, int) Result {
		if good {
			return taken()
		}
		return Result{Alarm: true, Trouble: "auth", Reply: mail.Reply{Code: 454, Enhanced: [3]int{4, 7, 0}, Text: "Login refused"}}
	}
	now := monday(10, 0)
	a, b := w.outside(now, "a1@team.example"), w.outside(now, "a2@team.example")
	w.forward(now, now.Add(10*time.Minute))
	if got := strings.Join(w.alarms, " "); got != "smarthost" {
		t.Errorf("alarms: %q, want one", got)
	}
	good = true
	w.forward(now.Add(11*time.Minute), now.Add(5*time.Hour))
	w.wantStates(a, "delivered")
	w.wantStates(b, "delivered")
	if w.q.alarms.on["smarthost"] {
		t.Error("the alarm stays on")
	}
}

func TestAPanickingSenderLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(_ mail.Address, n int) Result {
		if n == 1 {
			panic("sender")
		}
		return taken()
	}
	now := monday(10, 0)
	id := w.outside(now, "p@team.example")
	w.run(now.Add(time.Minute))
	if got := w.states(id); !strings.HasPrefix(got, "deferred") {
		t.Errorf("state %q", got)
	}
	w.forward(now.Add(time.Minute), now.Add(time.Hour))
	w.wantStates(id, "delivered")
}

func TestCrashBetweenClaimAndSettle(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.outside(now, "c@team.example")
	if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "sending")
	w.reopen()
	if err := w.q.RunDue(t.Context(), now.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	w.run(now.Add(2 * time.Minute))
	w.wantStates(id, "delivered")
	if got := w.kinds(id); got != "accepted held attempt possible-duplicate deferred attempt delivered" {
		t.Errorf("ledger: %q", got)
	}
	if got := w.out.list(); len(got) != 1 {
		t.Errorf("it went out %d times", len(got))
	}
}

func TestTheSameMailAgain(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	text := letter(w.ana, "same@team.example", "Budget", now, "text", "To: mei@team.example, joe@else.example")
	to := []string{"mei@team.example", "joe@else.example"}
	id := w.submit(now, w.ana, text, to...)
	if got := w.submit(now.Add(time.Second), w.ana, text, to...); got != id {
		t.Errorf("the repeat became %d, want %d", got, id)
	}
	w.run(now.Add(time.Minute)) // Joe has it, Mei's waits.
	if got := w.submit(now.Add(2*time.Minute), w.ana, text, to...); got != id {
		t.Errorf("the repeat became %d, want %d", got, id)
	}
	w.run(now.Add(3 * time.Minute))
	if n := len(w.out.list()); n != 1 {
		t.Errorf("Joe got it %d times", n)
	}
	if got := strings.Count(w.subjects(w.ana, store.KindInbox), "Already sent: Budget"); got != 1 {
		t.Errorf("told %d times: %q", got, w.subjects(w.ana, store.KindInbox))
	}
	// Only on request.
	w.reply(w.ana, "Already sent: Budget", "again", now.Add(4*time.Minute))
	w.run(now.Add(5 * time.Minute))
	if n := len(w.out.list()); n != 2 {
		t.Errorf("Joe got it %d times after *again*, want 2", n)
	}
	// After a cancel it is new mail.
	e := w.entries(w.ana, store.KindScheduled)[0]
	if _, err := w.moveOut(w.ana, e, store.KindTrash, now.Add(6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	fresh := w.submit(now.Add(7*time.Minute), w.ana, text, "mei@team.example")
	w.wantStates(fresh, "held Mon 22:00:00")
	// Another body with the same Message-ID is another mail.
	other := w.submit(now.Add(8*time.Minute), w.ana, text+"more\r\n", "mei@team.example")
	if other == fresh {
		t.Error("another body was taken for a repeat")
	}
}

func TestAnAnswerPullsItsParentAlong(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	parent := w.submit(now, w.tom, letter(w.tom, "p1@team.example", "Plan", now, "t", "To: mei@team.example, ana@team.example"), "mei@team.example", "ana@team.example")
	child := w.submit(now.Add(time.Minute), w.ana, letter(w.ana, "p2@team.example", "[now] Re: Plan", now, "t", "To: mei@team.example", "In-Reply-To: <p1@team.example>"), "mei@team.example")
	grand := w.submit(now.Add(2*time.Minute), w.tom, letter(w.tom, "p3@team.example", "[urgent] Re: Plan", now, "t", "To: mei@team.example", "References: <p1@team.example> <p2@team.example>"), "mei@team.example")
	w.run(now.Add(2 * time.Minute))
	for _, id := range []int64{child, grand} {
		w.wantStates(id, "delivered")
	}
	w.wantStates(parent, "delivered, delivered")
	w.wantSubjects(w.mei, store.KindInbox, "Plan; Re: Plan; Re: Plan")
}

func TestAnAnswerWaitsForAFrozenParent(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("fp@team.example")
	w.update(func(tx *store.Tx) error { return w.q.SetFrozen(tx, w.ana, e, true, monday(13, 5)) })
	child := w.submit(monday(13, 6), w.ana, letter(w.ana, "fc@team.example", "[now] Re: Budget", monday(13, 6), "t", "To: mei@team.example", "In-Reply-To: <fp@team.example>"), "mei@team.example")
	w.run(monday(13, 10))
	w.wantStates(child, "held Mon 14:10:00")
	w.wantStates(id, "held Mon 22:00:00")
	w.update(func(tx *store.Tx) error { return w.q.CancelEntry(tx, w.ana, e, monday(13, 20)) })
	w.run(monday(14, 10))
	w.wantStates(child, "delivered")
}

func TestAnAnswerFromOutsideFreesItsParent(t *testing.T) {
	w := newWorld(t)
	id, _ := w.held("fo@team.example")
	if err := w.q.FreeParents(t.Context(), []string{"fo@team.example", "other@x"}, []*people.Person{w.mei}, monday(15, 0)); err != nil {
		t.Fatal(err)
	}
	w.run(monday(15, 0))
	w.wantStates(id, "delivered")
}

func TestUrgentIsCountedAndItsCostTold(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Budget = 2 })
	now := monday(16, 10) // 03:10 in Sydney, 11:10 in New York.
	for i := range 3 {
		at := now.Add(time.Duration(i) * time.Minute)
		id := w.submit(at, w.ana, letter(w.ana, fmt.Sprintf("u%d@team.example", i), "[urgent] Fire", at, "t", "To: mei@team.example"), "mei@team.example")
		w.run(at)
		w.wantStates(id, "delivered")
	}
	notes := w.entries(w.ana, store.KindInbox)
	o := mail.Text(w.content(notes[0]))
	for _, want := range []string{"03:10 Sydney", "+61\u00a02\u00a02", "Tom (New York 11:10)", "*tom*", "1 left"} {
		if !strings.Contains(o, want) {
			t.Errorf("cost note lacks %q:\n%s", want, o)
		}
	}
	if o := w.octets(notes[2]); !strings.Contains(o, "3 of 2") {
		t.Errorf("past the budget:\n%s", o)
	}
	said := w.reply(w.ana, "Urgent: Fire", "tom", now.Add(5*time.Minute))
	if !strings.Contains(said, "Sent to Tom too") {
		t.Errorf("answer:\n%s", said)
	}
	w.run(now.Add(5 * time.Minute))
	w.wantSubjects(w.tom, store.KindInbox, "Fire")
	said = w.reply(w.ana, "Urgent: Fire", "nobody", now.Add(6*time.Minute))
	if !strings.Contains(said, "do not understand") || !strings.Contains(said, "address of a colleague") {
		t.Errorf("answer:\n%s", said)
	}
}

func TestHighImportanceIsNotHeardForEver(t *testing.T) {
	w := newWorld(t)
	now := monday(13, 0)
	for i := range 6 {
		id := w.submit(now, w.ana, letter(w.ana, fmt.Sprintf("i%d@team.example", i), "x", now, "t", "To: mei@team.example", "Importance: high"), "mei@team.example")
		want := "held Mon 13:00:00"
		if i == 5 {
			want = "held Mon 22:00:00"
		}
		w.wantStates(id, want)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	ok := func(fields ...string) string { return letter(w.ana, "r@team.example", "x", now, "t", fields...) }
	circle := make([]string, 101)
	for i := range circle {
		circle[i] = "Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000"
	}
	for _, c := range []struct {
		name, text string
		to         string
		code       int
		words      string
	}{
		{"two From fields", ok("From: mei@team.example"), "joe@else.example", 550, "exactly one"},
		{"a list in From", strings.Replace(ok(), "From: Ana Silva <ana@team.example>", "From: ana@team.example, mei@team.example", 1), "joe@else.example", 550, "exactly one"},
		{"another's From", letter(w.mei, "r@team.example", "x", now, "t"), "joe@else.example", 550, "not one of yours"},
		{"an unknown colleague", ok(), "nobody@team.example", 550, "nobody here"},
		{"a circle", ok(circle...), "joe@else.example", 554, "circle"},
		{"a signed Bcc", ok("Bcc: mei@team.example", "DKIM-Signature: v=1; a=rsa-sha256; d=team.example; s=s; h=from:bcc; bh=x; b=x"), "joe@else.example", 550, "Bcc"},
		{"a signed tag", strings.Replace(ok("DKIM-Signature: v=1; a=rsa-sha256; d=team.example; s=s; h=from:subject; bh=x; b=x"), "Subject: x", "Subject: [now] x", 1), "joe@else.example", 550, "Subject"},
	} {
		_, err := w.trySubmit(now, w.ana, c.text, c.to)
		t.Log(c.name)
		wantReply(t, err, c.code, c.words)
	}
	_, err := w.q.Submit(t.Context(), Submission{Author: w.ana, Now: now, Staged: w.stage(ok(), now), Envelope: envelope(w.mei, "joe@else.example")})
	wantReply(t, err, 550, "not one of yours")
	far := envelope(w.ana, "joe@else.example")
	far.HoldUntil = now.AddDate(2, 0, 0)
	_, err = w.q.Submit(t.Context(), Submission{Author: w.ana, Now: now, Staged: w.stage(ok(), now), Envelope: far})
	wantReply(t, err, 501, "too far")
	_, err = w.q.Submit(t.Context(), Submission{Author: w.ana, Now: now, Staged: w.stage(ok(), now), Envelope: envelope(w.ana)})
	wantReply(t, err, 554, "no recipient")
}

func TestMailToTidepost(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	w.submit(now, w.ana, letter(w.ana, "q1@team.example", "x", now, "settings", "To: tidepost@team.example"), "tidepost@team.example")
	w.submit(now, w.ana, letter(w.ana, "q2@team.example", "y", now, "dance", "To: tidepost@team.example"), "tidepost@team.example")
	w.submit(now, w.ana, letter(w.ana, "q3@team.example", "z", now, "away", "To: tidepost@team.example", "Auto-Submitted: auto-replied"), "tidepost@team.example")
	e := w.entries(w.ana, store.KindInbox)
	if len(e) != 2 {
		t.Fatalf("answers: %q", w.subjects(w.ana, store.KindInbox))
	}
	if !strings.Contains(w.octets(e[0]), "Your settings, and what to write") || !strings.Contains(w.octets(e[1]), "do not understand") {
		t.Errorf("answers:\n%s\n%s", w.octets(e[0]), w.octets(e[1]))
	}
	if n := len(w.out.list()); n != 0 {
		t.Errorf("%d mails were relayed", n)
	}
}

func TestPoliciesThatFailHoldTheMail(t *testing.T) {
	w := newWorld(t)
	w.q.evaluate = func(policies.Input, time.Time) []policies.Finding { panic("rule") }
	now := monday(10, 0)
	id := w.submit(now, w.ana, letter(w.ana, "pf@team.example", "Budget", now, "t", "To: joe@else.example"), "joe@else.example")
	w.run(now.Add(time.Hour))
	if got := w.states(id); !strings.HasPrefix(got, "held") {
		t.Errorf("state %q, want held", got)
	}
	w.wantSubjects(w.ana, store.KindInbox, "Waits: Budget")
	if strings.Join(w.alarms, " ") != "policies" {
		t.Errorf("alarms %v", w.alarms)
	}
	e := w.entries(w.ana, store.KindScheduled)[0]
	if _, err := w.moveIn(w.ana, e, store.KindSendNow, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.run(now.Add(time.Hour))
	w.wantStates(id, "delivered")
}
