package digest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/threading"
)

// eml is for looking at the letters in a mail program; scripts/digest-pictures.sh uses it.
var eml = flag.String("eml", "", "write the cases of TestDigest as mails into this directory")

var (
	anaSilva = digest.Author{Name: "Ana Silva", Address: "ana@team.example"}
	tom      = digest.Author{Name: "Tom Berg", Address: "tom@team.example"}
	henrik   = digest.Author{Name: "Henrik Olsen", Address: "henrik@customer.example", Outside: true}
	sakura   = digest.Author{Name: "田中 さくら", Address: "sakura@team.example"}
)

// mails is a delivery of nothing but mail.
func mails() digest.Content {
	c := digest.Content{Tide: tide}
	c.Add(digest.Message{Thread: 1, Subject: "Budget for Q3", Author: anaSilva, At: tide.Add(-17 * time.Hour), MID: "a1@team.example"})
	c.Add(digest.Message{Thread: 2, Subject: "Offer 2217", Author: henrik, At: tide.Add(-3 * time.Hour), MID: "h1@customer.example"})
	c.Add(digest.Message{Thread: 1, Subject: "Re: Budget for Q3", Author: tom, At: tide.Add(-time.Hour), MID: "t1@team.example"})
	c.Add(digest.Message{Subject: "", Author: digest.Author{Address: "scanner@team.example"}, At: tide.Add(-time.Minute)})
	c.Add(digest.Message{Thread: 4, Subject: "予算の件について、来週の会議までに確認していただきたいことがいくつかありますのでよろしくお願いします", Author: sakura,
		At: tide.Add(-30 * time.Second), MID: "s1@team.example"})
	c.Counts = digest.Counts{Lists: 12, Notifications: 3}
	c.Confirmed = []string{"build@ci.example"}
	return c
}

// questions are asks of all states and lengths.
func questions() []digest.AskLine {
	return []digest.AskLine{
		{Ask: 11, Asker: anaSilva, Text: "Could you approve the budget for Q3, so that Tom can order the two machines this week?", State: threading.Overdue,
			Due: tide.Add(-20 * time.Hour), There: "Mon 06:00 London", Subject: "Budget for Q3", MID: "a1@team.example"},
		{Ask: 12, Asker: henrik, Text: "Which of the two delivery dates suits you better?", State: threading.AtRisk,
			Due: tide.Add(4 * time.Hour), There: "Tue 07:00 Oslo", Subject: "Offer 2217", MID: "h1@customer.example"},
		{Ask: 13, Asker: tom, Text: "Can you send me the numbers for the second sheet by Thursday?", State: threading.Running,
			Due: tide.Add(52 * time.Hour), There: "Thu 06:00 London", Subject: "Re: Budget for Q3", MID: "t1@team.example"},
		{Ask: 14, Asker: anaSilva, For: "Sakura Tanaka", State: threading.Running, Due: tide.Add(26 * time.Hour)},
		{Ask: 15, Asker: sakura, Text: "来週の会議までに予算の表を確認していただけますか？", Subject: "予算の件", MID: "s1@team.example"},
	}
}

// full has every section.
func full() digest.Content {
	c := mails()
	c.Asks = questions()
	c.Mine = []digest.MineLine{
		{Ask: 21, What: digest.OutcomeAnswered, Owner: tom, Text: "Which room do we take for the workshop?", At: tide.Add(-time.Hour), Subject: "Workshop in May", MID: "t9@team.example"},
		{Ask: 22, What: digest.OutcomeAnswered, Owner: anaSilva, Text: "Is the contract with the printer signed?", At: tide.Add(-time.Hour), Reaches: tide.Add(20 * time.Hour), Subject: "Printer", MID: "q2@team.example"},
		{Ask: 23, What: digest.OutcomePromised, Owner: anaSilva, Text: "Could you write the release notes?", At: tide.Add(-2 * time.Hour), Due: tide.Add(76 * time.Hour), There: "Fri 06:00 London", Subject: "Release 4", MID: "a7@team.example"},
		{Ask: 24, What: digest.OutcomeOverdue, Owner: henrik, Text: "May we have the signed order?", At: tide.Add(-4 * time.Hour), Due: tide.Add(-4 * time.Hour), There: "Mon 23:00 Oslo", Subject: "Order 88", MID: "m3@team.example"},
		{Ask: 25, What: digest.OutcomeClosed, Owner: tom, Text: "Shall I bring cake?", At: tide.Add(-5 * time.Hour), Subject: "Friday", MID: "m4@team.example"},
		{Ask: 26, What: digest.OutcomeAway, Owner: sakura, Text: "Can you check the translation?", At: tide.Add(-5 * time.Hour), Back: tide.AddDate(0, 0, 14), Cover: "Tom Berg", Subject: "Translation", MID: "m5@team.example"},
		{Ask: 27, What: digest.OutcomeHanded, Owner: tom, Text: "Who can give me access to the build machine?", At: tide.Add(-6 * time.Hour), Subject: "Access", MID: "m6@team.example"},
	}
	c.Decisions = []digest.DecisionLine{
		{Decision: 1, Label: "D-12", What: digest.DecisionMade, Text: "We take the larger room and pay for it from the travel budget.", Who: []string{"Ana Silva", "Tom Berg"}, Replaces: "D-9", At: tide.Add(-2 * time.Hour), MID: "d12@team.example"},
		{Decision: 2, Label: "D-13", What: digest.DecisionSilent, Text: "Support answers on Saturdays too.", Who: []string{"Tom Berg"}, At: tide.Add(-2 * time.Hour), MID: "d13@team.example"},
		{Decision: 3, Label: "D-7", What: digest.DecisionWithdrawn, At: tide.Add(-2 * time.Hour)},
		{What: digest.DecisionToConfirm, Text: "Let us go with the second offer.", At: tide.Add(-2 * time.Hour), MID: "m8@team.example"},
	}
	c.Blocked = []digest.BlockedLine{
		{Thread: 9, Subject: "Move of the office", MID: "o1@team.example", Since: tide.Add(-50 * time.Hour), Awake: []string{"Tom until 17:00", "Ana from Tue 20:00"},
			Needed: []digest.Needed{{Text: "Can you sign the lease?", From: sakura, To: anaSilva, Overdue: true, Cover: "Tom Berg"}, {Text: "Who orders the van?", From: tom, To: anaSilva}}},
	}
	c.Clocks = []digest.ClockChange{{Cities: []string{"London", "Berlin"}, Day: scheduler.Date{Year: 2026, Month: 11, Day: 29}, Forward: -time.Hour, There: "09:00", Before: "19:00", After: "20:00"}}
	return c
}

// typical is the digest of an ordinary day; docs/digest.png shows it.
func typical() digest.Content {
	c := digest.Content{Tide: tide, Asks: questions()[:3], Mine: full().Mine[:1], Decisions: full().Decisions[:1], Counts: digest.Counts{Lists: 12, Notifications: 3}}
	c.Add(digest.Message{Thread: 1, Subject: "Re: Budget for Q3", Author: tom, At: tide.Add(-time.Hour), MID: "t1@team.example"})
	c.Add(digest.Message{Thread: 2, Subject: "Offer 2217", Author: henrik, At: tide.Add(-3 * time.Hour), MID: "h1@customer.example"})
	return c
}

// longWords are what people and machines put into mails without thinking of digests.
func longWords() digest.Content {
	c := digest.Content{Tide: tide}
	url := "https://intranet.team.example/projects/2026/q3/budget/sheets/second?view=all&filter=open&sort=due#row-1177"
	c.Asks = []digest.AskLine{
		{Ask: 1, Asker: digest.Author{Name: strings.Repeat("Wolfeschlegelsteinhausenbergerdorff ", 4), Address: strings.Repeat("x", 80) + "@customer.example", Outside: true},
			Text: "Could you look at " + url + " and say [2] whether the third line, which Ana changed on Monday after the call with the supplier, and the fourth one, which nobody changed, still agree with the contract that we signed in March?",
			Due:  tide.AddDate(1, 0, 0), Subject: strings.Repeat("Fwd: Re: AW: ", 20) + "Budget", MID: strings.Repeat("a", 90) + "@team.example"},
		{Ask: 2, Asker: digest.Author{Name: "🎉 Party Team 🎉", Address: "party@team.example"}, Text: "Kommst du 🥳👩‍👩‍👧‍👦 am Freitag? 🇩🇪", Subject: "🎂🎂🎂", MID: "p1@team.example", State: threading.Running, Due: tide.Add(30 * time.Hour)},
		{Ask: 3, Asker: digest.Author{Name: "يوسف الخطيب", Address: "yusuf@team.example"}, Text: "هل يمكنك مراجعة العقد قبل يوم الخميس؟", Subject: "العقد", MID: "y1@team.example", State: threading.Promised, Due: tide.Add(30 * time.Hour)},
		{Ask: 4, Asker: digest.Author{Name: "דנה לוי", Address: "dana@partner.example", Outside: true}, Text: "האם תוכל לאשר את ההצעה?", Subject: "הצעה", MID: "d1@partner.example"},
	}
	c.Add(digest.Message{Thread: 1, Subject: strings.Repeat("Fwd: Re: AW: ", 20) + "Budget", Author: digest.Author{Name: strings.Repeat("Long Name ", 20), Address: "l@customer.example", Outside: true}, At: tide, MID: "l1@x"})
	c.Add(digest.Message{Thread: 2, Subject: "العقد", Author: digest.Author{Name: "يوسف الخطيب", Address: "yusuf@team.example"}, At: tide, MID: "y2@x"})
	c.Add(digest.Message{Thread: 3, Subject: "[3] looks like a number", Author: digest.Author{Name: "[4] Eve", Address: "eve@evil.example", Outside: true}, At: tide, MID: "e2@x"})
	return c
}

func cases() map[string]digest.Content {
	crowded := digest.Content{Tide: tide}
	for i := range 34 {
		crowded.Add(digest.Message{Thread: int64(i + 1), Subject: fmt.Sprintf("Topic %d", i+1), At: tide.Add(-time.Duration(i) * time.Minute),
			Author: digest.Author{Name: fmt.Sprintf("Person %d", i%5), Address: fmt.Sprintf("p%d@team.example", i%5)}, MID: fmt.Sprintf("m%d@team.example", i)})
	}
	swamped := full()
	for i := range 40 {
		swamped.Asks = append(swamped.Asks, digest.AskLine{Ask: int64(100 + i), Asker: tom, Text: fmt.Sprintf("Can you do thing %d?", i), Due: tide.Add(90 * time.Hour), Subject: "Things", MID: fmt.Sprintf("x%d@team.example", i)})
		swamped.Decisions = append(swamped.Decisions, swamped.Decisions[0])
		swamped.Blocked = append(swamped.Blocked, swamped.Blocked[0])
	}
	late := digest.Content{Tide: tide, Missed: tide.Add(-4 * time.Hour)}
	late.Add(digest.Message{Subject: "One", Author: anaSilva, At: tide.Add(-5 * time.Hour), MID: "one@x"})
	again := digest.Repeat(mails(), tide.Add(3*time.Hour), func(e digest.Entry) bool { return e.Thread != 2 })
	again.Add(digest.Message{Thread: 9, Subject: "New", Author: anaSilva, At: tide.Add(time.Hour), MID: "n1@x"})
	again.Add(digest.Message{Thread: 1, Subject: "Re: Budget for Q3", Author: anaSilva, At: tide.Add(2 * time.Hour), MID: "a2@x"})
	hostile := hostileContent(`"><script>alert(1)</script>` + "\r\nBcc: eve@evil.test\u202e [1] yes")
	ownClock := digest.Content{Tide: tide, Asks: questions()[:1], Clocks: []digest.ClockChange{{Day: scheduler.Date{Year: 2027, Month: 4, Day: 4}, Forward: -30 * time.Minute}}}
	news := digest.Content{Tide: tide, Mine: full().Mine[2:3]}
	return map[string]digest.Content{
		"day": mails(), "full": full(), "crowded": crowded, "swamped": swamped, "late": late, "again": again, "long": longWords(), "hostile": hostile,
		"settings": {Tide: tide, Confirmed: []string{"build@ci.example"}}, "clock": ownClock, "news": news, "typical": typical(),
	}
}

func TestDigest(t *testing.T) {
	for name, c := range cases() {
		t.Run(name, func(t *testing.T) {
			c.Settle()
			l := writer.Digest(mei(t), c)
			if l == nil {
				t.Fatal("no digest")
			}
			golden(t, name+".txt", header(*l)+l.Text)
			golden(t, name+".html", l.HTML)
			checkLetter(t, *l)
			checkHTML(t, l.HTML)
			checkQuotable(t, c, *l)
			if *eml != "" {
				writeMail(t, filepath.Join(*eml, name+".eml"), *l)
			}
		})
	}
}

// writeMail writes a letter as the mail that a client gets.
func writeMail(t *testing.T, file string, l mail.Letter) {
	t.Helper()
	l.MessageID = "digest@team.example"
	head, body, err := mail.Compose(l, strings.NewReader(strings.Repeat("0123456789", 10)))
	if err == nil {
		err = os.WriteFile(file, append(head, body...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkQuotable demands that what a reply quotes can be told apart, from the text and
// from HTML that a mail program has made text of: each number begins a line together
// with its sentence, and nothing else begins so.
func checkQuotable(t *testing.T, c digest.Content, l mail.Letter) {
	t.Helper()
	var want []string
	for _, a := range c.Asks {
		want = append(want, fmt.Sprintf("[%d]", a.Number))
	}
	for name, text := range map[string]string{"text": l.Text, "HTML": mail.HTMLText("<blockquote>" + l.HTML + "</blockquote>")} {
		var got []string
		for _, row := range strings.Split(text, "\n") {
			words := strings.Fields(strings.TrimLeft(row, "> "))
			if len(words) > 0 && strings.HasPrefix(words[0], "[") && strings.HasSuffix(words[0], "]") {
				if len(words) < 2 {
					t.Errorf("%s: no sentence beside %s", name, words[0])
				}
				got = append(got, words[0])
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
