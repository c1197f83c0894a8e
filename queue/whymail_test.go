package queue

import (
	"slices"
	"testing"
)

func TestMessageIDsInWordsOfPeople(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                 nil,
		"where is it?":                     nil,
		"<a@x.example>":                    {"a@x.example"},
		"why <a@x.example>, <b@y.example>": {"a@x.example", "b@y.example"},
		"a@x.example":                      {"a@x.example"},
		"Where?\n\na@x.example\n":          {"a@x.example"},
		"<a@x.example> <a@x.example>":      {"a@x.example"},
		"Write to tom@team.example":        nil,
		"Ana\nana@team.example works here": nil,
		"< >  <@> <x>":                     nil,
	} {
		if got := idsIn(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
