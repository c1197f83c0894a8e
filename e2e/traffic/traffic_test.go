package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/e2e/reconcile"
)

// What was acknowledged before the power went counts, to the last moment.
func TestNothingIsSaidWithoutPower(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 23, 9, 0, s, 0, time.UTC) }
	sent := []reconcile.Sent{{ID: "before", Acked: at(10)}, {ID: "in the dark", Acked: at(11), Returned: at(12)}, {ID: "behind", Acked: at(20)}, {ID: "back", Acked: at(5), Returned: at(13)}, {ID: "never"}}
	got := withoutPower(sent, []Span{{at(1), at(2)}, {at(10), at(20)}})
	want := []reconcile.Sent{{ID: "before", Acked: at(10)}, {ID: "in the dark"}, {ID: "behind", Acked: at(20)}, {ID: "back", Acked: at(5)}, {ID: "never"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
