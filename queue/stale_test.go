package queue

import (
	"strings"
	"testing"
)

func TestGoesStale(t *testing.T) {
	for text, want := range map[string]bool{
		"See you TOMORROW.":                 true,
		"I need it this\nafternoon":         true,
		"back in 45 minutes, sorry":         true,
		"call me in an hour":                true,
		"in half an hour":                   true,
		"half an apple":                     false,
		"in the morning":                    false,
		"tomorrows":                         false,
		"every hour, on the hour":           false,
		"in version 2 hours are counted":    false,
		"today's numbers":                   true,
		"":                                  false,
		strings.Repeat("lengthyword ", 1e4): false,
	} {
		if got := goesStale(text); got != want {
			t.Errorf("goesStale(%.40q) = %v, want %v", text, got, want)
		}
	}
}
