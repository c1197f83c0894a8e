package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// inputOf is what the policies of the coach would know of a mail.
func (w *world) inputOf(now time.Time, author *people.Person, text string, to ...string) policies.Input {
	w.t.Helper()
	in, err := w.q.read(Submission{Author: author, Envelope: envelope(author, to...), Staged: w.stage(text, now), Now: now})
	if err != nil {
		w.t.Fatal(err)
	}
	input := policies.Input{Facts: in.facts}
	view := func(fn func(*store.Tx) error) error { return w.q.view(w.t.Context(), fn) }
	if err := w.q.readForCoach(in, &input, view); err != nil {
		w.t.Fatal(err)
	}
	w.view(func(tx *store.Tx) (err error) {
		if in.thread, err = threadOf(tx, in.facts); err != nil {
			return err
		}
		return w.q.recallThread(tx, in, &input)
	})
	return input
}

func TestWhatTheCoachKnowsOfAThread(t *testing.T) {
	w := newWorld(t, coaching)
	now := monday(12, 0)
	parent := ""
	write := func(n int, author *people.Person, to ...string) string {
		fields := []string{"To: " + strings.Join(to, ", ")}
		if parent != "" {
			fields = append(fields, "In-Reply-To: <"+parent+">", "References: <"+parent+">")
		}
		parent = fmt.Sprintf("t%d@team.example", n)
		return letter(author, parent, "Re: Tabs", now.Add(time.Duration(n)*time.Minute), fmt.Sprintf("No, that is not right, for reason %d.", n), fields...)
	}
	for n := range 4 {
		author, to := w.ana, "mei@team.example"
		if n%2 == 1 {
			author, to = w.mei, "ana@team.example"
		}
		w.submit(now.Add(time.Duration(n)*time.Minute), author, write(n, author, to), to)
	}
	got := w.inputOf(now.Add(5*time.Minute), w.ana, write(4, w.ana, "mei@team.example"), "mei@team.example")
	if got.ThreadLength != 4 || got.Rounds != 5 || !got.OnlyOther || len(got.Newcomers) != 0 || got.StormLimit != 0 {
		t.Errorf("between two: %d messages, %d rounds, only other %v, newcomers %v, storm %d", got.ThreadLength, got.Rounds, got.OnlyOther, got.Newcomers, got.StormLimit)
	}
	parent = "t3@team.example"
	got = w.inputOf(now.Add(6*time.Minute), w.ana, write(5, w.ana, "Mei <mei@team.example>", "Tom <tom@team.example>"), "mei@team.example", "tom@team.example")
	if len(got.Newcomers) != 1 || got.Newcomers[0].Key() != "tom@team.example" || got.OnlyOther {
		t.Errorf("with Tom: newcomers %v, only other %v", got.Newcomers, got.OnlyOther)
	}
	if !slices.Contains(got.Names, "Tom") {
		t.Errorf("names: %v", got.Names)
	}
}

func TestAStormIsCounted(t *testing.T) {
	w := newWorld(t, coaching)
	var all []string
	for n := range 6 {
		all = append(all, fmt.Sprintf("p%d@team.example", n))
		w.add(fmt.Sprint("Pat ", n), all[n], "Europe/London", "")
	}
	w.reload()
	now := monday(12, 0)
	w.submit(now, w.ana, letter(w.ana, "s@team.example", "Cake", now, "There is cake in the kitchen of the second floor.", "To: "+strings.Join(all, ", ")), all...)
	for n := range 4 {
		p, _, _ := w.people.ByAddress(addressOf(all[n]))
		at := now.Add(time.Duration(n+1) * time.Minute)
		w.submit(at, p, letter(p, fmt.Sprintf("s%d@team.example", n), "Re: Cake", at, "Thanks!", "In-Reply-To: <s@team.example>", "To: ana@team.example", "Cc: "+strings.Join(all, ", ")), append(all, "ana@team.example")...)
	}
	last, _, _ := w.people.ByAddress(addressOf(all[5]))
	text := letter(last, "s9@team.example", "Re: Cake", now.Add(10*time.Minute), "Me too!", "In-Reply-To: <s@team.example>", "To: ana@team.example", "Cc: "+strings.Join(all, ", "))
	got := w.inputOf(now.Add(10*time.Minute), last, text, append(all, "ana@team.example")...)
	if got.StormReplies != 5 || got.StormLimit != policies.StormReplies {
		t.Errorf("%d replies, limit %d", got.StormReplies, got.StormLimit)
	}
	id := w.submit(now.Add(10*time.Minute), last, text, append(all, "ana@team.example")...)
	if strings.Contains(w.kinds(id), evAdvice) {
		t.Errorf("advice says what the hold says: %s", w.kinds(id))
	}
	if p := w.plan(id, 0); p.Rule != RuleBatch || p.Why != whyStorm {
		t.Errorf("plan %+v, want it held for the next delivery", p)
	}
	if got := w.subjects(last, store.KindInbox); !strings.Contains(got, "Waits: Re: Cake") {
		t.Errorf("its author is told %q", got)
	}
	got = w.inputOf(now.Add(3*time.Hour), last, text, append(all, "ana@team.example")...)
	if got.StormReplies >= policies.StormReplies {
		t.Errorf("hours later: %d replies", got.StormReplies)
	}
}

func TestAReaderFirstSeesItLater(t *testing.T) {
	w := newWorld(t, coaching)
	now := monday(13, 0) // Midnight in Sydney; Mei opens at 22:00.
	text := letter(w.ana, "c@team.example", "Contract of Kessler", now, "Can you sign the contract of Kessler by 8 pm today?", "To: Mei <mei@team.example>")
	got := w.inputOf(now, w.ana, text, "mei@team.example")
	if seen := got.FirstSees["mei@team.example"]; !seen.Equal(monday(22, 0)) {
		t.Errorf("Mei sees it %v", seen)
	}
	w.submit(now, w.ana, text, "mei@team.example")
	const title = "Before sending: due before it is read (Contract of Kessler)"
	if got := strings.Join(strings.Fields(w.text(w.ana, title)), " "); !strings.Contains(got, "Mei first sees this Tue 09:00 Sydney (Mon 22:00 London), 2 hours after your Mon 20:00") {
		t.Errorf("the advice: %s", got)
	}
	tagged := strings.Replace(text, "Subject: ", "Subject: [send in 2h] ", 1)
	if got := w.inputOf(now, w.ana, tagged, "mei@team.example"); got.FirstSees != nil {
		t.Errorf("a time of the author's: %v", got.FirstSees)
	}
}

func TestOfficeHoursOfWhoIsAsked(t *testing.T) {
	w := newWorld(t, coaching)
	w.profile(w.mei, func(p *people.Profile) {
		hours, err := people.ParseHours("tue 14-15; thu 9-10; fri 9-10")
		if err != nil {
			t.Fatal(err)
		}
		p.Calendar.OfficeHours = hours
	})
	const want = "Tue 14:00-15:00 Sydney (Tue 03:00 London), Thu 09:00-10:00 Sydney (Wed 22:00 London)"
	if got := officeHours(w.mei, w.ana.Zone(), morning); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := officeHours(w.mei, w.mei.Zone(), morning); got != "Tue 14:00-15:00, Thu 09:00-10:00" {
		t.Errorf("in one zone: %q", got)
	}
	if got := officeHours(w.ana, w.mei.Zone(), morning); got != "" {
		t.Errorf("without any: %q", got)
	}
	w.vague(morning, "v1@team.example")
	if got := strings.Join(strings.Fields(w.text(w.ana, vagueAdvice)), " "); !strings.Contains(got, "Office hours: Tue 14:00-15:00 Sydney") {
		t.Errorf("the advice: %s", got)
	}
}
