package decisions

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tidepost/intent"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, words string
		want        []string
	}{
		{"one", "Hi Mei,\n\nDecision: We host the shop with Nimbus.\n\nAna", []string{"We host the shop with Nimbus."}},
		{"bold", "**Decision:** no meetings on Fridays.", []string{"no meetings on Fridays."}},
		{"bold outside", "__Decided__: no meetings on Fridays.", []string{"no meetings on Fridays."}},
		{"heading", "## Decision: A\n", []string{"A"}},
		{"goes on", "Decision: we host the shop\nwith Nimbus.\n\nNothing else.", []string{"we host the shop with Nimbus."}},
		{"other label ends it", "Decision: Nimbus.\nOwner: Mei", []string{"Nimbus."}},
		{"two", "Decision: A.\nDecision: B.", []string{"A.", "B."}},
		{"twice the same", "Decision: A.\nDecision: A.", []string{"A."}},
		{"list", "Decisions:\n- Nimbus hosts the shop\n- Kessler is told\n  by Tom\n\nThanks", []string{"Nimbus hosts the shop", "Kessler is told by Tom"}},
		{"numbered", "Decided:\n1. one\n2) two", []string{"one", "two"}},
		{"below", "Decision:\nWe take the larger room.\n\nBye", []string{"We take the larger room."}},
		{"label alone", "Decision:\n\nOwner: Mei", nil},
		{"label before label", "Decision:\nOwner: Mei", nil},
		{"german", "Entscheidung: Wir nehmen Nimbus.", []string{"Wir nehmen Nimbus."}},
		{"german 2", "Beschluss: Freitags kein Meeting.", []string{"Freitags kein Meeting."}},
		{"french", "Décision : on garde Kessler.", []string{"on garde Kessler."}},
		{"spanish", "Decisión: seguimos con Nimbus.", []string{"seguimos con Nimbus."}},
		{"portuguese", "Decisão: ficamos com Nimbus.", []string{"ficamos com Nimbus."}},
		{"dutch", "Besluit: we kiezen Nimbus.", []string{"we kiezen Nimbus."}},
		{"other letters", "Decision: 採用します", []string{"採用します"}},
		{"question", "Decision: do we take Nimbus?", nil},
		{"to be made", "Decision: TBD", nil},
		{"needed", "Decision: needed by Friday.", nil},
		{"german open", "Entscheidung: offen", nil},
		{"in a sentence", "The decision: hard to take. The decision was Nimbus.", nil},
		{"no letters", "Decision: ---", nil},
		{"turned round", "Decision: a\u202eb", []string{"ab"}},
		{"control", "Decision: a\u009b2Jb\x07", []string{"a2Jb"}},
		{"nothing", "", nil},
	} {
		if diff := cmp.Diff(c.want, Lines(c.words)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	many := Lines(strings.Repeat("Decision: one more of "+strings.Repeat("x", 3)+"\nDecision: y "+strings.Repeat("z", 5)+"\n", 200) + "Decision: q1\nDecision: q2")
	if len(many) > maxLines {
		t.Errorf("%d decisions of one mail", len(many))
	}
	var b strings.Builder
	for i := range 100 {
		b.WriteString("Decision: number " + strings.Repeat("i", i+1) + "\n\n")
	}
	if n := len(Lines(b.String())); n != maxLines {
		t.Errorf("%d decisions of one mail, want %d", n, maxLines)
	}
	long := Lines("Decision: " + strings.Repeat("äöü ", 5000))
	if len(long) != 1 || utf8.RuneCountInString(long[0]) != maxSentence {
		t.Errorf("a long one has %d characters", utf8.RuneCountInString(long[0]))
	}
}

func TestSubjectLine(t *testing.T) {
	for subject, want := range map[string]string{
		"Decision: we go with Nimbus": "we go with Nimbus", "Decision on hosting": "", "Decision: ?": "", "": "",
	} {
		if got := SubjectLine(subject); got != want {
			t.Errorf("%q: %q, want %q", subject, got, want)
		}
	}
}

func TestProposed(t *testing.T) {
	for _, c := range []struct{ words, lazy, want string }{
		{"", "Unless someone objects by Wed noon, we switch to Nimbus.", "We switch to Nimbus."},
		{"", "We switch to Nimbus unless someone objects by Wed noon.", "We switch to Nimbus."},
		{"", "If I hear no objections by Friday, the shop moves to Nimbus on 1 March.", "The shop moves to Nimbus on 1 March."},
		{"", "Falls niemand bis Mittwoch widerspricht, wechseln wir zu Nimbus.", "Wechseln wir zu Nimbus."},
		{"", "Sauf objection d'ici mercredi, on passe chez Nimbus.", "On passe chez Nimbus."},
		{"Proposal: we switch to Nimbus.\n\nUnless someone objects by Wed noon, this is decided.", "Unless someone objects by Wed noon, this is decided.", "We switch to Nimbus."},
		{"Vorschlag: Wir nehmen den Raum im Westen.\n", "Keine Rückmeldung bis Mittwoch gilt als Ja.", "Wir nehmen den Raum im Westen."},
		{"", "Unless someone objects by Wed noon, this is decided.", "Unless someone objects by Wed noon, this is decided."},
		{"", "Silence means consent.", "Silence means consent."},
	} {
		if got := Proposed(c.words, intent.Statement{Text: c.lazy}); got != c.want {
			t.Errorf("%q: %q, want %q", c.lazy, got, c.want)
		}
	}
}

func TestObjects(t *testing.T) {
	for words, want := range map[string]bool{
		"+1":                                  false,
		"OK":                                  false,
		"Yes, go ahead!":                      false,
		"Fine with me. Thanks, Ana!":          false,
		"No objections from my side.":         false,
		"I don't object.":                     false,
		"No problem, go ahead.":               false,
		"LGTM 👍":                              false,
		"Sounds good to me.":                  false,
		"Agreed.\n\nMei":                      false,
		"Einverstanden, danke!":               false,
		"Passt für mich.":                     false,
		"D'accord pour moi.":                  false,
		"De acuerdo, gracias.":                false,
		"Concordo.":                           false,
		"Akkoord, dank je wel.":               false,
		"I object.":                           true,
		"No.":                                 true,
		"No, please.":                         true,
		"-1":                                  true,
		"I am not happy with that.":           true,
		"I don't like it.":                    true,
		"Nein.":                               true,
		"Ich bin dagegen.":                    true,
		"Pas d'accord.":                       true,
		"Ik ben tegen.":                       true,
		"Yes, but not before March.":          true,
		"What does it cost?":                  true,
		"Yes?":                                true,
		"Agreed, if Kessler pays the move.":   true, // a condition
		"I will prepare the contract.":        true, // in doubt
		"Let us talk about it on Thursday.":   true,
		"同意":                                  true, // another language: in doubt
		"":                                    true, // only a file, or a quotation
		"Ana":                                 true, // a name says nothing
		"Let me think about it over the week": true,
	} {
		if got, because := Objects(words, "Ana Silva", "Mei Chen"); got != want {
			t.Errorf("%q: objects %v because of %q, want %v", words, got, because, want)
		}
	}
}

func TestNobodySaysYesAtLength(t *testing.T) {
	if objects, _ := Objects(strings.Repeat("yes ok fine ", 100) + "but not before March"); !objects {
		t.Error("a long reply consents")
	}
}

func TestALongMailIsNotReadToItsEnd(t *testing.T) {
	if got := Lines("Decision: A.\n\n" + strings.Repeat("ä long line of it.\n", maxWords/10) + "Decision: B."); len(got) != 1 {
		t.Errorf("decides %q", got)
	}
}

func TestWithdraws(t *testing.T) {
	for words, want := range map[string]bool{
		"I withdraw this.": true, "Never mind, Kessler has called.": true, "Hi all, forget it.": true, "Ich ziehe das zurück.": true,
		"Je retire ma proposition.": true, "I would not withdraw it.": false, "More numbers are attached.": false, "": false,
	} {
		if got := Withdraws(words); got != want {
			t.Errorf("%q: %v, want %v", words, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	if diff := cmp.Diff([]int{5, 12}, Names("As in D-5 and D-12, and D-5 again; not d-7, AD-8, D-0 or D-9999999999.")); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]int{"D-12": 12, "d12": 12, " d-7 ": 7, "12": 12, "D-": 0, "D-12 x": 0, "": 0, "-3": 0, "D-0": 0} {
		if n, ok := Number(text); n != want && ok || ok != (want > 0) {
			t.Errorf("%q: %d %v, want %d", text, n, ok, want)
		}
	}
	for text, want := range map[string][]int{
		"This replaces D-5.":                     {5},
		"Nimbus hosts it; supersedes D-5, D-6.":  {5, 6},
		"Das ersetzt D-5 und D-6.":               {5, 6},
		"Cela remplace la décision D-3.":         {3},
		"We do it instead of D-4.":               {4},
		"As decided in D-5.":                     nil,
		"D-5 stays.":                             nil,
		"Nothing replaces the old one like D-5.": nil,
	} {
		if diff := cmp.Diff(want, Supersedes(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"Decision: a", "Decisions:\n- a\n- b", "Decision:\n\n- a", "D\u00e9cision : x\ny", "Decision: \xff\x00", "Unless someone objects, we go."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, words string) {
		for _, s := range Lines(words) {
			if s == "" || strings.ContainsAny(s, "\r\n\x00") || utf8.RuneCountInString(s) > maxSentence {
				t.Errorf("decides %q", s)
			}
		}
		Objects(words, words)
		Supersedes(words)
		if s := Proposed(words, intent.Statement{Text: words}); strings.ContainsAny(s, "\r\n") {
			t.Errorf("proposes %q", s)
		}
	})
}
