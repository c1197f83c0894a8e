package threading_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/threading"
)

func who(name string) mail.Mailbox {
	return mail.Mailbox{Name: strings.ToUpper(name[:1]) + name[1:], Address: mail.Address{Local: name, Domain: "team.example"}}
}

// read reads a mail of Ana's of Monday, 23 November 2026, 09:00 in Berlin.
func read(t *testing.T, text string, to ...string) intent.Findings {
	t.Helper()
	berlin, err := scheduler.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	in := intent.Input{Text: text, Subject: "Budget", From: who("ana"), Date: time.Date(2026, 11, 23, 9, 0, 0, 0, berlin), Zone: berlin}
	for _, n := range to {
		in.To = append(in.To, who(n))
	}
	return intent.Read(in)
}

func TestAsksOfAMail(t *testing.T) {
	tests := []struct {
		name, text string
		to         []string
		setting    threading.Setting
		want       []string // owner, class, wanted
	}{
		{"the sole reader", "Can you send me the figures?", []string{"mei"}, threading.Setting{}, []string{"mei standard -"}},
		{"a day", "Can you send me the figures by Friday?", []string{"mei"}, threading.Setting{}, []string{"mei standard 2026-11-27"}},
		{"a time", "Can you send me the figures by Wednesday noon?", []string{"mei"}, threading.Setting{}, []string{"mei standard 2026-11-25T11:00:00Z"}},
		{"a time at half past five", "Can you send me the figures by 17:30 on Wednesday?", []string{"mei"}, threading.Setting{}, []string{"mei standard 2026-11-25T16:30:00Z"}},
		{"several asks of several owners", "Mei, can you check the contract?\n\nTom, please book the room by Friday.", []string{"mei", "tom"}, threading.Setting{}, []string{"mei standard -", "tom standard 2026-11-27"}},
		{"nobody in particular", "Could someone check the contract?", []string{"mei", "tom"}, threading.Setting{}, []string{"@ standard -"}},
		{"everybody", "Can you all check the contract?", []string{"mei", "tom"}, threading.Setting{}, []string{"@ standard -"}},
		{"urgent", "Can you restart the server now?", []string{"mei"}, threading.Setting{Urgent: true}, []string{"mei urgent *"}},
		{"the header names the time", "Can you send me the figures?", []string{"mei"}, threading.Setting{ReplyBy: start}, []string{"mei standard 2026-11-23T09:00:00Z"}},
		{"a role and the outside", "Can you tell me the price?", []string{"support"}, threading.Setting{Outside: true}, []string{"support first-reply -"}},
		{"a role and a colleague", "Can you tell me the price?", []string{"support"}, threading.Setting{}, []string{"support standard -"}},
		{"a note to oneself", "Please send the figures.", []string{"ana"}, threading.Setting{}, []string{"@ standard -"}},
		{"no ask", "The figures are attached.", []string{"mei"}, threading.Setting{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.setting.Author = who("ana").Address
			tt.setting.IsRole = func(a mail.Address) bool { return a.Local == "support" }
			var got []string
			for i, a := range threading.AsksOf(read(t, tt.text, tt.to...), tt.setting) {
				wanted := "-"
				switch {
				case i < len(tt.want) && strings.HasSuffix(tt.want[i], "*"):
					wanted = "*"
				case !a.Wanted.Date.IsZero():
					wanted = a.Wanted.Date.String()
				case !a.Wanted.Time.IsZero():
					wanted = a.Wanted.Time.UTC().Format(time.RFC3339)
				}
				owner := strings.TrimSuffix(a.Owner.String(), "@team.example")
				if a.Owner == (mail.Address{}) {
					owner = "@"
				}
				if a.Text == "" || a.Kind == "" {
					t.Errorf("an ask without words: %+v", a)
				}
				got = append(got, fmt.Sprintf("%s %s %s", owner, a.Class, wanted))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatTheOwnerSays(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	promise := func(text string, due *intent.Due) intent.Promise {
		return intent.Promise{Statement: intent.Statement{Text: text}, Due: due}
	}
	friday := &intent.Due{Text: "by Friday", At: time.Date(2026, 11, 27, 17, 30, 0, 0, berlin), OK: true}
	noon := &intent.Due{Text: "by Wednesday noon", At: time.Date(2026, 11, 25, 12, 0, 0, 0, berlin), OK: true}
	for _, tt := range []struct {
		words string
		found intent.Findings
		want  string
	}{
		{"Yes, go ahead.", intent.Findings{Kind: intent.KindReply}, "answer"},
		{"", intent.Findings{Kind: intent.KindInform}, "answer"},
		{"Which of the two do you mean?", intent.Findings{Kind: intent.KindAsk}, "answer"},
		{"I'll send it by Friday.", intent.Findings{Kind: intent.KindReply, Promises: []intent.Promise{promise("I'll send it by Friday", friday)}}, "promise 2026-11-27"},
		{"Yes to the first. I will send the contract by Wednesday noon.", intent.Findings{Promises: []intent.Promise{promise("I will send the contract by Wednesday noon", noon)}}, "promise 2026-11-25T11:00:00Z"},
		{"I'll do the one by Friday and the other as soon as I can.", intent.Findings{Promises: []intent.Promise{promise("I'll do the one by Friday", friday), promise("the other", &intent.Due{Text: "as soon as I can"})}}, "promise 2026-11-27"},
		{"I'll look into it.", intent.Findings{Kind: intent.KindAck, Promises: []intent.Promise{promise("I'll look into it", nil)}}, ""},
		{"The budget is approved with the changes of last week. I will tell Tom.", intent.Findings{Kind: intent.KindReply, Promises: []intent.Promise{promise("I will tell Tom", nil)}}, "answer"},
		{"I am away until Monday.", intent.Findings{Kind: intent.KindAutomatic}, ""},
		{"Our news", intent.Findings{Kind: intent.KindBulk}, ""},
		{"Meeting", intent.Findings{Kind: intent.KindInvite}, ""},
	} {
		e, ok := threading.OwnerSays(tt.found, tt.words)
		got := string(e.Kind)
		switch {
		case !e.Promise.Date.IsZero():
			got += " " + e.Promise.Date.String()
		case !e.Promise.Time.IsZero():
			got += " " + e.Promise.Time.UTC().Format(time.RFC3339)
		}
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q", tt.words, got, ok, tt.want)
		}
	}
}

func TestWhatTheAskerSays(t *testing.T) {
	thanks, more := intent.Findings{Kind: intent.KindAck}, intent.Findings{Kind: intent.KindInform}
	asks := intent.Findings{Kind: intent.KindAck, Asks: []intent.Ask{{Kind: intent.AskAnswer}}}
	for _, tt := range []struct {
		words     string
		found     intent.Findings
		toAnother bool
		want      string
	}{
		{"Never mind, I found it.", more, false, "withdrawal "},
		{"Sorry, please ignore my last mail.", more, false, "withdrawal "},
		{"Hat sich erledigt, danke!", thanks, false, "withdrawal "},
		{"It’s no longer needed.", more, true, "withdrawal "},
		{"Never mind the first page, can you check the rest?", asks, false, ""},
		{"I never mind waiting.", more, false, ""},
		{"Please ignore the second column.", more, false, ""},
		{"Never minds are rare.", more, false, ""},
		{"Thanks, that helps!", thanks, true, "answer another"},
		{"Thanks, that helps!", thanks, false, ""},
		{"Thanks! Mei, can you confirm?", asks, true, ""},
		{"One more detail: the budget is 5000.", more, true, ""},
		{strings.Repeat("There is much more to say. ", 10) + "Never mind.", more, false, ""},
	} {
		e, ok := threading.AskerSays(tt.found, tt.words, tt.toAnother)
		got := ""
		if ok {
			got = fmt.Sprint(e.Kind, " ", e.By)
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.words, got, tt.want)
		}
	}
}
