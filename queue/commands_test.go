package queue

import (
	"strings"
	"testing"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// say sends words to Tidepost and returns the answer, flat.
func (w *world) say(now time.Time, p *people.Person, words string) string {
	w.t.Helper()
	return flat(w.tells(now, p, "", words))
}

func flat(letter string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(textIn(letter), "=\n", "")), " ")
}

func wantIn(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(got, s) {
			t.Errorf("does not say %q:\n%s", s, got)
		}
	}
}

// Each command acts, says what it did and how to undo it; undo in reply takes it back.
func TestEveryCommandActsAndIsUndone(t *testing.T) {
	for _, c := range []struct {
		words string
		field people.Field
		value string
		says  string
	}{
		{"away 3-14 Aug, cover Tom", people.FieldLeave, "2026-08-03..2026-08-14", "You are away from Mon 3 Aug to Fri 14 Aug, and back Mon 17 Aug. Tom stands in for you."},
		{"cover Tom", people.FieldCover, "tom@team.example", "Tom stands in for you"},
		{"in Berlin until Fri", people.FieldStays, "Europe/Berlin=2026-03-02..2026-03-06", "Your clock is that of Berlin from Mon 2 Mar to Fri 6 Mar, and that of London again afterwards"},
		{"always Tom", people.FieldPass, "tom@team.example", "From now on mail from Tom"},
		{"never attachment", people.FieldCoachPolicy, "attachment=off", "No more advice on missing attachments"},
		{"deliveries 9 13 16", people.FieldTides, "09:00 13:00 16:00", "at 09:00, 13:00 and 16:00"},
		{"deliveries default", people.FieldTides, "default", "at your opening, 13:00 and 16:00"},
		{"focus Tue 9-12", people.FieldFocus, "tue 09:00-12:00", "Your focus time is tue 09:00-12:00"},
		{"office hours Tue 14-15", people.FieldOfficeHours, "tue 14:00-15:00", "Your office hours are tue 14:00-15:00"},
		{"hours mon-fri 8-16", people.FieldHours, "mon-fri 08:00-16:00", "Your working hours are mon-fri 08:00-16:00"},
		{"holidays gb", people.FieldHolidays, "gb", "Your holidays are now: gb"},
		{"coach off", people.FieldCoach, "off", "*coach* is off for you"},
		{"hold dry run", people.FieldHold, "dry-run", "*hold* is dry run for you"},
		{"batch off", people.FieldBatch, "off", "mail to you comes as it comes"},
		{"fewer digests", people.FieldDigests, "day", "one digest a day"},
		{"phone +44 20 7946 0018", people.FieldPhone, "+44 20 7946 0018", "Your phone number is +44 20 7946 0018"},
		{"my time zone is Europe/Berlin", people.FieldZone, "Europe/Berlin", "Your time zone is Europe/Berlin for good"},
	} {
		t.Run(c.words, func(t *testing.T) {
			w := newWorld(t)
			before := people.FieldOf(w.ana.Profile, c.field)
			answer := w.tells(monday(10, 0), w.ana, "", c.words)
			w.reload()
			if got := people.FieldOf(w.ana.Profile, c.field); got != c.value {
				t.Errorf("%s is %q, want %q", c.field, got, c.value)
			}
			wantIn(t, flat(answer), c.says, "reply *undo*")
			again := w.tells(monday(10, 1), w.ana, answer, "Undo, please!")
			w.reload()
			if got := people.FieldOf(w.ana.Profile, c.field); got != before {
				t.Errorf("after undo %s is %q, want %q", c.field, got, before)
			}
			wantIn(t, flat(again), "Undone.")
			wantIn(t, flat(w.tells(monday(10, 2), w.ana, answer, "undo")), "undone already")
			w.tells(monday(10, 3), w.ana, again, "undo") // The undo itself.
			w.reload()
			if got := people.FieldOf(w.ana.Profile, c.field); got != c.value {
				t.Errorf("after undo of undo %s is %q, want %q", c.field, got, c.value)
			}
		})
	}
}

func TestUndoLeavesAloneWhatChangedSince(t *testing.T) {
	w := newWorld(t)
	first := w.tells(monday(10, 0), w.ana, "", "always Tom")
	w.say(monday(10, 1), w.ana, "always @bank.example")
	hours := w.tells(monday(10, 2), w.ana, "", "hours mon-fri 8-16")
	w.say(monday(10, 3), w.ana, "hours mon-fri 7-15")
	w.tells(monday(10, 4), w.ana, first, "undo")
	wantIn(t, flat(w.tells(monday(10, 5), w.ana, hours, "undo")), "changed again since")
	w.reload()
	if got := people.FieldOf(w.ana.Profile, people.FieldPass); got != "@bank.example" {
		t.Errorf("pass %q", got)
	}
	if got := people.FieldOf(w.ana.Profile, people.FieldHours); got != "mon-fri 07:00-15:00" {
		t.Errorf("hours %q", got)
	}
	// A bare undo takes the latest back that was not yet.
	w.say(monday(10, 6), w.ana, "undo")
	w.reload()
	if got := people.FieldOf(w.ana.Profile, people.FieldHours); got != "mon-fri 08:00-16:00" {
		t.Errorf("hours %q", got)
	}
	// Somebody else's answer undoes nothing.
	w.tells(monday(10, 7), w.tom, hours, "undo")
	w.reload()
	if got := people.FieldOf(w.ana.Profile, people.FieldHours); got != "mon-fri 08:00-16:00" {
		t.Errorf("hours %q", got)
	}
}

func TestUndoEndsAfterThirtyDays(t *testing.T) {
	w := newWorld(t)
	answer := w.tells(monday(10, 0), w.ana, "", "coach off")
	wantIn(t, flat(w.tells(monday(10, 0).AddDate(0, 0, 31), w.ana, answer, "undo")), "more than 30 days ago")
	w.reload()
	if w.ana.Profile.Coach != people.Off {
		t.Error("it was undone")
	}
}

func TestSeveralCommandsInOneMail(t *testing.T) {
	w := newWorld(t)
	answer := w.tells(monday(10, 0), w.ana, "", "Hi Tidepost,\n\nplease set me away from 3 to 14 August. Tom covers.\ndeliveries 9 16\npause until 25:00\n\nThanks\nAna")
	w.reload()
	wantIn(t, flat(answer), "You are away", "Tom stands in", "at 09:00 and 16:00", `"pause until 25:00" was not done`, "Nearest to it", "pause until 12:00")
	w.tells(monday(10, 1), w.ana, answer, "undo")
	w.reload()
	if got := people.FieldOf(w.ana.Profile, people.FieldLeave) + people.FieldOf(w.ana.Profile, people.FieldTides) + people.FieldOf(w.ana.Profile, people.FieldCover); got != "none" {
		t.Errorf("after undo: %q", got)
	}
}

func TestNothingIsGuessedOfNames(t *testing.T) {
	w := newWorld(t)
	wantIn(t, w.say(monday(10, 0), w.ana, "always Henrik"), `I know nobody called "Henrik"`)
	for i, to := range []string{"Henrik Larsen <henrik@shop.example>", "h.berg@bank.example"} {
		w.submit(monday(10, 1+i), w.ana, letter(w.ana, "", "Hello", monday(10, 1+i), "Good morning.", "To: "+to), strings.Trim(to[strings.Index(to, "<")+1:], ">"))
		w.run(monday(10, 3+i))
	}
	wantIn(t, w.say(monday(10, 5), w.ana, "always Henrik"), "From now on mail from Henrik Larsen <henrik@shop.example> always comes at once")
	w.submit(monday(10, 6), w.ana, letter(w.ana, "", "Hello", monday(10, 6), "Good morning.", "To: Henrik Olsen <ho@other.example>"), "ho@other.example")
	w.run(monday(10, 7))
	wantIn(t, w.say(monday(10, 8), w.ana, "always Henrik"), "Which Henrik?", "always henrik@shop.example", "always ho@other.example")
	wantIn(t, w.say(monday(10, 9), w.ana, "cover Henrik"), "I know no colleague")
	wantIn(t, w.say(monday(10, 10), w.ana, "not always Henrik"), "comes with your deliveries again")
	w.reload()
	if got := people.FieldOf(w.ana.Profile, people.FieldPass); got != "" {
		t.Errorf("pass %q", got)
	}
}

func TestWhatIsNotUnderstoodChangesNothing(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct{ words, says string }{
		{"I am not away next week", "away 9-13 Mar, cover"},
		{"Tom is away 3-14 Aug", "away 9-13 Mar, cover"},
		{"away 3/4 - 5/4", "3/4 can be 3 April or 4 March"},
		{"away 14 Aug - 3 Aug", "the last day lies before the first one"},
		{"away 1 March", "1 March has passed"},
		{"pause until 9:00", "09:00 has passed"},
		{"dance", "Nearest to it"},
	} {
		before, _ := w.ana.Profile.Encode()
		wantIn(t, w.say(monday(10, i), w.ana, c.words), c.says)
		w.reload()
		if after, _ := w.ana.Profile.Encode(); string(after) != string(before) {
			t.Errorf("%q changed the profile:\n%s\n%s", c.words, before, after)
		}
	}
}

func TestReleaseLetsGoWhatWaitsByRule(t *testing.T) {
	w := newWorld(t)
	now := monday(22, 0)
	a := w.submit(now, w.ana, letter(w.ana, "", "Budget", now, "The budget is in the drive.", "To: tom@team.example"), "tom@team.example")
	b := w.submit(now, w.ana, letter(w.ana, "", "[send Fri 9am] Later", now, "The budget is in the drive.", "To: tom@team.example"), "tom@team.example")
	wantIn(t, w.say(now.Add(time.Minute), w.ana, "release"), "1 mail leaves now", "Budget", "1 mail with a time that you chose yourself keeps it")
	w.run(now.Add(2 * time.Minute))
	w.wantStates(a, "delivered")
	w.wantStates(b, "held Fri 09:00:00")
	wantIn(t, w.say(now.Add(3*time.Minute), w.ana, "release"), "Nothing waits")
}

func TestWhyOfMailThatWaits(t *testing.T) {
	w := newWorld(t)
	now := monday(22, 0)
	w.submit(now, w.ana, letter(w.ana, "b1@team.example", "Budget", now, "The budget is in the drive.", "To: tom@team.example"), "tom@team.example")
	wantIn(t, w.say(now, w.ana, "why <b1@team.example>"), "Budget, sent", "waits until", "because")
	wantIn(t, w.say(now, w.tom, "why <b1@team.example>"), "I know no mail of yours")
	wantIn(t, w.say(now, w.ana, "why"), "Which mail?")
}

func TestAPasswordIsNeverTakenByMail(t *testing.T) {
	w := newWorld(t)
	answer := w.say(monday(10, 0), w.ana, "please change my password to hunter2")
	wantIn(t, answer, "never asked for, changed or told by mail")
	if strings.Contains(answer, "hunter2") {
		t.Error("the answer repeats it")
	}
}

func TestHelpAndSettingsCanBeSentAsTheyStand(t *testing.T) {
	w := newWorld(t)
	for _, ask := range []string{"help", "settings"} {
		answer := textIn(w.tells(monday(10, 0), w.ana, "", ask))
		for line := range strings.SplitSeq(answer, "\n") {
			if !strings.HasPrefix(line, "- ") {
				continue
			}
			parts := strings.Split(line, "*")
			if len(parts) < 3 || strings.Contains(line, "Message-ID") {
				continue
			}
			for i := 1; i < len(parts); i += 2 {
				if got := w.say(monday(10, 1), w.ana, parts[i]); strings.Contains(got, "I do not understand \"") || strings.Contains(got, "was not done") {
					t.Errorf("%s: %q is not understood:\n%s", ask, parts[i], got)
				}
			}
		}
	}
	if n := len(w.entries(w.ana, store.KindInbox)); n < 30 {
		t.Errorf("%d answers only", n)
	}
}
