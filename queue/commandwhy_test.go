package queue

import (
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// writes sends a mail with fields of its own to Tidepost, and returns the answer, flat; ""
// if there is none.
func (w *world) writes(now time.Time, p *people.Person, subject, words string, fields ...string) string {
	w.t.Helper()
	mid := "wr" + now.Format("150405.000") + p.Address.Local + "@x"
	w.submit(now, p, letter(p, mid, subject, now, words, append(fields, "To: tidepost@team.example")...), "tidepost@team.example")
	last := w.last(p)
	if !strings.Contains(last, mid) {
		return ""
	}
	return flat(last)
}

// why takes what a person sees as the handle of a mail: number, subject, the mail itself.
func TestWhyByWhatPeopleSee(t *testing.T) {
	w := newWorld(t)
	w.submit(monday(10, 0), w.ana, letter(w.ana, "b1@team.example", "Budget", monday(10, 0), "Here is the budget.", "To: mei@team.example"), "mei@team.example")
	w.submit(monday(10, 1), w.ana, letter(w.ana, "p1@team.example", "Plan of \"May\"", monday(10, 1), "Here is the plan.", "To: tom@team.example"), "tom@team.example")
	if err := w.q.RefreshTimetable(t.Context(), w.ana, monday(10, 2)); err != nil {
		t.Fatal(err)
	}
	var table string
	for _, e := range w.entries(w.ana, store.KindScheduled) {
		if o := w.octets(e); isTimetable(store.Message{Head: []byte(o)}) {
			table = o
		}
	}
	plan, budget := "Plan of \"May\", sent Mon 10:01:", "Budget, sent Mon 10:00:"
	wantIn(t, flat(table), "[1] Plan of \"May\"", "[2] Budget", "*why 1* in reply")
	tableID := "In-Reply-To: <" + strings.Join(mail.ParseHeader([]byte(table)).MessageIDs("Message-ID"), "") + ">"
	attached := "--b\r\nContent-Type: text/plain\r\n\r\nWhy?\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <b1@team.example>\r\nSubject: Budget\r\n\r\nHere is the budget.\r\n--b--"
	for i, c := range []struct {
		subject, words string
		fields         []string
		says, not      string
	}{
		{"x", "why 1", nil, "Number 1 of your timetable: " + plan, "Budget"},
		{"x", "why q2?", nil, budget, "Plan"},
		{"x", "Why is number 2 still waiting?", nil, budget, "Plan"},
		{"why #2", "", nil, budget, "Plan"},
		{"x", "why [2]", nil, budget, "Plan"},
		{"x", "why 7", nil, "No number 7", "Budget,"},
		{"x", "why \"budget\"", nil, budget, "Plan"},
		{"x", "Why is \"Budget\" held?", nil, budget, "Plan"},
		{"x", "why \"Lunch\"", nil, "No mail of the subject \"lunch\"", "sent Mon"},
		{"x", "why <b1@team.example>", nil, budget, "Plan"},
		{"Re: Budget", "why", []string{"In-Reply-To: <b1@team.example>"}, budget, "Plan"},
		{"Re: 2 messages", "why", []string{tableID}, plan, "I know no mail"},
		{"Re: 2 messages", "why 2", []string{tableID}, budget, "Plan"},
		{"Fwd: Budget", "why?\n\n---------- Forwarded message ---------\nFrom: Ana Silva <ana@team.example>\nSubject: Budget\n\nHere is the budget.", nil, budget, "Plan"},
		{"Fwd: something else", "why", []string{"References: <b1@team.example>"}, budget, "Plan"},
		{"Fwd: Lunch", "why", []string{"X-Forwarded-Message-Id: <b1@team.example>"}, budget, "Plan"},
		{"Fwd: Lunch", attached, []string{"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b"}, budget, "Plan"},
		{"x", "why", nil, "Which mail?", "sent Mon"},
	} {
		got := w.writes(monday(10, 10+i), w.ana, c.subject, c.words, c.fields...)
		wantIn(t, got, strings.ReplaceAll(c.says, "\"lunch\"", "\"Lunch\""))
		if strings.Contains(got, c.not) {
			t.Errorf("%q %q says %q:\n%s", c.subject, c.words, c.not, got)
		}
	}
	// Nobody learns of another's mail, by whatever name.
	for i, words := range []string{"why 1", "why \"Budget\"", "why <b1@team.example>"} {
		if got := w.writes(monday(11, i), w.tom, "x", words); strings.Contains(got, "waits until") {
			t.Errorf("%q tells Tom of Ana's mail:\n%s", words, got)
		}
	}
}
