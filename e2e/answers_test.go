package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// digest waits for the digest that asks all questions, and returns it.
func (r *reader) digest(questions int, within time.Duration) letter {
	r.t.Helper()
	var found letter
	until(r.t, within, func() error {
		for _, l := range r.whole("INBOX") {
			if strings.Contains(l.text, fmt.Sprintf("\r\n[%d] ", questions)) && strings.Contains(l.text, "To answer, reply to this mail") {
				found = l
				return nil
			}
		}
		return fmt.Errorf("no digest asks %d questions", questions)
	})
	return found
}

// number is what a digest calls a question.
func (l letter) number(t testing.TB, question string) string {
	t.Helper()
	for line := range strings.SplitSeq(l.text, "\r\n") {
		if n, ok := strings.CutPrefix(line, "["); ok && strings.Contains(line, question) {
			n, _, _ = strings.Cut(n, "]")
			return n
		}
	}
	t.Fatalf("the digest does not ask %q:\n%s", question, l.text)
	return ""
}

// TestDigestIsAnswered: three questions, answered with swaks, once more by an impatient
// client, from neomutt, and by somebody who must not.
func TestDigestIsAnswered(t *testing.T) {
	t.Parallel()
	need(t, "swaks", "neomutt", "script")
	const zone = "Europe/London"
	far := hoursFrom(zone, 10)[len("daily "):][:5]
	s := setup(t, options{people: []person{awake("tom"), awake("ben"), awake("ana", "--tides", far)}})
	ana, tom, ben := s.reader(t, "ana"), s.reader(t, "tom"), s.reader(t, "ben")
	for _, q := range []struct{ from, subject, text string }{
		{"tom", "Budget", "Ana, can you send me the budget figures for March?\n"},
		{"ben", "Harbour", "Ana, when can we meet about the harbour plan?\n"},
		{"ben", "Buoys", "Ana, shall we order the new buoys?\n"},
	} {
		s.submit(q.from, mailTo(title(q.from)+" <"+q.from+"@team.example>", "ana@team.example", q.subject, strings.ToLower(q.subject)+"@team.example", q.text), "ana@team.example")
		ana.find("Next delivery", q.subject, patience)
	}
	s.cli("people", "set", "ana@team.example", "--tides", tideIn(zone, 2*time.Second))
	d := ana.digest(3, 2*time.Minute)
	budget, harbour, buoys := d.number(t, "budget figures"), d.number(t, "harbour plan"), d.number(t, "new buoys")

	reply := func(from, id, text string) string {
		return mailTo(title(from)+" <"+from+"@team.example>", "tidepost@team.example", "Re: "+d.subject, id, text, "In-Reply-To: <"+d.mid+">", "References: <"+d.mid+">")
	}
	// Somebody else's numbers count for nothing.
	s.submit("tom", reply("tom", "stranger@team.example", harbour+" no\n"), "tidepost@team.example")
	tom.find("INBOX", "Re: "+d.subject, patience)
	for range 2 {
		s.submit("ana", reply("ana", "answer@team.example", fmt.Sprintf("Hello,\n\n%s) Thursday 3pm,\n   in the small room\n%s -> tom\n9 yes\n\nAna\n", harbour, buoys)), "tidepost@team.example")
	}
	got := ben.find("INBOX", "Re: Harbour", patience)
	for _, l := range ben.whole("INBOX") {
		if l.mid == got.mid && (!strings.Contains(l.text, "> Ana, when can we meet about the harbour plan?\r\n\r\nThursday 3pm,\r\n   in the small room") ||
			!strings.Contains(l.text, "In-Reply-To: <harbour@team.example>") || !strings.Contains(l.text, "From: Ana <ana@team.example>")) {
			t.Errorf("Ben reads\n%s", l.text)
		}
	}
	tom.find("INBOX", "Re: Buoys", patience)
	tom.find("Needs reply", "Re: Buoys", patience)
	note := ana.find("INBOX", "Re: "+d.subject, patience)
	for _, l := range ana.whole("INBOX") {
		if l.mid == note.mid && (!strings.Contains(l.text, "Answered: "+harbour) || !strings.Contains(l.text, "> 9 yes")) {
			t.Errorf("the note says\n%s", l.text)
		}
	}
	ana.gone("Needs reply", "Harbour", patience)

	// The rest from neomutt, which quotes the whole digest below.
	m := newMutt(s)
	editor := s.write("editor", "#!/bin/sh\n{ echo '"+budget+" by Friday'; echo; cat \"$1\"; } >\"$1.new\" && mv \"$1.new\" \"$1\"\n")
	if err := os.Chmod(editor, 0o700); err != nil {
		t.Fatal(err)
	}
	m.press("Digests", "<last-entry><reply><send-message><quit>")
	tom.find("INBOX", "Re: Budget", patience)
	if got := len(ana.letters("INBOX")); got != 6 { // three questions, the digest, two notes
		t.Errorf("INBOX of Ana has %d messages: %v", got, ana.letters("INBOX"))
	}
	for _, subject := range []string{"Re: Harbour", "Re: Buoys", "Re: Budget"} {
		n := 0
		for _, l := range ana.letters("Sent") {
			if l.subject == subject {
				n++
			}
		}
		if n != 1 {
			t.Errorf("Sent has %q %d times", subject, n)
		}
	}
	if got := ana.letters("Needs reply"); len(got) != 1 || got[0].subject != "Budget" { // promised, not answered
		t.Errorf("Needs reply of Ana: %v", got)
	}
	s.sound()
}
