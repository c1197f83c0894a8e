package story

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

const scene = `start: Mon 2026-03-02 08:00 in Berlin
person Ana in Berlin works mon-fri 09:00-17:00
  inbox: imap
person Mei in Asia/Singapore works mon-fri 09:00-18:00
person Tom in New York works mon-fri 09:00-17:00
person Lee in New York
outside Otto in Berlin
outside Carla <carla@shop.example>
Ana sends "Budget" to Mei
Ana sends "Lunch" to Mei
Ana sends "Figures" to Mei as "the budget"
Ana sends "Price list" to Mei
Mei replies to "Budget"
Mei replies to "Budget" as "Yes"
`

// Whoever makes a mistake reads where, what, and what could stand there.
func TestMistakesAreExplained(t *testing.T) {
	for _, c := range []struct{ story, want string }{
		{"Ana sendz \"X\" to Mei", `f.txt:15: "Ana sendz \"X\" to Mei" is no statement of this language; nearest: Ana sends`},
		{"Mei's INBX hasnt \"Budget\"", `f.txt:15: "Mei's INBX hasnt \"Budget\"" is no statement of this language; nearest: Mei's INBOX has`},
		{"Bob sends \"X\" to Mei", `f.txt:15: nobody in this story is called "Bob"; there are: Ana, Mei, Tom`},
		{"Ana sends \"X\" to Bob", `f.txt:15: "Bob" is neither somebody in this story nor an address`},
		{"Ana sends X to Mei", `f.txt:15: "X" is not understood here; the subject of a mail stands in quotes`},
		{"Mei's INBOX has \"Bugdet\"", `f.txt:15: no mail of this story is called "Bugdet"; there are: Budget, Lunch, Price list`},
		{"at Tuesday Ana sends \"X\" to Mei", `f.txt:15: "at Tuesday" lacks a time of day`},
		{"at teatime Ana sends \"X\" to Mei", `f.txt:15: "at teatime Ana sends`},
		{"Ana sends \"X\" to Mei\n  colour: red", `f.txt:16: "colour" is not something a mail has`},
		{"the server restarts\n  | text", `f.txt:15: | lines (the text of a mail) do not belong to this statement`},
		{"the ask in \"Budget\" is tired", `f.txt:15: "tired" is no state of a clock`},
		{"Mei marks \"Budget\" as purple", `f.txt:15: a mail is marked as read`},
		{"person Zoe in Atlantis", `f.txt:15: "Atlantis" is not a zone`},
		{"Mei's digest of Otto", `f.txt:15: `},
		{"Otto's hours become mon 9-10", `f.txt:15: Otto is outside the team`},
	} {
		_, err := Parse("f.txt", scene+c.story+"\n")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.story, err, c.want)
		}
	}
}

func TestMistakesAreReportedTogether(t *testing.T) {
	_, err := Parse("f.txt", scene+"Ana sendz\nMei readz\n")
	if err == nil || strings.Count(err.Error(), "f.txt:") != 2 {
		t.Errorf("got %v", err)
	}
}

func TestStoryNeedsAStart(t *testing.T) {
	_, err := Parse("f.txt", "person Ana in Berlin\n")
	if err == nil || !strings.Contains(err.Error(), "lacks its start") {
		t.Errorf("got %v", err)
	}
}

// Every form understands its own example, and the one that is found first is it.
func TestExamplesAreUnderstood(t *testing.T) {
	for _, f := range forms() {
		text := tidy(f.example)
		if found, _ := find(forms(), text); found != f {
			t.Errorf("%q is understood as %v", f.example, found)
			continue
		}
		if isSetting(text) {
			continue
		}
		if _, err := Parse("f.txt", scene+f.example+"\n"); err != nil {
			t.Errorf("%q: %v", f.example, err)
		}
	}
}

// TestReadme reads every example of the README, and looks whether it shows every form.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../scenarios/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 0 {
			for _, q := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(block, -1) {
				shown = append(shown, q[1])
			}
			continue
		}
		block = regexp.MustCompile(` {2,}\([^\n]*\)`).ReplaceAllString(block, "")
		shown = append(shown, strings.Split(block, "\n")...)
		s := scene + block
		if strings.Contains(block, "start:") {
			s = block
		}
		if _, err := Parse("README.md", s); err != nil {
			t.Errorf("%v in:\n%s", err, block)
		}
	}
	known := map[*form]bool{}
	for _, s := range shown {
		s = strings.ReplaceAll(s, "…", "x")
		if f, _ := find(forms(), tidy(s)); f != nil {
			known[f] = true
		}
	}
	for _, f := range forms() {
		if !known[f] {
			t.Errorf("the README does not show: %s", f.example)
		}
	}
}

func TestMoments(t *testing.T) {
	berlin, _ := zoneNamed("Berlin")
	now := time.Date(2026, 3, 3, 10, 30, 0, 0, berlin) // a Tuesday
	c := &cast{people: map[string]*member{"mei": {name: "Mei"}}}
	for _, x := range []struct{ said, want, rest string }{
		{"Tue 11:00", "2026-03-03 11:00", ""},
		{"Tue 09:00", "has passed", ""},
		{"next Tue 09:00", "2026-03-10 09:00", ""},
		{"next Wed 09:00", "2026-03-04 09:00", ""},
		{"Mon 09:00", "2026-03-09 09:00", ""},
		{"10:30", "2026-03-03 10:30", ""},
		{"9am", "has passed", ""},
		{"tomorrow 9:15pm", "2026-03-04 21:15", ""},
		{"noon", "2026-03-03 12:00", ""},
		{"12am", "has passed", ""},
		{"+ 1h 30m Mei sends", "2026-03-03 12:00", "Mei sends"},
		{"+2 days, Mei sends", "2026-03-05 10:30", "Mei sends"},
		{"2026-03-29 02:30 Mei sends", "2026-03-29 03:00", "Mei sends"},
		{"Sun 29 Mar 2026 12:00: the server restarts", "2026-03-29 12:00", "the server restarts"},
		{"Mar 29 12:00", "2026-03-29 12:00", ""},
		{"1 Feb 12:00", "2027-02-01 12:00", ""},
		{"Mon 29 Mar 2026 12:00", "is a Sunday", ""},
		{"Fri 09:00 the server restarts", "2026-03-06 09:00", "the server restarts"},
	} {
		m, rest, err := c.readMoment(x.said)
		if err != nil {
			t.Errorf("%s: %v", x.said, err)
			continue
		}
		at, err := m.next(now, berlin)
		got := at.In(berlin).Format("2006-01-02 15:04")
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, x.want) || rest != x.rest {
			t.Errorf("%s: got %q, rest %q", x.said, got, rest)
		}
	}
}

func TestPlaces(t *testing.T) {
	for name, want := range map[string]string{
		"Berlin": "Europe/Berlin", "New York": "America/New_York", "Asia/Kolkata": "Asia/Kolkata", "utc": "UTC", "hong kong": "Asia/Hong_Kong",
	} {
		if z, ok := zoneNamed(name); !ok || z.String() != want {
			t.Errorf("%s: %v", name, z)
		}
	}
	if _, ok := zoneNamed("Mei"); ok {
		t.Error("Mei is a zone")
	}
}

// The same thing may be said in several ways.
func TestSpellings(t *testing.T) {
	for _, said := range []string{
		`Ana sends a mail to Mei "Hello"`,
		`Ana sends "Hello" to Mei and Tom.`,
		`Ana sends to Mei: "Hello"`,
		`Ana writes to Mei "Hello" saying "Hi"`,
		`Ana mails "Hello" to Mei, cc Tom, bcc Otto`,
		`On Mon 22:00 Ana sends "Hello" to Mei`,
		`At 22:00, Ana sends "Hello" to Mei`,
		`at Tue 3 Mar 09:00 Europe/Berlin: Ana sends "Hello" to Mei`,
		`at 9am Mei's time Ana sends "Hello" to Tom`,
		`+3h Ana sends "Hello" to Mei`,
		`+ 3 hours: Ana sends "Hello" to Mei`,
		`+ 1 day and 2 hours Ana sends “Hello” to Mei`,
		`Mei replies to Ana's "Budget" with "Yes"`,
		`Mei replies to "Budget": "Yes"`,
		`Mei answers "Budget" saying "Yes" to everybody`,
		`Mei replies to all to "Budget"`,
		`Mei replies to the latest digest of Mei`,
		`Mei replies to Tom's latest digest saying "1 yes"`,
		`Mei replies to her digest: "1 yes"`,
		`then Mei's INBOX contains exactly: "Budget", "Lunch"`,
		`expect Mei's folder "Needs reply" to be`,
		`Mei's folder "Needs reply" has "Budget" and "Lunch"`,
		`Mei's Needs reply holds only "Budget"`,
		`Mei's INBOX does not contain "Budget" or "Lunch"`,
		`Mei's INBOX contains nothing`,
		`Mei's inbox has no mails`,
		`"Budget" is no longer in Mei's Needs reply`,
		`"Budget" and "Lunch" are in Mei's INBOX`,
		`Mei marks "Budget" as read`,
		`Mei moves "Budget" from her INBOX to the folder Archive`,
		`Mei drags "Budget" into Remind me/Tomorrow`,
		`Ana moves "Budget" to "Send Monday"`,
		`the clock of "Budget" is overdue`,
		`the question in "Budget" is due on Thu 10:00`,
		`the ask "figures" in "Budget" for Mei is not overdue`,
		`Mei gets no digest`,
		`Mei gets advice`,
		`Mei has received "Budget" once`,
		`Mei never receives "Budget"`,
		`"Budget" never reaches Mei`,
		`nothing for Mei before Tue 09:00`,
		`"Budget" is held for Mei until Tue 09:00 in Berlin`,
		`"Budget" to otto@elsewhere.example is now delivered`,
		`Ana is told "Not sent"`,
		`Otto's mailbox is empty`,
		`"Budget" at Otto does not say "secret"`,
		`the answer is NO`,
		`Tom is on leave 2026-03-03 to 2026-03-06`,
		`wait until Tue 09:00`,
		`everybody waits 3 days`,
		`the server crashes and restarts`,
	} {
		_, err := Parse("f.txt", scene+said+"\n")
		if bad := strings.HasSuffix(said, " to be"); (err != nil) != bad {
			t.Errorf("%s: %v", said, err)
		}
	}
}
