package inbox_test

import (
	"strings"
	"testing"
	"time"

	"tidepost/inbox"
	"tidepost/people"
	"tidepost/store"
)

// TestRoom: what does not fit is refused; the reader is told once a week, in their hours;
// what was deleted makes room at once.
func TestRoom(t *testing.T) {
	h := newHouse(t, func(o *inbox.Options) { o.Quota = 1_000_000 })
	fits := func(size int64, now time.Time, want bool) {
		t.Helper()
		ok, err := h.box.Room(t.Context(), h.ana, size, now)
		if err != nil {
			t.Fatal(err)
		}
		if ok != want {
			t.Errorf("%d octets at %s: %v", size, now, ok)
		}
	}
	told := func() (n int) {
		for _, m := range h.list(h.ana, store.KindInbox) {
			if strings.Contains(m, "Little room is left") {
				n++
			}
		}
		return n
	}
	fits(100_000, monday, true)
	fits(1_000_001, monday, false)
	if told() != 1 {
		t.Errorf("told %d times", told())
	}
	big := h.text("Joe <joe@else.example>", "Big") + strings.Repeat("A line of text.\r\n", 58_000)
	h.mustReceive("ana@team.example", big, monday)
	night := at("11-24", "02:00")
	fits(20_000, night, false)
	fits(5_000, at("11-24", "10:00"), true) // 986 KB are there
	fits(20_000, at("12-02", "03:00"), false)
	if told() != 1 {
		t.Errorf("told %d times within a week, or by night", told())
	}
	fits(20_000, at("12-02", "11:00"), false)
	if told() != 2 {
		t.Errorf("told %d times after a week", told())
	}
	for _, kind := range []store.Kind{store.KindInbox, store.KindNextDelivery} {
		for _, e := range h.entries(h.ana, kind) {
			h.update(func(tx *store.Tx) error { return tx.RemoveEntry(e, store.GoneExpunged, monday) })
		}
	}
	fits(900_000, at("12-02", "11:01"), true)

	// Everybody has the team's limit but who has one of their own.
	h.set(h.tom, func(p *people.Profile) { p.Quota = new(int64) })
	h.reload()
	if ok, err := h.box.Room(t.Context(), h.tom, 1<<40, monday); err != nil || !ok {
		t.Errorf("no limit: %v, %v", ok, err)
	}
	u, err := h.box.Usage(t.Context(), h.tom, monday)
	if err != nil || u != (inbox.Usage{}) {
		t.Errorf("usage %+v, %v", u, err)
	}
}
