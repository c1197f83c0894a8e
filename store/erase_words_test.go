package store

import "testing"

// TestReplaceAddress: an address is replaced where it is a whole one only.
func TestReplaceAddress(t *testing.T) {
	for s, want := range map[string]string{
		"ana@team.example":                         "X",
		"Ana <ana@team.example>, tom@team.example": "Ana <X>, tom@team.example",
		`{"cover":"ana@team.example"}`:             `{"cover":"X"}`,
		"dana@team.example":                        "dana@team.example",
		"j.ana@team.example":                       "j.ana@team.example",
		"ana@team.example.org":                     "ana@team.example.org",
		"ask ana@team.example.":                    "ask X.",
		"dana@team.example ana@team.example":       "dana@team.example X",
		"rfc822;ana@team.example":                  "rfc822;X",
	} {
		if got := replaceAddress(s, "ana@team.example", "X"); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
