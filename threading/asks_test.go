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

// ask is what intent finds of a question to the named.
func ask(due *intent.Due, names ...string) intent.Ask {
	a := intent.Ask{Kind: intent.AskDo, Due: due, Statement: intent.Statement{Text: "Can you do it"}}
	for _, n := range names {
		a.Owners = append(a.Owners, intent.Owner{Name: n, Address: who(n).Address})
	}
	return a
}

func TestAsksOfAMail(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	due := func(text string, hour, minute int) *intent.Due {
		return &intent.Due{Text: text, At: time.Date(2026, 11, 25, hour, minute, 0, 0, berlin), OK: true}
	}
	all := func(a intent.Ask) intent.Ask {
		a.All = true
		return a
	}
	stranger := ask(nil)
	stranger.Owners = []intent.Owner{{Name: "Kim"}}
	tests := []struct {
		name    string
		asks    []intent.Ask
		setting threading.Setting
		want    []string // owner, class, wanted
	}{
		{"the sole reader", []intent.Ask{ask(nil, "mei")}, threading.Setting{}, []string{"mei standard -"}},
		{"a day", []intent.Ask{ask(due("by Wednesday", 17, 30), "mei")}, threading.Setting{}, []string{"mei standard 2026-11-25"}},
		{"a time", []intent.Ask{ask(due("by Wednesday noon", 12, 0), "mei")}, threading.Setting{}, []string{"mei standard 2026-11-25T11:00:00Z"}},
		{"half past five itself", []intent.Ask{ask(due("by 17:30 on Wednesday", 17, 30), "mei")}, threading.Setting{}, []string{"mei standard 2026-11-25T16:30:00Z"}},
		{"words without a time", []intent.Ask{ask(&intent.Due{Text: "asap"}, "mei")}, threading.Setting{ReplyBy: start}, []string{"mei standard -"}},
		{"several asks of several owners", []intent.Ask{ask(nil, "mei"), ask(due("by Wednesday", 17, 30), "tom")}, threading.Setting{}, []string{"mei standard -", "tom standard 2026-11-25"}},
		{"two people at once", []intent.Ask{ask(nil, "mei", "tom")}, threading.Setting{}, []string{"@ standard -"}},
		{"nobody in particular", []intent.Ask{{Kind: intent.AskDo, Someone: true, Statement: intent.Statement{Text: "x"}}}, threading.Setting{Urgent: true}, []string{"@ standard -"}},
		{"everybody", []intent.Ask{all(ask(nil, "mei"))}, threading.Setting{}, []string{"@ standard -"}},
		{"a name that belongs to no reader", []intent.Ask{stranger}, threading.Setting{}, []string{"@ standard -"}},
		{"urgent", []intent.Ask{ask(nil, "mei")}, threading.Setting{Urgent: true}, []string{"mei urgent -"}},
		{"the header names the time", []intent.Ask{ask(nil, "mei")}, threading.Setting{ReplyBy: start}, []string{"mei standard 2026-11-23T09:00:00Z"}},
		{"a role and the outside", []intent.Ask{all(ask(nil, "support"))}, threading.Setting{Outside: true}, []string{"support first-reply -"}},
		{"a role and a colleague", []intent.Ask{all(ask(nil, "support"))}, threading.Setting{}, []string{"support standard -"}},
		{"a note to oneself", []intent.Ask{ask(nil, "ana")}, threading.Setting{}, []string{"@ standard -"}},
		{"no ask", nil, threading.Setting{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.setting.Author = who("ana").Address
			tt.setting.IsRole = func(a mail.Address) bool { return a.Local == "support" }
			got := shown(t, threading.AsksOf(intent.Findings{Asks: tt.asks}, tt.setting))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shown(t *testing.T, asks []threading.Ask) []string {
	t.Helper()
	var out []string
	for _, a := range asks {
		owner, wanted := "@", "-"
		if a.Owner != (mail.Address{}) {
			owner = a.Owner.Local
		}
		switch {
		case !a.Wanted.Date.IsZero():
			wanted = a.Wanted.Date.String()
		case !a.Wanted.Time.IsZero():
			wanted = a.Wanted.Time.UTC().Format(time.RFC3339)
		}
		if a.Text == "" || a.Kind == "" {
			t.Errorf("an ask without words: %+v", a)
		}
		out = append(out, fmt.Sprintf("%s %s %s", owner, a.Class, wanted))
	}
	return out
}

// From the words of a mail to owners and days.
func TestAsksOfARealMail(t *testing.T) {
	berlin, err := scheduler.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	found := intent.Read(intent.Input{Text: "Mei, can you check the contract?\n\nTom, please book the room by Friday.", Subject: "Budget",
		From: who("ana"), To: []mail.Mailbox{who("mei"), who("tom")}, Date: time.Date(2026, 11, 23, 9, 0, 0, 0, berlin), Zone: berlin})
	want := []string{"mei standard -", "tom standard 2026-11-27"}
	if diff := cmp.Diff(want, shown(t, threading.AsksOf(found, threading.Setting{Author: who("ana").Address}))); diff != "" {
		t.Error(diff)
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
