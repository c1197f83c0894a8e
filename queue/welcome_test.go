package queue

import (
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/store"
)

func (w *world) welcome(p *people.Person, now time.Time) (did bool) {
	w.update(func(tx *store.Tx) (err error) {
		did, err = w.q.Welcome(tx, p, now)
		return err
	})
	return did
}

func TestWelcomeComesOnceAndInHours(t *testing.T) {
	w := newWorld(t)
	if !w.welcome(w.ana, monday(22, 0)) { // Waits for her hours.
		t.Fatal("no letter")
	}
	w.wantSubjects(w.ana, store.KindInbox, "")
	w.wantSubjects(w.ana, store.KindNextDelivery, "Welcome to Tidepost")
	if w.welcome(w.ana, monday(22, 0).Add(23*time.Hour)) {
		t.Error("greeted twice within a day")
	}
	if !w.welcome(w.tom, monday(20, 0)) { // At work in New York.
		t.Fatal("no letter")
	}
	w.wantSubjects(w.tom, store.KindInbox, "Welcome to Tidepost")
	said := textIn(w.lastNote(w.tom))
	wantIn(t, strings.Join(strings.Fields(said), " "), "`Scheduled`", "`[now]`", "*help*", "the same time of your next working day")
	lines := 0
	for line := range strings.SplitSeq(said, "\n") {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines > 10 {
		t.Errorf("%d lines:\n%s", lines, said)
	}
}
