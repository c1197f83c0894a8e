package coach_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tidepost/coach"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/policies"
)

var update = flag.Bool("update", false, "rewrite golden files")

func mailbox(name, address string) mail.Mailbox {
	local, domain, _ := strings.Cut(address, "@")
	return mail.Mailbox{Name: name, Address: mail.Address{Local: local, Domain: domain}}
}

func team(first ...string) []mail.Mailbox {
	var out []mail.Mailbox
	for _, n := range first {
		out = append(out, mailbox(n+" Chen", strings.ToLower(n)+"@team.example"))
	}
	return out
}

// read is what the draft of a case says.
func read(subject, text string, to ...mail.Mailbox) intent.Findings {
	return intent.Read(intent.Input{Text: text, Subject: subject, From: mailbox("Ana Silva", "ana@team.example"), To: to,
		Date: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Zone: time.UTC})
}

func all(p string, f policies.Finding) policies.Finding {
	f.Policy, f.Action = p, policies.Advise
	return f
}

var (
	toMei  = []coach.Leaving{{When: "10:14", To: []string{"Mei"}}}
	toFive = []string{"Mei", "Tom", "Kofi", "Li", "Eva"}
)

// moment shows an instant as the queue does for Mei.
func moment(t time.Time, _ int) string { return t.Format("Mon 15:04") }

func cases() map[string]coach.Advice {
	chat := "Can we chat about the project?"
	report := "Hi Mei,\n\nthe export has failed since Monday: the new index is too slow. I would go back to the old one. Please look at the report.\n"
	broken := "The nightly build is broken again since the merge of the parser.\n"
	everybody := "Hi all,\n\nthe release notes are in the wiki. Could someone check the part about time zones?\n"
	return map[string]coach.Advice{
		"chat": {
			Subject: "Project", To: []string{"Mei"}, Leaves: toMei, Read: read("Project", chat, team("Mei")...),
			Findings: []policies.Finding{all(policies.Context, policies.Finding{Quote: chat, Recipient: policies.Everybody, Hours: "Tue 14:00-15:00 Sydney (Tue 03:00 London)",
				Missing: []string{policies.MissingTopic}})},
		},
		"hollow-ask": {
			Subject: "Website", To: []string{"Mei", "Tom"}, Leaves: toMei, Read: read("Website", "Please deal with the website.", team("Mei", "Tom")...),
			Findings: []policies.Finding{all(policies.CTA, policies.Finding{Quote: "Please deal with the website.", Recipient: policies.Everybody,
				Missing: []string{policies.MissingWhat, policies.MissingWho, policies.MissingWhen}})},
		},
		"chat-held-with-rate": {
			Subject: "Project", To: []string{"Mei", "Tom", "henrik@customer.example"}, Read: read("Project", chat, team("Mei", "Tom")...),
			Leaves: []coach.Leaving{{When: "Tue 09:00 Sydney (Mon 22:00 London)", To: []string{"Mei"}}, {When: "Mon 14:00", To: []string{"Tom"}}},
			Left:   []string{"henrik@customer.example"},
			Findings: []policies.Finding{all(policies.Context, policies.Finding{Quote: chat, Recipient: policies.Everybody,
				Missing: []string{policies.MissingTopic}})},
			Rates: map[string]coach.Rate{policies.Context: {Judged: 24, FalseAlarms: 2}},
		},
		"who-and-when": {
			Subject: "Export", To: []string{"Mei"}, Leaves: toMei, Read: read("Export", report, team("Mei")...),
			Findings: []policies.Finding{all(policies.CTA, policies.Finding{Quote: "Please look at the report.", Recipient: 0,
				Missing: []string{policies.MissingWhen}})},
		},
		"problem-without-proposal": {
			Subject: "Nightly build", To: []string{"Mei"}, Leaves: toMei, Read: read("Nightly build", broken, team("Mei")...),
			Findings: []policies.Finding{all(policies.Proposal, policies.Finding{Quote: strings.TrimSpace(broken), Recipient: 0,
				Missing: []string{policies.MissingProposal}})},
		},
		"nobody-named": {
			Subject: "Release notes", To: toFive, Leaves: []coach.Leaving{{When: "10:14", To: toFive}}, Read: read("Release notes", everybody, team(toFive...)...),
			Findings: []policies.Finding{all(policies.NobodyNamed, policies.Finding{Quote: "Could someone check the part about time zones?",
				Recipient: policies.Everybody, Missing: []string{policies.MissingWho}})},
		},
		"attachment": {
			Subject: "Budget", To: []string{"Mei"}, Leaves: toMei, Read: read("Budget", "The budget is attached.", team("Mei")...),
			Findings: []policies.Finding{all(policies.Attachment, policies.Finding{Quote: "The budget is attached.", Recipient: policies.Everybody,
				Missing: []string{policies.MissingAttachment}})},
		},
		"attachment-outside": {
			Subject: "Angebot Müller", To: []string{"henrik@customer.example"}, Left: []string{"henrik@customer.example"},
			Findings: []policies.Finding{all(policies.Attachment, policies.Finding{Quote: "Das Angebot hängt an.", Recipient: policies.Everybody,
				Missing: []string{policies.MissingAttachment}})},
		},
		"due-before-read": {
			Subject: "Contract", To: []string{"Mei"}, Moment: moment,
			Leaves: []coach.Leaving{{When: "Tue 09:00 Sydney (Mon 22:00 London)", To: []string{"Mei"}}},
			Findings: []policies.Finding{all(policies.DueTime, policies.Finding{Quote: "Can you sign it by 8 tomorrow?", Recipient: 0,
				Due: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Seen: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)})},
		},
		"newcomer": {
			Subject: "Re: Re: Hosting", To: []string{"Mei", "Tom"}, Leaves: toMei, Read: read("Re: Re: Hosting", "Tom, see below.", team("Mei", "Tom")...),
			Findings: []policies.Finding{all(policies.Context, policies.Finding{Quote: "Tom, see below.", Recipient: 1,
				Missing: []string{policies.MissingContext}})},
		},
		"in-person-and-tone": {
			Subject: "Your report", To: []string{"Mei"}, Leaves: toMei,
			Findings: []policies.Finding{
				all(policies.InPerson, policies.Finding{Quote: "I am disappointed by your work this month.", Recipient: 0, Hours: "Tue 14:00-15:00"}),
				all(policies.Tone, policies.Finding{Quote: "This is simply unacceptable.", Recipient: 0})},
		},
		"office-hours": {
			Subject: "Holiday plan", To: []string{"Mei"}, Leaves: toMei,
			Findings: []policies.Finding{all(policies.InPerson, policies.Finding{Reason: policies.ReasonOfficeHours, Quote: "Could we talk about the holiday plan of the support team?",
				Recipient: policies.Everybody, Hours: "Tue 14:00-15:00 Sydney (Tue 03:00 London)"})},
		},
		"third-round": {
			Subject: "Re: Tabs", To: []string{"Tom"}, Leaves: toMei,
			Findings: []policies.Finding{all(policies.InPerson, policies.Finding{Reason: policies.ReasonThirdRound, Quote: "No, that is still not what I said.", Recipient: policies.Everybody})},
		},
		"storm": {
			Subject: "Re: Cake", To: toFive, Leaves: []coach.Leaving{{When: "10:14", To: toFive}},
			Findings: []policies.Finding{all(policies.Storm, policies.Finding{Text: "6", Recipient: policies.Everybody})},
		},
		"too-long-and-vague": {
			Subject: "Update", To: []string{"Mei"}, Leaves: toMei,
			Findings: []policies.Finding{
				all(policies.Length, policies.Finding{Reason: policies.ReasonTooLong, Text: "812", Recipient: policies.Everybody}),
				all(policies.Subject, policies.Finding{Reason: policies.ReasonVagueSubject, Text: "Update", Recipient: policies.Everybody})},
		},
		"too-many-asks": {
			Subject: "Launch", To: []string{"Mei"}, Leaves: toMei,
			Findings: []policies.Finding{all(policies.Length, policies.Finding{Reason: policies.ReasonTooMany, Text: "9", Quote: "Also, who books the room?", Recipient: policies.Everybody})},
		},
		"silence-without-a-day": {
			Subject: "New colours", To: []string{"Mei", "Tom"}, Leaves: toMei,
			Findings: []policies.Finding{all(policies.DueTime, policies.Finding{Reason: policies.ReasonNoDue, Quote: "Unless someone objects we take blue.",
				Missing: []string{policies.MissingWhen}, Recipient: policies.Everybody})},
		},
		"link": {
			Subject: "Slides", To: []string{"Mei"}, Leaves: toMei,
			Findings: []policies.Finding{all(policies.Attachment, policies.Finding{Reason: policies.ReasonLinkMissing, Quote: "The slides are at the link below.",
				Missing: []string{policies.MissingLink}, Recipient: policies.Everybody})},
		},
		"hostile": {
			Subject: strings.Repeat("very long ", 40) + "\u202e\x07", To: []string{strings.Repeat("N", 500)}, Leaves: toMei,
			Read: read("x", strings.Repeat("Could you please have a look at the thing? ", 40), team("Mei")...),
			Findings: []policies.Finding{
				all(policies.CTA, policies.Finding{Quote: strings.Repeat("Could you please have a look at the thing ", 40), Recipient: 0, Missing: []string{policies.MissingWhen}}),
				all(policies.Tone, policies.Finding{Quote: strings.Repeat("x", 5000) + "\r\nBcc: eve@evil.example", Recipient: 7}),
				all(policies.Length, policies.Finding{}), all("later", policies.Finding{Quote: "y"})},
			Rates: map[string]coach.Rate{policies.CTA: {Judged: 50, FalseAlarms: 10}},
		},
	}
}

func TestAdviceReadsWell(t *testing.T) {
	for name, a := range cases() {
		t.Run(name, func(t *testing.T) {
			a.Findings = coach.Shown(a.Findings)
			got := "Subject: " + a.Title() + "\n\n" + a.Text() + "\n550 5.7.1 " + coach.Refusal(a.Findings) + "\n"
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			checkShape(t, a)
		})
	}
}

// checkShape is what holds for all advice.
func checkShape(t *testing.T, a coach.Advice) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(a.Text(), "\n"), "\n")
	if len(lines) > coach.MaxLines {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > 76 && strings.Contains(l, " ") || strings.ContainsAny(l, "\r\x07\u202e") {
			t.Errorf("line of %d columns: %q", n, l)
		}
	}
	reply := "550 5.7.1 " + coach.Refusal(a.Findings)
	if len(reply) > 100 || !strings.Contains(reply, "[as is]") || strings.ContainsFunc(reply, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("refusal of %d octets: %q", len(reply), reply)
	}
}

func TestRates(t *testing.T) {
	for _, c := range []struct {
		rate coach.Rate
		many bool
		word bool
	}{
		{coach.Rate{}, false, false}, {coach.Rate{19, 19}, false, false}, {coach.Rate{20, 0}, false, true},
		{coach.Rate{49, 40}, false, true}, {coach.Rate{50, 10}, false, true}, {coach.Rate{50, 11}, true, true},
	} {
		a := cases()["chat"]
		a.Rates = map[string]coach.Rate{policies.Context: c.rate}
		if c.rate.TooMany() != c.many || strings.Contains(a.Text(), "false alarms") != c.word {
			t.Errorf("%+v: too many %v, shown %v", c.rate, c.rate.TooMany(), !c.word)
		}
	}
}
