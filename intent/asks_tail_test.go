package intent

import (
	"testing"
	"time"
)

// TestSecondQuestion: a short question behind another is one of its own unless it only
// presses for the answer.
func TestSecondQuestion(t *testing.T) {
	for text, want := range map[string]int{
		"Can you send me the figures? Could you confirm the price?": 2,
		"Could you review the draft? And when is the launch?":       2,
		"Who signs? Where is the key? When do we start?":            3,
		"Is Tuesday fine? Please let me know.":                      1,
		"Is the price right? Can you confirm by Friday?":            1,
		"Does that suit you? Please tell me by Thursday.":           1,
	} {
		got := Read(Input{Text: "Hi Hugo,\n\n" + text + "\n", Subject: "Crane", Date: time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC), Zone: time.UTC})
		if text == "Is the price right? Can you confirm by Friday?" && (len(got.Asks) == 0 || got.Asks[0].Due == nil) {
			t.Errorf("%q: no due time", text)
		}
		if len(got.Asks) != want {
			t.Errorf("%q: %d asks, want %d: %+v", text, len(got.Asks), want, got.Asks)
		}
	}
}
