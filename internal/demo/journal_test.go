package demo

import (
	"encoding/json"
	"testing"

	"tidepost/store"
)

// TestTheJournalPassesOver: the ledger has lines that are not for the journal, and whose
// details mean other things under the same names. They must not end the demo.
func TestTheJournalPassesOver(t *testing.T) {
	for kind, detail := range map[string]string{
		"vacation": `{"to":"otto@shop.example"}`, "person-left": `{"address":"a@team.example","to":"b@team.example"}`,
	} {
		raw := json.RawMessage(detail)
		if l, err := (&journal{}).words(nil, store.Event{Kind: kind, Detail: &raw}); err != nil || l.text != "" {
			t.Errorf("%s: %q, %v", kind, l.text, err)
		}
	}
}
