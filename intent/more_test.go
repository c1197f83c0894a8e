package intent

import (
	"strings"
	"testing"

	"tidepost/mail"
)

// brief gives the findings of a mail on a line.
func brief(f Findings) string {
	var out []string
	for _, a := range f.Asks {
		s := "ask"
		for _, o := range a.Owners {
			s += " " + strings.Fields(o.Name)[0]
		}
		if a.All {
			s += " *"
		}
		if a.Due != nil {
			s += " @" + a.Due.Text
		}
		out = append(out, s)
	}
	for _, p := range f.Promises {
		s := "promise"
		if p.Due != nil {
			s += " @" + p.Due.Text
		}
		out = append(out, s)
	}
	for range f.Decisions {
		out = append(out, "decision")
	}
	return strings.Join(out, "; ")
}

func TestWholeMails(t *testing.T) {
	team := []mail.Mailbox{box("Sales", "sales")}
	for _, c := range []struct {
		name string
		in   Input
		want string
	}{
		{"a list of owners", Input{Text: "Hi all,\n\nthe fair is on Friday, so:\n\n- Mei: the slides by Thursday\n- Tom: two chairs, by Thursday noon\n\nAna", To: []mail.Mailbox{mei, tom}}, "ask Mei @by Thursday; ask Tom @by Thursday noon"},
		{"a deadline above a list", Input{Text: "By Tuesday 5pm every order needs an owner.\n\nDan – split the long list.\nEva – tell me if it's real.", To: team}, "ask Sales * @By Tuesday 5pm; ask Dan @By Tuesday 5pm; ask Eva @By Tuesday 5pm"},
		{"choices are not asked for", Input{Text: "There are two options:\n\n1. add a disk to the node\n2. send the node back\n\nI like the first.", To: []mail.Mailbox{mei}}, ""},
		{"a demand without a verb", Input{Text: "Mei,\n\nyour report is pathetic and you know it. Do you even read these mails?\n\nA corrected version by Monday noon.", To: []mail.Mailbox{mei}}, "ask Mei @by Monday noon"},
		{"shouted at", Input{Text: "Are you kidding me? This is the third time you break it.\n\nSort it out.", To: []mail.Mailbox{mei}}, "ask Mei"},
		{"no, please", Input{Text: "No flowers, please.", To: []mail.Mailbox{mei}}, ""},
		{"two promises", Input{Text: "I'll send the list by Friday, and I'll call you tomorrow.", To: []mail.Mailbox{mei}}, "promise @by Friday; promise @tomorrow"},
		{"an offer on a condition", Input{Text: "Tell me if you come, and I'll keep two seats.", To: []mail.Mailbox{mei}}, "ask Mei"},
		{"a promise of two words", Input{Text: "You're right. Fix tomorrow.", To: []mail.Mailbox{mei}, Reply: true}, "promise @tomorrow"},
		{"a promise behind a colon", Input{Text: "So: I'll book the room tomorrow.", To: []mail.Mailbox{mei}}, "promise @tomorrow"},
		{"a promise each week", Input{Text: "I check the pumps every Monday.", To: []mail.Mailbox{mei}}, "promise @every Monday"},
		{"yes", Input{Text: "Yes, sign it.", To: []mail.Mailbox{mei}, Reply: true}, "decision"},
		{"go", Input{Text: "Go ahead.", To: []mail.Mailbox{mei}, Reply: true}, "decision"},
		{"a decision in the subject", Input{Subject: "The freeze is postponed until 24 June", Text: "As the subject says.", To: []mail.Mailbox{mei}}, "decision"},
		{"a rule behind a colon", Input{Text: "As agreed with Tom: from 1 April, each order above 300 goes through him.", To: []mail.Mailbox{mei}}, "decision"},
		{"an if and what follows", Input{Text: "If your script still uses the old path, change it by Friday.", To: team}, "ask Sales * @by Friday"},
		{"both names, one question", Input{Text: "Mei and Tom, is the mast up? Please tell me by noon.", To: []mail.Mailbox{mei, tom}}, "ask Mei Tom @by noon"},
		{"the same deadline", Input{Text: "Mei, please sign the lease by Friday.\nTom, please file it, same deadline.", To: []mail.Mailbox{mei, tom}}, "ask Mei @by Friday; ask Tom @by Friday"},
		{"the paragraph goes on to her", Input{Text: "Mei, is the mast up again? Could you also call the port?", To: []mail.Mailbox{mei, tom}}, "ask Mei; ask Mei"},
		{"a third person", Input{Text: "I need Tom to sign the form by Friday.", To: []mail.Mailbox{mei, tom}}, "ask Tom @by Friday"},
		{"the whole firm", Input{Text: "Everyone, please lock your screens.", To: team}, "ask *"},
		{"not until", Input{Text: "Please keep the gate shut until Friday.", To: []mail.Mailbox{mei}}, "ask Mei"},
		{"within days", Input{Text: "Please pay within days.", To: []mail.Mailbox{mei}}, "ask Mei @within days"},
		{"close of business", Input{Text: "Please pay by close of business.", To: []mail.Mailbox{mei}}, "ask Mei @by close of business"},
		{"the 14", Input{Text: "Merci de répondre avant le 20.", To: []mail.Mailbox{mei}}, "ask Mei @avant le 20"},
		{"only a name", Input{Text: "Mei?", To: []mail.Mailbox{mei}}, ""},
		{"a question in quotes", Input{Text: "The film is called \"Who?\" and lasts two hours.", To: []mail.Mailbox{mei}}, ""},
		{"spoken of, not to", Input{Text: "Tom checked the valve. It was open.", To: []mail.Mailbox{mei, tom}}, ""},
		{"one of several deadlines", Input{Text: "Mei, send me the list. Tom, book the room by Friday. Mei, call the client.", To: []mail.Mailbox{mei, tom}}, "ask Mei; ask Tom @by Friday; ask Mei"},
		{"the second name too", Input{Text: "Could you ask Tom Okafor?", To: []mail.Mailbox{mei}}, "ask Mei"},
		{"rows of numbers", Input{Text: "Date  Job\n09-Feb  12\n10-Feb  14", To: []mail.Mailbox{mei}}, ""},
		{"before close", Input{Text: "Please lock the gate before close of business on Friday.", To: []mail.Mailbox{mei}}, "ask Mei @before close of business on Friday"},
	} {
		c.in.From, c.in.Date = ana, monday
		f := Read(c.in)
		checkFindings(t, c.in, f)
		if got := brief(f); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRulesAlone(t *testing.T) {
	for _, rulesOnly := range []bool{false, true} {
		in := Input{Text: "Could you send it?", From: ana, To: []mail.Mailbox{mei}, Date: monday, RulesOnly: rulesOnly}
		if f := Read(in); len(f.Asks) != 1 {
			t.Errorf("rules only %v: %+v", rulesOnly, f.Asks)
		}
	}
}

func TestHarshToOnePerson(t *testing.T) {
	f := readTo("You never listen, you are useless and your conduct in the review was a disgrace. I expected better of you.")
	if f.Tone.Value != ToneHarsh || f.Medium.Value != MediumSensitive {
		t.Errorf("%+v %+v", f.Tone, f.Medium)
	}
	emergency := readTo("URGENT: the alarm queue is stuck and the map is down, call the duty officers right now, in 15 min the water is here. Customers can't see a thing.")
	if emergency.Medium.Value != MediumEmergency {
		t.Errorf("%+v", emergency.Medium)
	}
}

func TestMoreTimes(t *testing.T) {
	for text, want := range map[string]string{
		"99/99":                         "",
		"2-15":                          "2027-02-15",
		"Friday 13-3":                   "2026-03-13",
		"1.2.3.4":                       "",
		"2026-13-45":                    "",
		"12/2026":                       "2026-12-01",
		"March, 6th 2027":               "2027-03-06",
		"Sept. 9":                       "2026-09-09",
		"9 Sept '26":                    "2026-09-09",
		"9-Sep-26":                      "2026-09-09",
		"second of March 2027":          "2027-03-02",
		"March first":                   "2027-03-01",
		"on the third of May":           "2026-05-03",
		"I may go":                      "",
		"in May":                        "2026-05-01",
		"nineteen people":               "",
		"31 January, then in one month": "2027-01-31 2026-04-11",
		"Sunday of next month":          "2026-04-05",
		"the 4th quarter":               "2026-10-01",
		"the 5th quarter":               "",
		"last week of September 2026":   "2026-09-21",
		"end of this year":              "2026-01-01",
		"end of the coming week":        "2026-03-16",
		"end of last month":             "2026-02-01",
		"two upcoming months":           "2026-05-01",
		"upcoming 2 days":               "2026-03-13",
		"a few minutes from now":        "2026-03-11",
		"the day after":                 "",
		"at that time":                  "",
		"Tuesday week":                  "2026-03-17",
		"sat.":                          "2026-03-14",
		"14 March Friday":               "2026-03-14 2026-03-13",
		"in 2.5 days":                   "2026-03-13",
		"two fortnights ago":            "2026-02-11",
		"EOY":                           "2026-01-01",
		"EOQ":                           "2026-01-01",
		"last year":                     "2025-01-01",
		"the weekend":                   "2026-03-14",
		"fifth Monday of April 2026":    "2026-04-06",
		"first Monday of last month":    "2026-02-02",
		"second last day of 2026":       "2026-12-30",
		"123456789012 and 3":            "",
		"10.0.0.1 at 1/2/3/4":           "",
		"see https://x.test/2026-03-14/a and a@b.test.": "",
		"he sat there":                "",
		"mon the 16th":                "2026-03-16",
		"in 5000 years":               "",
		"31 May, a month before":      "2026-05-31",
		"3 months before 31 May 2026": "2026-02-28",
	} {
		got := ""
		for i, found := range Times(text, wednesday, TimeOptions{Language: English}) {
			if i > 0 {
				got += " "
			}
			got += found.At.UTC().Format("2006-01-02")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTokens(t *testing.T) {
	text := "Don\u2019t mail a@b.test,\u00a0see https://x.test/q?a=1. İX 3PM @Mei\n\n12345678901"
	var got []string
	for _, tok := range tokenize(text) {
		s := tok.low
		switch {
		case tok.kind == kindLink:
			s += "!"
		case tok.caps:
			s += "^"
		}
		if tok.breaks == 2 {
			s = "|" + s
		}
		got = append(got, s)
	}
	want := "don't mail a@b.test! , see https://x.test/q?a=1! . İx 3 pm^ @ mei |12345678901"
	if g := strings.Join(got, " "); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}
