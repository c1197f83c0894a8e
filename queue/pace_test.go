package queue

import (
	"strings"
	"testing"

	"tidepost/people"
	"tidepost/store"
)

// The List-Unsubscribe field of a digest names a mail with a subject and no text.
func TestAPersonSaysHowOftenADigestComes(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		subject, say, want string
		pace               people.Pace
	}{
		{"fewer digests", "", "one digest a day", people.PaceDay},
		{"x", "No digests!", "no digests any more", people.PaceOff},
		{"x", "*more digests*", "with every delivery", people.PaceTide},
		{"x", "why so many digests", "I do not understand", people.PaceTide},
	} {
		w.submit(monday(14, 0), w.ana, letter(w.ana, "", c.subject, monday(14, 0), c.say, "To: tidepost@team.example"), "tidepost@team.example")
		w.reload()
		if got := w.ana.Profile.Digests; got != c.pace {
			t.Errorf("%q %q: digests %q, want %q", c.subject, c.say, got, c.pace)
		}
		notes := w.entries(w.ana, store.KindInbox)
		if len(notes) == 0 {
			t.Fatal("no answer")
		}
		if said := strings.ReplaceAll(w.octets(notes[len(notes)-1]), "\r\n", " "); !strings.Contains(said, c.want) {
			t.Errorf("%q: told\n%s", c.say, said)
		}
	}
}

func TestAReplyToADigestMayBeAWord(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.digestReply(monday(19, 10), w.tom, mid, "", "fewer digests")
	w.reload()
	if got := w.tom.Profile.Digests; got != people.PaceDay {
		t.Errorf("digests %q", got)
	}
	if said := w.lastNote(w.tom); !strings.Contains(said, "one digest a day") {
		t.Errorf("told:\n%s", said)
	}
}
