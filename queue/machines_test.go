package queue

import (
	"testing"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// What a machine sends in a person's name changes nothing and is not answered.
func TestMachinesSteerNothing(t *testing.T) {
	for name, c := range map[string]struct {
		subject string
		fields  []string
	}{
		"RFC 3834":          {"Re: Your settings", []string{"Auto-Submitted: auto-replied"}},
		"generated":         {"x", []string{"Auto-Submitted: auto-generated"}},
		"Precedence":        {"x", []string{"Precedence: bulk"}},
		"auto_reply":        {"x", []string{"Precedence: auto_reply"}},
		"suppress":          {"x", []string{"X-Auto-Response-Suppress: OOF"}},
		"X-Autoreply":       {"x", []string{"X-Autoreply: yes"}},
		"list":              {"x", []string{"List-Id: <all.lists.example>"}},
		"list precedence":   {"x", []string{"Precedence: list"}},
		"our own letter":    {"x", []string{"X-Tidepost-Loop: team.example"}},
		"Outlook":           {"Automatic reply: Your settings", nil},
		"Outlook, German":   {"Automatische Antwort: Your settings", nil},
		"RFC 3834 subject":  {"Auto: Your settings", nil},
		"old, as a reply":   {"Out of office: Your settings", []string{"In-Reply-To: <some@team.example>"}},
		"Notes, as a reply": {"Abwesenheitsnotiz: Your settings", []string{"References: <some@team.example>"}},
		"bracket, as reply": {"[Out of Office] Re: Your settings", []string{"In-Reply-To: <some@team.example>"}},
	} {
		w := newWorld(t)
		if got := w.writes(monday(10, 0), w.ana, c.subject, "away 3-14 Aug", c.fields...); got != "" {
			t.Errorf("%s is answered:\n%s", name, got)
		}
		w.reload()
		if got := people.FieldOf(w.ana.Profile, people.FieldLeave); got != "" {
			t.Errorf("%s: leave %s", name, got)
		}
	}
	// A person may write so, where nothing is answered.
	w := newWorld(t)
	wantIn(t, w.writes(monday(10, 0), w.ana, "Out of office: 3-14 August", ""), "You are away")
	// The null reverse-path is that of machines.
	text := letter(w.ana, "null@x", "x", monday(10, 1), "hold off", "To: tidepost@team.example")
	env := envelope(w.ana, "tidepost@team.example")
	env.From = addressOf("")
	if _, err := w.q.Submit(t.Context(), Submission{Author: w.ana, Envelope: env, Staged: w.stage(text, monday(10, 1)), Now: monday(10, 1)}); err != nil {
		t.Fatal(err)
	}
	w.reload()
	if w.ana.Profile.Hold == people.Off {
		t.Error("a mail with the null reverse-path switched hold off")
	}
	// A device steers nothing.
	if _, err := w.q.Submit(t.Context(), Submission{Author: w.ana, Device: true, Envelope: envelope(w.ana, "tidepost@team.example"),
		Staged: w.stage(letter(w.ana, "dev@x", "x", monday(10, 2), "hold off"), monday(10, 2)), Now: monday(10, 2)}); err != nil {
		t.Fatal(err)
	}
	w.reload()
	if w.ana.Profile.Hold == people.Off {
		t.Error("a device switched hold off")
	}
	// A forged From is refused.
	if _, err := w.trySubmit(monday(10, 3), w.tom, letter(w.ana, "forged@x", "x", monday(10, 3), "hold off"), "tidepost@team.example"); err == nil {
		t.Error("Tom wrote in Ana's name")
	}
}

// A machine that bears no mark says the same again and again: that ends.
func TestTheSameWordsAreNotAnsweredForEver(t *testing.T) {
	for words, most := range map[string]int{"I will read your mail soon, my friends": circleTimes + 1, "away 3-14 August": circleKnown + 1} {
		w := newWorld(t)
		answer := w.tells(monday(10, 0), w.ana, "", words)
		n := 1
		for ; n < 40; n++ {
			now := monday(10, 0).Add(time.Duration(n) * 10 * time.Second)
			before := len(w.entries(w.ana, store.KindInbox))
			next := w.tells(now, w.ana, answer, words)
			if len(w.entries(w.ana, store.KindInbox)) == before {
				break
			}
			answer = next
		}
		if n > most {
			t.Errorf("%q was answered %d times, want at most %d", words, n, most)
		}
		// A person who tries again an hour later is heard.
		before := len(w.entries(w.ana, store.KindInbox))
		w.tells(monday(12, 0), w.ana, answer, words)
		if len(w.entries(w.ana, store.KindInbox)) == before {
			t.Errorf("%q is not answered any more", words)
		}
	}
}

// A text for people outside is set, shown whole, replaced, cleared, and undone.
func TestVacationTextByMail(t *testing.T) {
	w := newWorld(t)
	text := func() string {
		w.reload()
		return w.ana.Profile.Vacation
	}
	first := w.tells(monday(10, 0), w.ana, "", "vacation text:\nThank you for your mail.\n\nI am back on {back}; {cover} can help, or {whoever}.\n\nKind regards\nAna")
	if want := "Thank you for your mail.\n\nI am back on {back}; {cover} can help, or {whoever}.\n\nKind regards\nAna"; text() != want {
		t.Errorf("text %q, want %q", text(), want)
	}
	wantIn(t, flat(first), "once in four days", "> Thank you for your mail. > > I am back on {back}; {cover} can help", "> Kind regards > Ana", "{whoever} is sent as it stands", "Nobody stands in for you now", "reply *undo*")
	second := w.tells(monday(10, 1), w.ana, "", "vacation text: I am away until {back}.")
	if text() != "I am away until {back}." {
		t.Errorf("text %q", text())
	}
	wantIn(t, w.say(monday(10, 2), w.ana, "show me my vacation text"), "> I am away until {back}.")
	wantIn(t, w.say(monday(10, 3), w.ana, "settings"), "Vacation reply, to people outside: \"I am away until {back}.\"")
	w.tells(monday(10, 4), w.ana, second, "undo")
	wantIn(t, text(), "Thank you for your mail.")
	wantIn(t, w.say(monday(10, 5), w.ana, "no vacation reply"), "get no answer of mine")
	if text() != people.VacationOff {
		t.Errorf("text %q", text())
	}
	wantIn(t, w.say(monday(10, 6), w.ana, "clear my vacation text"), "standard words", "reply *undo*")
	if text() != "" {
		t.Errorf("text %q", text())
	}
	wantIn(t, w.say(monday(10, 7), w.ana, "vacation text: "+longText()), "was not taken: it is longer than 2000 octets")
	wantIn(t, w.say(monday(10, 8), w.ana, "vacation text: please don't send one"), "not clear whether that is the text itself")
	if text() != "" {
		t.Errorf("text %q", text())
	}
}

func longText() string {
	var b []byte
	for len(b) < 2100 {
		b = append(b, "so many words "...)
	}
	return string(b)
}

func TestNothingAsked(t *testing.T) {
	w := newWorld(t)
	wantIn(t, w.writes(monday(10, 0), w.ana, "Re: Away until 14 August", "Great, thank you!\n\n> You are away. To undo this, reply undo"), "Nothing was changed", "*help*")
	wantIn(t, w.writes(monday(10, 1), w.ana, "Re: Your settings", "\n> away 3-14 Aug, cover Tom"), "Nothing was changed")
}
