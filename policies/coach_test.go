package policies

import (
	"testing"
	"time"

	"tidepost/mail"
)

// draft reads a mail from Kay to Mei as if it were sent alone.
func draft(t *testing.T, head, body string) Input {
	t.Helper()
	h, b := mail.SplitHead([]byte("From: Kay <kay@team.example>\r\nTo: Mei <mei@team.example>\r\nDate: Mon, 2 Mar 2026 12:55:00 +0000\r\n" + head + "\r\n" + body + "\r\n"))
	content := mail.Scan(h, b)
	return Standalone(mail.FactsOf(mail.ParseHeader(h), content, mail.Address{Local: "kay", Domain: "team.example"}), content, time.UTC)
}

const vagueDraft = "Hi Mei, can we chat about the project? I have some thoughts."

func names(found []Finding) (out string) {
	for _, f := range found {
		out += f.Policy + " "
	}
	return out
}

func TestModesOfTheCoach(t *testing.T) {
	in := draft(t, "Subject: project\r\n", vagueDraft)
	found := Coach(in, now())
	if names(found) != "context subject " || found[0].DryRun || !found[1].DryRun {
		t.Fatalf("by default: %+v", found)
	}
	in.Modes = map[string]Mode{Context: Off, Subject: On}
	if found = Coach(in, now()); names(found) != "subject " || found[0].DryRun {
		t.Errorf("context off, subject on: %+v", found)
	}
	in.Modes = map[string]Mode{Context: DryRun, Subject: Off}
	if found = Coach(in, now()); names(found) != "context " || !found[0].DryRun {
		t.Errorf("context in dry run: %+v", found)
	}
	for _, p := range Table() {
		if _, ok := Defaults()[p.Name]; ok != p.Coach {
			t.Errorf("policy %s: default %v, of the coach %v", p.Name, ok, p.Coach)
		}
	}
}

func TestWhatIsNeverCoached(t *testing.T) {
	if got := names(Coach(draft(t, "Subject: project\r\n", vagueDraft), now())); got == "" {
		t.Fatal("the draft itself is not coached")
	}
	for name, change := range map[string]func(*Input){
		"nothing read":   func(in *Input) { in.Read = nil },
		"from elsewhere": func(in *Input) { in.Submitted = false },
		"a device":       func(in *Input) { in.Device = true },
		"signed":         func(in *Input) { in.Facts.IsSigned = true },
		"encrypted":      func(in *Input) { in.Facts.IsEncrypted = true },
		"a list":         func(in *Input) { in.Facts.IsList = true },
		"bulk":           func(in *Input) { in.Facts.IsBulk = true },
		"automatic":      func(in *Input) { in.Facts.IsAuto = true },
		"calendar":       func(in *Input) { in.Facts.Calendar.Present = true },
		"social":         func(in *Input) { in.Facts.Social = "linkedin" },
		"pass list":      func(in *Input) { in.Person.Senders = []string{"mei@team.example"} },
		"as is":          func(in *Input) { in.Facts.Subject = "[as is] project" },
		"urgent":         func(in *Input) { in.Facts.Subject = "[urgent] project" },
		"now":            func(in *Input) { in.Facts.Subject = "[now] project" },
		"short reply":    func(in *Input) { in.Facts.IsReply = true },
	} {
		in := draft(t, "Subject: project\r\n", vagueDraft)
		if change(&in); names(Coach(in, now())) != "" {
			t.Errorf("%s is coached: %+v", name, Coach(in, now()))
		}
	}
	for _, text := range []string{"Thanks, perfect!", "Cake in the kitchen at three, I turn forty!", "Hej Mei, kan vi tala om det projektet? Jag har inte mycket tid och det är viktigt för oss."} {
		if got := Coach(draft(t, "Subject: project\r\n", text), now()); names(got) != "" && names(got) != "subject " {
			t.Errorf("%q is coached: %+v", text, got)
		}
	}
}

func TestReplyToTheOnlyOther(t *testing.T) {
	long := vagueDraft + " I could tell you more about it when we sit down, because there is a lot to say and I would not know where to begin in a mail, as you can imagine; and it is not urgent, but soon would be good."
	in := draft(t, "Subject: Re: project\r\nIn-Reply-To: <a@x>\r\n", long)
	in.Facts.IsReply = true
	in.OnlyOther = true
	if got := names(Coach(in, now())); got != "" {
		t.Errorf("coached: %s", got)
	}
}
