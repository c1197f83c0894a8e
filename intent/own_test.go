package intent

import (
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
)

// ownCases reads sentences of the project's own: the fields of each line.
func ownCases(t *testing.T, file string, columns int) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(string(text), "\n") {
		if part := strings.Split(line, "\t"); len(part) == columns {
			out = append(out, part)
		}
	}
	if len(out) < 80 {
		t.Fatalf("%s has %d cases", file, len(out))
	}
	return out
}

func ownInput(text string) Input {
	text, reply := strings.CutPrefix(text, "(re) ")
	box := func(name string) mail.Mailbox {
		return mail.Mailbox{Name: name + " Jones", Address: mail.Address{Local: strings.ToLower(name), Domain: "team.example"}}
	}
	return Input{Text: text, Subject: "x", Reply: reply, From: box("Kay"), To: []mail.Mailbox{box("Mei")}, Date: time.Date(2026, 2, 10, 10, 0, 0, 0, time.UTC)}
}

// A score counts a yes-or-no question.
type score struct{ tp, fp, fn float64 }

func (s *score) add(got, want bool) {
	switch {
	case got && want:
		s.tp++
	case got:
		s.fp++
	case want:
		s.fn++
	}
}

func (s score) precision() float64 { return s.tp / max(s.tp+s.fp, 1) }
func (s score) recall() float64    { return s.tp / max(s.tp+s.fn, 1) }

// TestOwnSentences holds the readings to what they reach on the project's own
// sentences. Decisions and promises were trained on them; tone, medium and what the
// coach speaks of are rules.
func TestOwnSentences(t *testing.T) {
	for _, c := range []struct {
		file              string
		reads             func(Findings) bool
		want              func(label string) bool
		precision, recall float64
	}{
		{"decisions.txt", func(f Findings) bool { return len(f.Decisions) > 0 }, isPlus, 0.88, 0.88},
		{"promises.txt", func(f Findings) bool { return len(f.Promises) > 0 }, isPlus, 0.88, 0.90},
		{"tone.txt", func(f Findings) bool { return f.Tone.Value == ToneHarsh }, isPlus, 0.92, 0.85},
		{"medium.txt", func(f Findings) bool { return f.Medium.Value == MediumSensitive || f.Medium.Value == MediumBonding },
			func(label string) bool { return label != MediumAsync }, 0.85, 0.85},
	} {
		var s score
		for _, p := range ownCases(t, c.file, 3) {
			s.add(c.reads(Read(ownInput(p[2]))), c.want(p[0]))
		}
		if s.precision() < c.precision || s.recall() < c.recall {
			t.Errorf("%s: precision %.2f, recall %.2f, want %.2f and %.2f", c.file, s.precision(), s.recall(), c.precision, c.recall)
		}
	}
}

func isPlus(label string) bool { return label == "+" }

func TestVagueMail(t *testing.T) {
	var s score
	for _, p := range ownCases(t, "coach.txt", 4) {
		in := ownInput(p[3])
		in.Subject, in.Reply = p[2], strings.HasPrefix(p[2], "Re:")
		for _, name := range []string{"Lou", "Vince", "Sue", "Bob", "Cleo"}[:p[1][0]-'1'] {
			in.To = append(in.To, mail.Mailbox{Name: name, Address: mail.Address{Local: name, Domain: "team.example"}})
		}
		f := Read(in)
		got := f.Vague != nil || f.Hollow != nil || f.Nobody != nil
		if s.add(got, isPlus(p[0])); got && !isPlus(p[0]) {
			t.Errorf("%q is handed back: %v %v %v", p[3], f.Vague, f.Hollow, f.Nobody)
		}
	}
	if s.recall() < 0.85 {
		t.Errorf("recall %.2f", s.recall())
	}
}
