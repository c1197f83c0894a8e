package intent

import (
	"testing"
	"time"
)

// TestTimesAreNoPromise: who is asked when something is names a time, and promises nothing.
func TestTimesAreNoPromise(t *testing.T) {
	ref := time.Date(2026, 3, 24, 9, 30, 0, 0, time.UTC)
	for text, want := range map[string]int{
		"On Thursday and Friday.":              0,
		"On Thursday at 3pm or Friday at noon": 0,
		"Thursday":                             0,
		"I will send it on Thursday.":          1,
		"You'll have it by Friday noon.":       1,
	} {
		got := Read(Input{Text: text, Subject: "Re: Crane", Date: ref, Zone: time.UTC, Reply: true})
		if len(got.Promises) != want {
			t.Errorf("%q: %d promises, want %d", text, len(got.Promises), want)
		}
	}
}
