package queue

import (
	"strings"
	"testing"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// Who writes to somebody on leave hears it when the mail is accepted, not when the
// hold ends, and once in four days.
func TestTheAuthorHearsOfAnAbsenceAtOnce(t *testing.T) {
	w := newWorld(t)
	w.profile(w.mei, func(p *people.Profile) {
		from, to := scheduler.DateOf(monday(0, 0)), scheduler.DateOf(monday(0, 0)).AddDays(20)
		p.Calendar.Leave = []scheduler.Leave{{First: from, Last: to}}
		p.Cover = w.tom.Address.String()
	})
	now := monday(10, 0)
	for _, mid := range []string{"a@team.example", "b@team.example"} {
		w.submit(now, w.ana, letter(w.ana, mid, "Budget "+mid[:1], now, "Text."), w.mei.Address.String())
	}
	got := w.subjects(w.ana, store.KindInbox)
	if n := strings.Count(got, "Mei is away"); n != 1 {
		t.Errorf("INBOX of the author: %q, want one note of the absence", got)
	}
}
