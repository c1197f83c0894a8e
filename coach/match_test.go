package coach_test

import (
	"bytes"
	"strings"
	"testing"

	"tidepost/coach"
	"tidepost/intent"
)

func TestWhatReplacesADraft(t *testing.T) {
	old := coach.Draft{From: "ana@team.example", To: []string{"mei@team.example", "tom@team.example"}, Subject: "project",
		Words: "Can we chat about the project?"}
	edited := old
	edited.Words = "Can we chat about the project's budget on Thursday? I propose to cut travel; Mei, please say yes or no by noon."
	if !coach.Replaces(old, edited) {
		t.Error("an edited draft does not replace the old one")
	}
	for name, change := range map[string]func(*coach.Draft){
		"another author":                    func(d *coach.Draft) { d.From = "bob@team.example" },
		"one recipient less":                func(d *coach.Draft) { d.To = d.To[:1] },
		"another recipient":                 func(d *coach.Draft) { d.To = []string{"mei@team.example", "eve@team.example"} },
		"another subject":                   func(d *coach.Draft) { d.Subject = "travel" },
		"no subject at all":                 func(d *coach.Draft) { d.Subject = "" },
		"fewer than half of the words kept": func(d *coach.Draft) { d.Words = "Can we talk on Thursday" },
		"nothing but marks":                 func(d *coach.Draft) { d.Words = "…" },
	} {
		other := edited
		change(&other)
		if coach.Replaces(old, other) {
			t.Errorf("%s: replaced all the same", name)
		}
	}
	reply := edited
	reply.Subject, reply.Parent = "Re: budget", "p@x"
	parent := old
	parent.Parent = "p@x"
	if !coach.Replaces(parent, reply) {
		t.Error("the same parent with another subject does not replace")
	}
	swapped := edited
	swapped.To = []string{"tom@team.example", "mei@team.example"}
	if !coach.Replaces(old, swapped) {
		t.Error("the order of To counts")
	}
	if coach.Replaces(coach.Draft{}, coach.Draft{}) {
		t.Error("two empty drafts are taken for one")
	}
}

func TestKeyKnowsTheSameDraft(t *testing.T) {
	key := coach.Key([]string{"mei@x", "tom@x"}, "Can we chat\r\nabout it?")
	if !bytes.Equal(key, coach.Key([]string{"tom@x", "mei@x", "tom@x"}, " Can we  chat about it? \n")) {
		t.Error("order of recipients or line breaks count")
	}
	for name, other := range map[string][]byte{
		"another word":       coach.Key([]string{"mei@x", "tom@x"}, "Can we talk about it?"),
		"another recipient":  coach.Key([]string{"mei@x"}, "Can we chat about it?"),
		"a recipient inside": coach.Key([]string{"mei@x"}, "tom@x Can we chat about it?"),
	} {
		if bytes.Equal(key, other) {
			t.Errorf("%s: the same key", name)
		}
	}
}

func TestAskedBack(t *testing.T) {
	for text, want := range map[string]bool{
		"Which project do you mean?":        true,
		"What is it about? And by when?":    true,
		"Sure, I'll do it today.":           false,
		"Done. Please review it by Friday.": false,
		"Thanks!":                           false,
	} {
		if got := coach.AskedBack(intent.Read(intent.Input{Text: text, Reply: true, To: team("Ana"), From: mailbox("Mei Chen", "mei@team.example")})); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func FuzzReplaces(f *testing.F) {
	f.Add("Can we chat?", "Can we chat on Monday?", "a@x", "s")
	f.Fuzz(func(t *testing.T, old, edited, to, subject string) {
		d := coach.Draft{From: "a@x", To: strings.Fields(to), Subject: subject, Words: old}
		e := d
		e.Words = edited
		if coach.Replaces(d, d) != (len(d.To) > 0 && subject != "" && coach.Replaces(d, d)) {
			t.Error("a draft without To or subject was replaced")
		}
		if coach.Replaces(d, e) && !coach.Replaces(d, d) {
			t.Error("replaced by another, but not by itself")
		}
	})
}
