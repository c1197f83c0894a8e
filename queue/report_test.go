package queue

import (
	"strings"
	"testing"

	"tidepost/store"
)

func TestReportIsForWhoeverAsks(t *testing.T) {
	w := newWorld(t)
	w.ask(monday(14, 0), w.ana, "a1@x", "Hello Tom, the numbers of last week are in the drive.", "tom@team.example")
	w.decide(monday(14, 1))
	said := w.tells(monday(14, 30), w.tom, "", "Report")
	w.wantSays(said, "for your eyes only")
	w.wantSays(said, "Interruptions spared 0: 1 mails would have come at 1 moments, and came at 1")
	w.wantSays(said, "Answered in time 0 of 0 questions; 0 late, 0 not answered yet")
	if strings.Contains(said, "Ana") {
		t.Errorf("names somebody:\n%s", said)
	}
	w.wantSays(w.tells(monday(14, 31), w.ana, "", "report me"), "Interruptions spared 0: 0 mails")
	w.view(func(tx *store.Tx) error {
		events, err := tx.EventsAfter(0, 1000)
		n := 0
		for _, e := range events {
			if e.Kind == evReported {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d looks in the ledger, want 2", n)
		}
		return err
	})
}
