package queue

import (
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

func TestMailWaitsOvernightForItsReader(t *testing.T) {
	w := newWorld(t)
	// Monday 13:00 in London is midnight in Sydney.
	now := monday(13, 0)
	text := letter(w.ana, "a1@team.example", "Budget", now, "Here it is.", "To: mei@team.example")
	id := w.submit(now, w.ana, text, "mei@team.example")
	w.wantStates(id, "held Mon 22:00:00") // Tuesday 09:00 in Sydney.
	e := w.entries(w.ana, store.KindScheduled)
	if len(e) != 1 || w.octets(e[0]) != text {
		t.Fatalf("Scheduled holds %d entries; want the octets as they were sent", len(e))
	}
	if e[0].Flags != store.Seen || strings.Join(e[0].Keywords, " ") != "$SubmitPending" || !e[0].InternalDate.Equal(now) {
		t.Errorf("entry: got %v %v %v", e[0].Flags, e[0].Keywords, e[0].InternalDate)
	}
	w.run(monday(21, 59))
	w.wantStates(id, "held Mon 22:00:00")
	w.run(monday(22, 0))
	w.wantStates(id, "delivered")
	if got := w.kinds(id); got != "accepted held released filed" {
		t.Errorf("ledger: got %q", got)
	}
	got := w.entries(w.mei, store.KindInbox)
	if len(got) != 1 {
		t.Fatalf("Mei has %d mails, want 1", len(got))
	}
	o := w.octets(got[0])
	if d := header(o, "Date"); d != "Mon, 2 Mar 2026 22:00:00 +0000" {
		t.Errorf("Date: got %q, want the minute of release", d)
	}
	if strings.Contains(o, "13:00") {
		t.Errorf("the hour of writing shows:\n%s", o)
	}
	w.wantSubjects(w.ana, store.KindScheduled, "")
	if !strings.HasPrefix(w.subjects(w.ana, store.KindInbox), "Waits: Budget") {
		t.Errorf("notes: got %q, want the first hold explained", w.subjects(w.ana, store.KindInbox))
	}
}

func TestReleaseTimes(t *testing.T) {
	cases := []struct {
		name    string
		now     time.Time
		subject string
		fields  string
		to      string
		want    string
		rule    Rule
	}{
		{"a colleague at work gets it after the undo time", monday(10, 0), "x", "", "ana2", "held Mon 10:00:20", RuleHours},
		{"hours that open within the grace do not hold", monday(21, 40), "x", "", "mei", "held Mon 21:40:20", RuleHours},
		{"elsewhere passes after the undo time", monday(3, 0), "x", "", "joe@else.example", "held Mon 03:00:20", RuleFree},
		{"a machine's mail passes without undo", monday(13, 0), "x", "Auto-Submitted: auto-generated", "mei", "held Mon 13:00:00", RuleNow},
		{"a list passes", monday(13, 0), "x", "List-Id: <l.team.example>", "mei", "held Mon 13:00:00", RuleNow},
		{"now leaves after the undo time", monday(13, 0), "[now] x", "", "mei", "held Mon 13:00:20", RuleFree},
		{"urgent leaves at once", monday(13, 0), "[urgent] x", "", "mei", "held Mon 13:00:00", RuleNow},
		{"a send tag is the author's clock", monday(13, 0), "[send Fri 9am] x", "", "mei", "held Fri 09:00:00", RuleTime},
		{"a day alone is the reader's opening", monday(13, 0), "[send Friday] x", "", "mei", "held Fri 00:00:00", RuleOpening},
		{"an address tag speaks of one reader", monday(13, 0), "x", "", "mei+fri9am", "held Fri 09:00:00", RuleTime},
		{"an address tag sends now", monday(13, 0), "x", "", "mei+now", "held Mon 13:00:20", RuleFree},
		{"a tag behind Re: is the parent's", monday(13, 0), "Re: [now] x", "", "mei", "held Mon 22:00:00", RuleHours},
		{"a text that is no time is no tag", monday(13, 0), "[send help] x", "", "mei", "held Mon 22:00:00", RuleHours},
		{"a note to oneself only waits for the undo", monday(3, 0), "x", "", "ana", "held Mon 03:00:20", RuleFree},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.add("Ina Two", "ana2@team.example", "Europe/London", "")
			w.reload()
			if !strings.Contains(c.to, "@") {
				c.to += "@team.example"
			}
			fields := []string{"To: " + c.to}
			if c.fields != "" {
				fields = append(fields, c.fields)
			}
			id := w.submit(c.now, w.ana, letter(w.ana, "m@team.example", c.subject, c.now, "text", fields...), c.to)
			w.wantStates(id, c.want)
			if got := w.plan(id, 0).Rule; got != c.rule {
				t.Errorf("rule: got %q, want %q", got, c.rule)
			}
		})
	}
}

func TestHoldForThreeMonthsSurvivesTheClocksGoingForward(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	s := Submission{Author: w.ana, Envelope: envelope(w.ana, "tom@team.example"), Now: now,
		Staged: w.stage(letter(w.ana, "q@team.example", "[send 1 Jun 9am] Quarter", now, "text", "To: tom@team.example"), now)}
	id, err := w.q.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Mon 08:00:00") // 09:00 BST.
	due := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	w.run(due.Add(-time.Second))
	w.wantStates(id, "held Mon 08:00:00")
	w.reopen()
	w.run(due)
	w.wantStates(id, "delivered")
	if o := w.octets(w.entries(w.tom, store.KindInbox)[0]); header(o, "Subject") != "Quarter" {
		t.Errorf("subject: got %q, want the tag cut off", header(o, "Subject"))
	}
}

func TestATimeThatDoesNotExistIsConfirmed(t *testing.T) {
	w := newWorld(t)
	now := time.Date(2026, 3, 27, 10, 0, 0, 0, time.UTC)
	id := w.submit(now, w.ana, letter(w.ana, "g@team.example", "[send Sun 1:30am] Early", now, "text", "To: tom@team.example"), "tom@team.example")
	w.wantStates(id, "held Sun 01:00:00") // 02:00 BST: the first minute after the gap.
	if s := w.subjects(w.ana, store.KindInbox); !strings.HasPrefix(s, "Leaves ") {
		t.Errorf("notes: got %q, want the instant confirmed", s)
	}
}

func TestTheCapEndsAHold(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Cap = 120 * time.Hour })
	w.profile(w.mei, func(p *people.Profile) {
		for day := range 60 { // Mail to somebody on leave goes to While away; holidays hold it.
			p.Calendar.Holidays = append(p.Calendar.Holidays, scheduler.Holiday{Date: scheduler.Date{Year: 2026, Month: 3, Day: 1}.AddDays(day)})
		}
	})
	now := monday(10, 0)
	id := w.submit(now, w.ana, letter(w.ana, "c@team.example", "x", now, "text", "To: mei@team.example"), "mei@team.example")
	// Five days later is a Saturday night; the next weekly hours are Monday 09:00.
	w.wantStates(id, "held Sun 22:00:00")
	if p := w.plan(id, 0); !p.Capped {
		t.Errorf("plan %+v does not say that it was capped", p)
	}
}

func TestUndo(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.submit(now, w.ana, letter(w.ana, "u@team.example", "Oops", now, "text", "To: joe@else.example"), "joe@else.example")
	e := w.entries(w.ana, store.KindScheduled)[0]
	w.update(func(tx *store.Tx) error {
		_, err := w.q.MoveOut(tx, w.ana, e, w.box(w.ana, store.KindDrafts), now.Add(10*time.Second))
		return err
	})
	w.run(now.Add(time.Hour))
	w.wantStates(id, "cancelled")
	if got := w.out.list(); len(got) != 0 {
		t.Errorf("it left all the same: %v", got)
	}
	if s := w.subjects(w.ana, store.KindInbox); s != "Not sent: Oops" {
		t.Errorf("notes: got %q", s)
	}
}

func TestTogetherIfThereIsACommonMoment(t *testing.T) {
	w := newWorld(t)
	body := "Decision: we ship on Friday. Object by Wed noon."
	text := letter(w.ana, "t@team.example", "Ship", monday(10, 0), body, "To: ana3@team.example, tom@team.example")
	w.add("Ann Three", "ana3@team.example", "Europe/London", "")
	w.reload()
	id := w.submit(monday(10, 0), w.ana, text, "ana3@team.example", "tom@team.example")
	// New York opens at 14:00; London is at work then.
	w.wantStates(id, "held Mon 14:00:00, held Mon 14:00:00")
	// Sydney and London have no common moment within a day: nobody waits.
	text = letter(w.ana, "t2@team.example", "Ship", monday(10, 0), body, "To: ana3@team.example, mei@team.example")
	id = w.submit(monday(10, 0), w.ana, text, "ana3@team.example", "mei@team.example")
	w.wantStates(id, "held Mon 10:00:20, held Mon 22:00:00")
}

func TestOutageAtTheOpeningDoesNotFlushAtNight(t *testing.T) {
	w := newWorld(t)
	sunday := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	id := w.submit(sunday, w.mei, letter(w.mei, "o@team.example", "Morning", sunday, "text", "To: ana@team.example"), "ana@team.example")
	explicit := w.submit(sunday, w.mei, letter(w.mei, "o2@team.example", "[send Mon 8pm] Exactly", sunday, "text", "To: ana@team.example"), "ana@team.example")
	w.wantStates(id, "held Mon 09:00:00")
	w.wantStates(explicit, "held Mon 09:00:00")
	w.reopen()
	w.run(time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)) // 18 hours later, at night.
	w.wantStates(id, "held Tue 09:00:00")
	w.wantStates(explicit, "delivered") // The author said when; it is late enough.
}

func TestOffAndDryRunChangeNothing(t *testing.T) {
	for _, mode := range []people.Switch{people.Off, people.DryRun} {
		w := newWorld(t, func(o *Options) { o.Mode = mode })
		now := monday(13, 0)
		id := w.submit(now, w.ana, letter(w.ana, "d@team.example", "x", now, "text", "To: mei@team.example"), "mei@team.example")
		w.wantStates(id, "held Mon 13:00:00")
		p := w.plan(id, 0)
		if would := mode == people.DryRun; p.DryRun.IsZero() == would {
			t.Errorf("%s: plan %+v", mode, p)
		} else if would && !p.DryRun.Equal(monday(22, 0)) {
			t.Errorf("it would have left %v, want Mon 22:00", p.DryRun)
		}
		w.run(now)
		o := w.octets(w.entries(w.mei, store.KindInbox)[0])
		if d := header(o, "Date"); d != "Mon, 2 Mar 2026 13:00:00 +0000" {
			t.Errorf("%s: Date %q", mode, d)
		}
		w.wantSubjects(w.ana, store.KindInbox, "")
	}
}
