package mirror_test

import (
	"slices"
	"testing"
	"time"
)

// Flagged and moved between two looks of ours: both are kept.
func TestFlagsSetJustBeforeAMoveAreKept(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		for _, to := range []string{"INBOX", "Archive"} {
			from := "Tidepost/Next delivery"
			if to == "Archive" {
				from = "INBOX"
			}
			w.must(w.host.Flag(from, "Figures", `\Flagged`, to == "INBOX"))
			w.must(w.host.Move(from, "Figures", to))
			w.wait(5 * time.Minute)
			w.want(to, "Figures")
			if flags := w.host.Folder(to)[0].Flags; slices.Contains(flags, `\Flagged`) != (to == "INBOX") {
				t.Errorf("in %s it has %v", to, flags)
			}
		}
	})
}
