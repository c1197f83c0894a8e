package mirror_test

import (
	"slices"
	"testing"
	"time"
)

// Ana marks a colleague's mail and moves it twice before Tidepost looks: the rendition that
// replaces it has her marks.
func TestWhatIsReplacedKeepsItsMarks(t *testing.T) {
	play(t, func(w *world) {
		w.sends("mei", "ana@team.example", "Budget", "Here is the budget.")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "Budget")
		w.must(w.host.Move("Tidepost/Next delivery", "Budget", "INBOX"))
		w.wait(100 * time.Millisecond)
		w.must(w.host.Flag("INBOX", "Budget", `\Flagged`, true))
		w.must(w.host.Flag("INBOX", "Budget", "$Label1", true))
		w.must(w.host.Move("INBOX", "Budget", "Trash"))
		w.wait(2 * time.Minute)
		got := w.host.Folder("Trash")
		if len(got) != 1 || !slices.Contains(got[0].Flags, `\Flagged`) || !slices.Contains(got[0].Flags, "$Label1") {
			t.Fatalf("Trash: %+v, want one mail with both marks", got)
		}
		if got[0].UID < 2 {
			t.Errorf("Trash: number %d, want it replaced", got[0].UID)
		}
	})
}
