package queue

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
	w.reopen()
	w.run(now.Add(time.Minute))
	w.wantOnly(id, "delivered")
	if got := w.out.list(); len(got) != 1 || got[0].octet != want {
		t.Errorf("it went out as %q, want %q", got, want)
	}
}
