package queue

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The quick look at a plan says what reading all of it does.
func TestWhyOfAPlan(t *testing.T) {
	for _, s := range []string{`{"why":"x","rule":"now"}`, `{"rule":"now","from":"2026-01-01T00:00:00Z"}`, `{ "rule": "now", "why": "y" }`, `{}`,
		`{"rule":"a\"b","why":"z"}`, `{"rule":"now","why":"a\"b"}`, `{"rule":"now","why":5}`, `{"rule":5}`, ``, `{"rule":"`, `{"rule":"now","why":"`} {
		var p struct{ Why string }
		werr := json.Unmarshal([]byte(s), &p)
		if got, err := whyOf(json.RawMessage(s)); (err == nil) != (werr == nil) || err == nil && got != p.Why {
			t.Errorf("%s: %q, %v; want %q, %v", s, got, err, p.Why, werr)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		p := Plan{Rule: Rule(rapid.String().Draw(r, "rule")), Why: rapid.String().Draw(r, "why"), From: time.Unix(0, 0).UTC()}
		raw := p.encode()
		var want struct{ Why string }
		if err := json.Unmarshal(raw, &want); err != nil {
			r.Fatal(err)
		}
		if got, err := whyOf(raw); err != nil || got != want.Why {
			r.Fatalf("%s: %q, %v; want %q", raw, got, err, want.Why)
		}
	})
}
