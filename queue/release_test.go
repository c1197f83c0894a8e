package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

func TestOneMailDoesNotKeepTheOthers(t *testing.T) {
	w := newWorld(t)
	now := monday(3, 0)
	inbox := w.box(w.mei, store.KindInbox)
	w.update(func(tx *store.Tx) error { return tx.DeleteMailbox(inbox.ID, now) })
	bad := w.submit(now, w.ana, letter(w.ana, "bad@team.example", "[now] x", now, "t", "To: mei@team.example"), "mei@team.example")
	good := w.submit(now, w.ana, letter(w.ana, "good@team.example", "[now] x", now, "t", "To: tom@team.example"), "tom@team.example")
	w.run(now.Add(time.Minute))
	w.wantStates(bad, "held Mon 03:06:00")
	w.wantStates(good, "delivered")
	if strings.Join(w.alarms, " ") != "release" {
		t.Errorf("alarms: %v", w.alarms)
	}
	w.update(func(tx *store.Tx) error { return tx.EnsureMailboxes(w.mei.ID, now) })
	w.run(now.Add(10 * time.Minute))
	w.wantStates(bad, "delivered")
	if strings.Count(w.kinds(bad), "released") != 1 {
		t.Errorf("ledger: %q", w.kinds(bad))
	}
}

func TestAPlanThatCannotBeReadKeepsItsDueTime(t *testing.T) {
	w := newWorld(t)
	id, _ := w.held("pl@team.example")
	w.update(func(tx *store.Tx) error {
		r := w.recipients(id)[0]
		r.Plan = json.RawMessage(`{"rule": 5}`)
		return tx.MoveRecipient(r, store.Held, store.Event{At: monday(13, 1), Kind: evRescheduled})
	})
	if err := w.q.Replan(t.Context(), nil, monday(13, 2)); err != nil {
		t.Fatal(err)
	}
	w.run(monday(21, 0))
	w.wantStates(id, "held Mon 22:00:00")
	w.run(monday(22, 0))
	w.wantStates(id, "delivered")
}

func TestBusyWorkersDoNotHoldUpColleagues(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Workers = 2 })
	now := monday(10, 0)
	var ids []int64
	for i := range 5 {
		ids = append(ids, w.outside(now, fmt.Sprintf("b%d@team.example", i)))
	}
	at := now.Add(time.Minute)
	if err := w.q.RunDue(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, id := range ids {
		states = append(states, strings.Fields(w.states(id))[0])
	}
	if got := strings.Join(states, " "); got != "sending sending held held held" {
		t.Errorf("states: %s; want no more claimed than there are workers", got)
	}
	if due, ok, _ := w.q.NextDue(t.Context()); ok && !due.After(at) {
		t.Errorf("NextDue says %v though nobody is idle", due)
	}
	here := w.submit(at, w.tom, letter(w.tom, "here@team.example", "[urgent] x", at, "t", "To: ana@team.example"), "ana@team.example")
	if err := w.q.RunDue(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	w.wantStates(here, "delivered")
	w.run(at)
	for i, s := range w.out.list() {
		if want := fmt.Sprintf("b%d@team.example", i); s.mid != want {
			t.Errorf("mail %d is %s, want due order", i, s.mid)
		}
	}
}

// routed is a server elsewhere with a route for each domain.
type routed struct{ *elsewhere }

func (routed) Route(_ int64, _, a mail.Address) string { return a.Domain }

func TestASlowRouteLeavesWorkersToOthers(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Workers = 4 })
	w.q.sender = routed{w.out}
	now := monday(10, 0)
	var slow []int64
	for i := range 4 {
		slow = append(slow, w.submit(now, w.ana, letter(w.ana, fmt.Sprintf("s%d@team.example", i), "x", now, "t", "To: a@slow.example"), "a@slow.example"))
	}
	at := now.Add(time.Minute)
	if err := w.q.RunDue(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if got := w.q.pool.busyRoutes(); len(got) != 1 || got[0] != "slow.example" {
		t.Fatalf("busy routes: %v", got)
	}
	if free := w.q.pool.free(); free != 0 {
		t.Logf("%d workers idle", free)
	}
	w.workOff(at)
	w.q.Kick()
	w.run(at)
	for _, id := range slow {
		w.wantStates(id, "delivered")
	}
	both := w.submit(at, w.ana, letter(w.ana, "two@team.example", "x", at, "t", "To: a@slow.example, b@fast.example"), "a@slow.example", "b@fast.example")
	if err := w.q.RunDue(t.Context(), at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.q.pool.queue); n != 2 {
		t.Errorf("%d units, want one for each route", n)
	}
	w.run(at.Add(time.Minute))
	w.wantStates(both, "delivered, delivered")
}

func TestAnAnswerGoesBehindItsQuestionOnTheSameRoute(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	w.submit(now, w.ana, letter(w.ana, "c1@team.example", "[send in 3h] Question", now, "t", "To: joe@else.example"), "joe@else.example")
	w.submit(now, w.ana, letter(w.ana, "c2@team.example", "[now] Re: Question", now, "t", "To: joe@else.example", "In-Reply-To: <c1@team.example>"), "joe@else.example")
	if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(w.q.pool.queue); n != 1 || len(w.q.pool.queue[0]) != 2 {
		t.Fatalf("units: %v; want the two in one", w.q.pool.queue)
	}
	w.run(now.Add(time.Minute))
	got := w.out.list()
	if len(got) != 2 || got[0].mid != "c1@team.example" {
		t.Errorf("order: %v", got)
	}
}

func TestCrashAfterSendingRepeatsOnce(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.outside(now, "cs@team.example")
	if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	u, _ := w.q.pool.take()
	job := Job{Recipients: []mail.Recipient{{Address: addressOf("joe@else.example")}}, Size: u[0].f.rendition.Size}
	f := u[0].f
	job.Open = func() (io.ReadCloser, error) { return w.q.open(context.Background(), f), nil }
	w.q.send(t.Context(), job) // And then the process dies.
	w.reopen()
	w.run(now.Add(2 * time.Minute))
	w.wantStates(id, "delivered")
	got := w.out.list()
	if len(got) != 2 || got[0].octet != got[1].octet {
		t.Errorf("it went out %d times; want the same octets twice", len(got))
	}
	if strings.Count(w.kinds(id), "possible-duplicate") != 1 {
		t.Errorf("ledger: %q", w.kinds(id))
	}
}

func TestSettlingWaitsForTheDisk(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.outside(now, "sd@team.example")
	if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	u, _ := w.q.pool.take()
	w.db.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	w.q.settleSurely(ctx, u[0], []Result{taken()}) // Gives up only because it is told to stop.
	w.open()
	w.reload()
	w.wantStates(id, "sending")
	w.run(now.Add(2 * time.Minute))
	w.wantStates(id, "delivered")
}

func TestAPolicyThatHangsHoldsTheMail(t *testing.T) {
	w := newWorld(t)
	stop := make(chan struct{})
	defer close(stop)
	w.q.evaluate = func(policies.Input, time.Time) []policies.Finding { <-stop; return nil }
	now := monday(10, 0)
	began := time.Now()
	id := w.submit(now, w.ana, letter(w.ana, "hang@team.example", "Budget", now, "t", "To: joe@else.example"), "joe@else.example")
	if took := time.Since(began); took > policyTime+2*time.Second {
		t.Errorf("submission took %v", took)
	}
	if got := w.states(id); !strings.HasPrefix(got, "held Sat") {
		t.Errorf("state %q, want held for five days at most", got)
	}
}

func TestWhyInWords(t *testing.T) {
	for why, want := range map[string]string{
		whyFolder: "you asked for it", whyOutside: "you may still take it back", whyFailed: "Tidepost failed while looking at it",
		string(policies.ReasonTogether): "all readers get it together", "after-hours": "the working day is over", "grace": "you may still take it back",
	} {
		if got := (Plan{Why: why}).words(); got != want {
			t.Errorf("%s: got %q, want %q", why, got, want)
		}
	}
}

func TestARemovedAuthorsMailStillLeaves(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(mail.Address, int) Result { return replied(550, "No") }
	now := monday(10, 0)
	id := w.outside(now, "ra@team.example")
	w.update(func(tx *store.Tx) error { return tx.RemovePerson(w.ana.ID) })
	if err := w.people.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.run(now.Add(time.Minute))
	w.wantStates(id, "bounced")
	if !strings.HasSuffix(w.kinds(id), "bounced unreported") {
		t.Errorf("ledger: %q", w.kinds(id))
	}
}

func TestSameFirstNamesAreAskedByAddress(t *testing.T) {
	w := newWorld(t)
	w.add("Tom Other", "tother@team.example", "America/New_York", "")
	w.reload()
	if w.q.colleague("tom") != nil {
		t.Error("an ambiguous name was guessed")
	}
	if got := w.q.word(w.tom); got != "tom@team.example" {
		t.Errorf("word %q", got)
	}
	if got := w.q.colleague("tother@team.example"); got == nil || got.FirstName() != "Tom" {
		t.Errorf("colleague %v", got)
	}
	five := 5
	w.profile(w.tom, func(p *people.Profile) { p.UrgentBudget = &five })
	if got := w.q.budget(w.tom); got != 5 {
		t.Errorf("budget %d", got)
	}
}
