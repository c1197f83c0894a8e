package digest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tidepost/digest"
	"tidepost/mail"
)

func ana(t testing.TB) digest.Reader {
	return digest.Reader{Name: "Ana Silva", Address: mail.Address{Local: "ana", Domain: "team.example"}, Zone: zone(t, "Europe/London")}
}

var (
	budget = digest.About{Subject: "Budget", MID: "b1@team.example", To: []string{"Mei"}}
	left   = []digest.Left{{Name: "Ana", When: "09:00"}}
)

func notes(to digest.Reader, about digest.About) map[string]mail.Letter {
	urgent := digest.Urgent{
		Reached: []digest.Reached{{Name: "Mei", Clock: "03:10", City: "Sydney", Phone: "+61 2 5550 1234", Asleep: true},
			{Name: "Tom", Clock: "17:10", City: "Berlin"}, {Name: "Kofi", Clock: "16:10", City: "Accra", Asleep: true}, {Name: "henrik@customer.example"}},
		Awake:  []digest.Awake{{Name: "Ana", City: "New York", Clock: "12:10", Word: "ana"}},
		Budget: 8, Used: 3,
	}
	over := urgent
	over.Awake, over.Used = nil, 9
	everybody := about
	everybody.To = []string{"Mei", "Tom", "Kofi", "Li", "Eva"}
	return map[string]mail.Letter{
		"cancelled":      writer.Cancelled(to, about, nil),
		"cancelled-some": writer.Cancelled(to, everybody, left),
		"too-late":       writer.TooLate(to, about, left),
		"urgent":         writer.Urgent(to, about, urgent),
		"urgent-over":    writer.Urgent(to, about, over),
		"first-hold":     writer.FirstHold(to, about, []digest.Left{{Name: "Mei", When: "Tue 09:00 Sydney (Mon 22:00 London)"}, {Name: "Tom", When: "Tue 09:00"}}),
		"repeat":         writer.Repeat(to, about, []digest.Left{{Name: "Mei", When: "Mon 09:00"}, {Name: "Tom", When: "Mon 10:00"}}),
		"gap":            writer.Chosen(to, about, digest.Chosen{Asked: "Sun 01:30", When: "Sun 29 Mar 02:00", Gap: true}),
		"overlap":        writer.Chosen(to, about, digest.Chosen{Asked: "Sun 01:30", When: "Sun 25 Oct 01:30 (UTC+01:00)"}),
		"away":           writer.Away(to, about, digest.Absence{Name: "Mei", Back: "Mon 4 Jan", Cover: "Tom"}),
		"away-open":      writer.Away(to, about, digest.Absence{Name: "Mei"}),
		"refused":        writer.Refused(to, about, "Scheduled/Send now", "it is mail that you received"),
		"stuck":          writer.Stuck(to, about),
		"delayed":        writer.Delayed(to, about, digest.Delay{Since: "Mon 09:00", GiveUp: "Sat 28 Nov 09:00", Reply: "451 4.7.1 Greylisted, try\r\nagain later"}),
		"delayed-silent": writer.Delayed(to, about, digest.Delay{Since: "Mon 09:00", GiveUp: "Sat 28 Nov 09:00"}),
		"failed":         writer.Failed(to, about, "550 5.1.1 No such user"),
		"failed-silent":  writer.Failed(to, about, ""),
		"reminder":       writer.Reminder(to, about, "Mei Chen <mei@team.example>", "Fri 20 Nov"),
		"talk":           writer.Talk(to, about, "Mei", "+61 2 5550 1234", "Tue 13:00 Sydney (Tue 02:00 London)"),
		"talk-no-phone":  writer.Talk(to, about, "Mei", "", "13:00"),
		"welcome":        writer.Welcome(to, digest.Newcomer{Waits: true, Batches: true, Tides: "09:00, 13:00 and 16:00"}),
		"welcome-none":   writer.Welcome(to, digest.Newcomer{Waits: true}),
		"welcome-trying": writer.Welcome(to, digest.Newcomer{Trying: true}),
	}
}

func TestNotes(t *testing.T) {
	for name, l := range notes(ana(t), budget) {
		golden(t, "note-"+name+".txt", header(l)+l.Text)
		checkLetter(t, l)
		if threaded := l.InReplyTo == budget.MID; threaded == strings.HasPrefix(name, "welcome") {
			t.Errorf("%s: In-Reply-To %q", name, l.InReplyTo)
		}
		if l.HTML != "" || l.MessageID != "" {
			t.Errorf("%s: HTML or Message-ID set", name)
		}
	}
}

func TestNotesWithHostileText(t *testing.T) {
	for _, s := range hostile {
		for name, l := range notes(digest.Reader{Name: s}, digest.About{Subject: s, MID: s, To: []string{s, s}}) {
			if strings.ContainsAny(l.Subject, "\r\n\x00\u202e") || strings.ContainsAny(l.Text, "\r\x00\x1b\u202e") {
				t.Errorf("%s: %q / %q", name, l.Subject, l.Text)
			}
		}
	}
}

func TestTimetable(t *testing.T) {
	now := time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC)
	mei := digest.Waiting{Name: "Mei", When: "Tue 09:00 Sydney (Mon 22:00 London)", Next: "Tue 09:00", Why: "the working day has not begun"}
	many := digest.Line{Subject: "To everybody"}
	for i := range 14 {
		many.Waiting = append(many.Waiting, digest.Waiting{Name: fmt.Sprintf("Person %d", i), When: "Tue 09:00", Next: "Tue 09:00"})
	}
	three := digest.Timetable{Total: 3, Lines: []digest.Line{
		{Subject: "Taken back, perhaps", Frozen: true, Waiting: []digest.Waiting{mei}},
		{Subject: "Budget for the third quarter with a subject that is longer than a line of seventy-six", Waiting: []digest.Waiting{mei,
			{Name: "Tom", When: "Wed 10:00", Next: "Wed 10:00", Why: "it is a holiday"}}},
		many,
	}}
	crowd := digest.Timetable{Total: 61}
	for i := range 55 {
		crowd.Lines = append(crowd.Lines, digest.Line{Subject: fmt.Sprintf("Topic %d", i), Waiting: []digest.Waiting{mei}})
	}
	for name, table := range map[string]digest.Timetable{
		"three": three, "crowd": crowd, "none": {}, "one": {Lines: three.Lines[1:2]}, "frozen": {Lines: three.Lines[:1]},
	} {
		l := writer.Timetable(ana(t), table, now)
		golden(t, "timetable-"+name+".txt", header(l)+l.Text)
		checkLetter(t, l)
	}
}

func TestAReaderWithoutZoneReadsUTC(t *testing.T) {
	c := digest.Content{Tide: tide}
	c.Add(digest.Message{Subject: "s", At: tide.AddDate(-1, 0, 0)})
	l := writer.Digest(digest.Reader{}, c)
	for _, want := range []string{"Tuesday 24 November, 02:00", "24 Nov 2025 02:00", "somebody"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("text lacks %q:\n%s", want, l.Text)
		}
	}
}

func TestRemindersLinkOnlyToRealIDs(t *testing.T) {
	for mid, want := range map[string]string{
		"a@x": "<mid:a@x>", "a%b/c@x": "<mid:a%25b%2Fc@x>", "": "", "noat": "", "a b@x": "", "ä@x": "", strings.Repeat("a", 300) + "@x": "",
	} {
		l := writer.Reminder(digest.Reader{}, digest.About{MID: mid}, "a", "b")
		if got := strings.Contains(l.Text, "<mid:"); got != (want != "") || want != "" && !strings.Contains(l.Text, want) {
			t.Errorf("MID %q: text %q, want link %q", mid, l.Text, want)
		}
	}
}
