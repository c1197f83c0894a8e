package queue

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// stateOnly is the states of the recipients, without times.
func (w *world) stateOnly(sub int64) string {
	w.t.Helper()
	var out []string
	for _, r := range w.recipients(sub) {
		out = append(out, string(r.State))
	}
	return strings.Join(out, " ")
}

func (w *world) wantOnly(sub int64, want string) {
	w.t.Helper()
	if got := w.stateOnly(sub); got != want {
		w.t.Errorf("recipients of %d: got %q, want %q", sub, got, want)
	}
}

// TestPlainMailLeavesAsItIsAccepted: with an idle worker it is claimed by the
// transaction that accepts it, and goes out with the octets it would have had.
func TestPlainMailLeavesAsItIsAccepted(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Undo = 0 })
	now := monday(10, 0)
	mail := func(mid string) string {
		return letter(w.ana, mid, "Offer", now, "Dear Joe,\r\n.dots and all", "To: joe@else.example")
	}
	before := w.submit(now, w.ana, mail("p0@team.example"), "joe@else.example")
	w.wantOnly(before, "held") // Nothing has been recovered yet.
	w.run(now)
	w.wantOnly(before, "delivered")

	id := w.submit(now, w.ana, mail("p1@team.example"), "joe@else.example", "sam@else.example")
	w.wantOnly(id, "sending sending")
	w.run(now)
	w.wantOnly(id, "delivered delivered")
	if got, want := w.kinds(id), "accepted attempt attempt delivered delivered"; got != want {
		t.Errorf("ledger: %s; want %s", got, want)
	}
	got := w.out.list()
	if len(got) != 3 {
		t.Fatalf("%d copies went out, want 3", len(got))
	}
	same := strings.NewReplacer("p0@", "p1@", queueID(before), queueID(id)).Replace(got[0].octet)
	if got[1].octet != same || got[2].octet != same {
		t.Errorf("it went out as\n%s\nand the ordinary way as\n%s", got[1].octet, same)
	}
	if again := w.submit(now, w.ana, mail("p1@team.example"), "joe@else.example"); again != id {
		t.Errorf("the same mail again is submission %d, want %d", again, id)
	}
	if free := w.q.pool.free(); free != 4 {
		t.Errorf("%d workers are free, want 4: one is still kept", free)
	}
}

// TestWhatMustNotLeaveAtOnce: colleagues, answers, and mail that finds no worker or
// would overtake others for long.
func TestWhatMustNotLeaveAtOnce(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Undo = 0 })
	now := monday(10, 0)
	w.run(now)
	n := 0
	submit := func(at time.Time, field string, to ...string) int64 {
		n++
		fields := []string{"To: " + to[0]}
		if field != "" {
			fields = append(fields, field)
		}
		return w.submit(at, w.ana, letter(w.ana, fmt.Sprintf("m%d@team.example", n), "x", at, "t", fields...), to...)
	}
	w.wantOnly(submit(now, "", "joe@else.example", "ana@team.example"), "held held")
	w.wantOnly(submit(now, "In-Reply-To: <x@else.example>", "joe@else.example"), "held")
	w.run(now)
	for range 4 {
		w.wantOnly(submit(now, "", "joe@else.example"), "sending")
	}
	late := submit(now, "", "joe@else.example")
	w.wantOnly(late, "held") // All workers have something to do.
	for u, ok := w.q.pool.take(); ok; u, ok = w.q.pool.take() {
		w.q.pool.done(u)
	}
	w.wantOnly(submit(now.Add(time.Second), "", "joe@else.example"), "sending")
	w.wantOnly(submit(now.Add(3*time.Second), "", "joe@else.example"), "held")
	w.run(now.Add(3 * time.Second))
	w.wantOnly(late, "delivered")
}

// TestCrashBehindExpress: what was claimed when it was accepted is taken up like any
// other interrupted attempt, with the same octets.
func TestCrashBehindExpress(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Undo = 0 })
	now := monday(10, 0)
	w.run(now)
	id := w.submit(now, w.ana, letter(w.ana, "c@team.example", "x", now, "t", "To: joe@else.example"), "joe@else.example")
	w.wantOnly(id, "sending")
	u, _ := w.q.pool.take()
	want := string(u[0].f.rendition.Head) + "t\r\n"
	w.crash()
	w.run(now.Add(time.Minute))
	w.wantOnly(id, "delivered")
	if got := w.out.list(); len(got) != 1 || got[0].octet != want {
		t.Errorf("it went out as %q, want %q", got, want)
	}
}

// TestExpressEndsLikeAnyOther: whatever comes of it, and whoever looked meanwhile, the
// ledger tells the same story.
func TestExpressEndsLikeAnyOther(t *testing.T) {
	now := monday(10, 0)
	for name, c := range map[string]struct {
		answer func(mail.Address, int) Result
		notify string
		states string
		kinds  string
		letter string // in the author's INBOX
	}{
		"delivered": {states: "delivered delivered", kinds: "accepted attempt delivered attempt delivered"},
		"report":    {notify: "SUCCESS", states: "delivered delivered", kinds: "accepted attempt attempt delivered delivered report", letter: "passed on"},
		"bounced": {answer: func(mail.Address, int) Result { return replied(550, "No") }, states: "bounced bounced",
			kinds: "accepted attempt attempt bounced bounced report", letter: "not delivered"},
		"half": {answer: func(a mail.Address, _ int) Result {
			if a.Local == "joe" {
				return replied(451, "Later")
			}
			return taken()
		}, states: "deferred delivered", kinds: "accepted attempt attempt deferred delivered"},
	} {
		for _, looked := range []bool{false, true} {
			w := newWorld(t, func(o *Options) { o.Undo = 0 })
			w.run(now)
			w.out.answer = c.answer
			env := envelope(w.ana, "joe@else.example", "sam@else.example")
			for i := range env.Recipients {
				env.Recipients[i].Notify = c.notify
			}
			id, err := w.q.Submit(context.Background(), Submission{Author: w.ana, Envelope: env, Now: now, Peer: Peer{Protocol: "ESMTPSA"},
				Staged: w.stage(letter(w.ana, "e@team.example", "x", now, "t", "To: joe@else.example"), now)})
			if err != nil {
				t.Fatal(err)
			}
			kinds := c.kinds
			if looked {
				w.unpack()
				kinds = strings.Replace(kinds, "attempt delivered attempt delivered", "attempt attempt delivered delivered", 1)
			}
			w.workOff(now)
			w.wantOnly(id, c.states)
			if got := w.kinds(id); got != kinds {
				t.Errorf("%s, looked at %t: ledger %s, want %s", name, looked, got, kinds)
			}
			letters := w.subjects(w.ana, store.KindInbox)
			if c.letter == "" && letters != "" || !strings.Contains(strings.ToLower(letters), c.letter) {
				t.Errorf("%s, looked at %t: INBOX %q, want %q", name, looked, letters, c.letter)
			}
			if rep, err := w.db.CheckLedger(context.Background()); err != nil || len(rep.Findings) > 0 {
				t.Errorf("%s: %+v, %v", name, rep, err)
			}
		}
	}
}

// TestExpressIsSentAgainOnRequest: its text is gone, but the repeat brings it.
func TestExpressIsSentAgainOnRequest(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Undo = 0 })
	now := monday(10, 0)
	w.run(now)
	text := letter(w.ana, "a@team.example", "Offer", now, "the text", "To: joe@else.example")
	id := w.submit(now, w.ana, text, "joe@else.example")
	w.workOff(now)
	if again := w.submit(now.Add(time.Minute), w.ana, text, "joe@else.example"); again != id {
		t.Errorf("the repeat is submission %d, want %d", again, id)
	}
	w.run(now.Add(time.Minute))
	w.reply(w.ana, "Already sent: Offer", "again", now.Add(2*time.Minute))
	w.run(now.Add(3 * time.Minute))
	got := w.out.list()
	if len(got) != 2 || !strings.HasSuffix(got[1].octet, "\r\n\r\nthe text\r\n") {
		t.Errorf("sent: %q", got)
	}
}

// TestExpressUnderRun: the real workers, while others look; every mail arrives once.
func TestExpressUnderRun(t *testing.T) {
	w, now, stop := bench(t)
	var all sync.WaitGroup
	for i := range int64(4) {
		all.Go(func() {
			for n := range int64(40) {
				if err := w.put(i*1000+n, now, time.Time{}); err != nil {
					t.Error(err)
					return
				}
				if n%10 == i {
					w.unpack()
				}
			}
		})
	}
	all.Wait()
	stop()
	rep, err := w.db.CheckLedger(context.Background())
	if err != nil || len(rep.Findings) > 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	w.crash()
	if rep, err = w.db.CheckLedger(context.Background()); err != nil || len(rep.Findings) > 0 || rep.Accepted != 160 {
		t.Errorf("%+v, %v", rep, err)
	}
	sent := map[string]int{}
	for _, s := range w.out.list() {
		sent[s.mid]++
	}
	for mid, n := range sent {
		if n != 1 {
			t.Errorf("%s went out %d times", mid, n)
		}
	}
}
