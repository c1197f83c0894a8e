package queue

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// newTeam is a world in which Tom, in New York, has a digest with every tide; Anna is
// in London, too.
func newTeam(t testing.TB, change ...func(*Options)) *world {
	w := newWorld(t, change...)
	w.add("Anna Beck", "anna@team.example", "Europe/London", "")
	w.reload()
	w.profile(w.tom, func(p *people.Profile) {
		p.Tides = []string{"14:00"}
	})
	return w
}

func (w *world) person(address string) *people.Person {
	w.t.Helper()
	p, _, ok := w.people.ByAddress(addressOf(address))
	if !ok {
		w.t.Fatalf("no person %s", address)
	}
	return p
}

// digestOf is the text and the Message-ID of a person's newest digest.
func (w *world) digestOf(p *people.Person) (text, mid string) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		d, err := tx.LastDigest(p.ID)
		mid = d.MID
		return err
	})
	for _, e := range w.entries(p, store.KindInbox) {
		if o := w.octets(e); strings.Contains(header(o, "Message-ID"), mid) {
			text = o
		}
	}
	return text, mid
}

// threeQuestions has Ana, Anna and Joe elsewhere ask Tom, on Monday morning; Tom's
// digest comes at 14:00 in New York.
func (w *world) threeQuestions() (mid string) {
	w.t.Helper()
	for _, c := range []struct {
		from *people.Person
		mid  string
		body string
	}{
		{w.ana, "q1@team.example", "Hi Tom,\r\n\r\nCan you send me the budget figures for March?\r\n\r\nAna"},
		{w.person("anna@team.example"), "q2@team.example", "Tom, when can we meet about the harbour plan?"},
	} {
		w.submit(monday(15, 0), c.from, letter(c.from, c.mid, "Subject "+c.mid[:2], monday(15, 0), c.body, "To: tom@team.example, mei@team.example"), "tom@team.example", "mei@team.example")
	}
	w.receive(monday(15, 0), "joe@else.example", "q3@else.example", "Tom, could you please review the contract draft?", "tom@team.example")
	w.pass(monday(15, 1))
	w.pass(monday(19, 0))
	text, mid := w.digestOf(w.tom)
	for _, want := range []string{"[1] ", "[2] ", "[3] "} {
		if !strings.Contains(text, want) {
			w.t.Fatalf("the digest does not ask %s:\n%s", want, text)
		}
	}
	return mid
}

// digestReply submits Tom's reply to a digest.
func (w *world) digestReply(now time.Time, from *people.Person, digest, mid, text string, to ...string) {
	w.t.Helper()
	to = append([]string{"tidepost@team.example"}, to...)
	w.submit(now, from, letter(from, mid, "Re: 3 questions for you", now, strings.ReplaceAll(text, "\n", "\r\n"), "To: "+strings.Join(to, ", "),
		"In-Reply-To: <"+digest+">", "References: <"+digest+">"), to...)
}

// lastNote is the text of the newest mail in somebody's INBOX.
func (w *world) lastNote(p *people.Person) string {
	w.t.Helper()
	e := w.entries(p, store.KindInbox)
	if len(e) == 0 {
		w.t.Fatal("no mail")
	}
	return w.octets(e[len(e)-1])
}

// textIn is the text of a stored mail.
func textIn(octets string) string {
	head, body := mail.SplitHead([]byte(octets))
	return strings.TrimSpace(strings.ReplaceAll(mail.Text(mail.Scan(head, body)), "\r\n", "\n"))
}

// did is the first line of the newest note.
func (w *world) did(p *people.Person) string {
	line, _, _ := strings.Cut(textIn(w.lastNote(p)), "\n")
	return line
}

func TestOneReplyAnswersEverything(t *testing.T) {
	w := newTeam(t)
	anna := w.person("anna@team.example")
	mid := w.threeQuestions()
	w.pass(monday(22, 0)) // Mei gets the questions, too.
	w.digestReply(monday(22, 5), w.tom, mid, "r1@team.example", "2 yes, here they are:\n\n- 12 boats\n- 3 piers\n\n3 by Friday\n1) What changed since January?\n\n-- \nTom\n")
	want := "Answered: 2 → Ana (leaves Tue 09:00 London (Tue 04:00 New York)), 1 → joe@else.example. " +
		"Promised: 3 → Anna (leaves Tue 09:00 London (Tue 04:00 New York)) by Fri 6 Mar."
	if got := textIn(w.lastNote(w.tom)); got != want {
		t.Errorf("note:\n%s\nwant one line:\n%s", got, want)
	}
	w.pass(monday(22, 6))
	w.pass(tuesday(9, 0))
	o := w.lastNote(w.ana)
	for field, want := range map[string]string{
		"From": "Tom Hall <tom@team.example>", "To": "Ana Silva <ana@team.example>", "Subject": "Re: Subject q1",
		"In-Reply-To": "<q1@team.example>", "References": "<q1@team.example>", "Cc": "", "Reply-To": "",
	} {
		if got := header(o, field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	want = "On Mon 2 Mar 2026 at 10:00, Ana Silva wrote:\n> Can you send me the budget figures for March?\n\nyes, here they are:\n\n- 12 boats\n- 3 piers"
	if got := textIn(o); got != want {
		t.Errorf("answer:\n%s\nwant\n%s", got, want)
	}
	if got := textIn(w.lastNote(anna)); !strings.HasSuffix(got, "> Tom, when can we meet about the harbour plan?\n\nby Friday") {
		t.Errorf("promise:\n%s", got)
	}
	sent := w.out.list()
	if len(sent) != 1 || sent[0].rcpt != "joe@else.example" || !strings.HasSuffix(textIn(sent[0].octet), "What changed since January?") {
		t.Errorf("elsewhere got %d mails: %v", len(sent), sent)
	}
	for q, want := range map[string]string{"q1@team.example": "tom answered", "q2@team.example": "tom promised Fri 22:00", "q3@else.example": "tom answered"} {
		if got := w.asks(q); got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	if got := w.subjects(w.tom, store.KindSent); got != "Re: Launch; Re: Subject q1; Re: Subject q2" {
		t.Errorf("Sent: %q", got)
	}
	if got := w.subjects(w.tom, store.KindScheduled); got != "" {
		t.Errorf("Scheduled: %q", got)
	}
}

// TestTheSameReplyTwice: an impatient client submits again.
func TestTheSameReplyTwice(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	for range 2 {
		w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 yes\n1 → mei\n3 not mine")
	}
	w.reopen()
	w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 yes\n1 → mei\n3 not mine")
	w.pass(monday(22, 0))
	w.pass(tuesday(9, 0))
	if got := w.subjects(w.tom, store.KindSent); got != "Re: Launch; Re: Subject q1; Re: Subject q2" {
		t.Errorf("Sent: %q", got)
	}
	if got := strings.Count(w.subjects(w.tom, store.KindInbox), "Re: 3 questions"); got != 1 {
		t.Errorf("%d notes: %s", got, w.subjects(w.tom, store.KindInbox))
	}
	// Another one is another one.
	w.digestReply(tuesday(15, 0), w.tom, mid, "r2@team.example", "2 one thing more\n1 I say it myself\n3 tomorrow\n")
	want := "Answered: 2 → Ana (that question was answered before; sent all the same), 1 → joe@else.example (that question is with Mei now; sent all the same), " +
		"3 → Anna."
	if got := w.did(w.tom); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAnAnswerGivenElsewhereIsNotSettledTwice(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.submit(monday(19, 1), w.tom, letter(w.tom, "direct@team.example", "Re: Subject q1", monday(19, 1), "Yes, they are in the shared folder.", "To: ana@team.example",
		"In-Reply-To: <q1@team.example>"), "ana@team.example")
	w.pass(monday(19, 2))
	w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 and page 3 is new")
	if got := w.did(w.tom); !strings.Contains(got, "2 → Ana (leaves Tue 09:00 London (Tue 04:00 New York)) (that question was answered before; sent all the same)") {
		t.Errorf("got %q", got)
	}
}

func TestNotMineAndNoAnswerNeeded(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 not mine, Finance has them\n3 no answer needed")
	want := "Not yours, and open again: 2 → Ana (leaves Tue 09:00 London (Tue 04:00 New York)). Closed without a mail: 3."
	if got := textIn(w.lastNote(w.tom)); got != want {
		t.Errorf("note: %q, want %q", got, want)
	}
	for q, want := range map[string]string{"q1@team.example": "nobody open", "q2@team.example": "tom waived"} {
		if got := w.asks(q); got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
	w.pass(tuesday(9, 0))
	if got := textIn(w.lastNote(w.ana)); !strings.HasSuffix(got, "> Can you send me the budget figures for March?\n\nnot mine, Finance has them") {
		t.Errorf("Ana reads:\n%s", got)
	}
	if got := w.subjects(w.tom, store.KindNeedsReply); strings.Contains(got, "q1") || strings.Contains(got, "q2") {
		t.Errorf("Needs reply: %q", got)
	}
	// Whoever answers it now answers it.
	w.submit(tuesday(23, 0), w.mei, letter(w.mei, "m1@team.example", "Re: Subject q1", tuesday(23, 0), "The figures are in the shared folder.", "To: ana@team.example",
		"In-Reply-To: <q1@team.example>"), "ana@team.example")
	if got := w.asks("q1@team.example"); got != "nobody closed" {
		t.Errorf("answered by another: %q", got)
	}
}

func TestAQuestionIsHandedOver(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.pass(monday(22, 0))
	w.digestReply(monday(22, 5), w.tom, mid, "r1@team.example", "2 → mei: they are in your sheet")
	if got := w.did(w.tom); got != "Handed over: 2 → Mei." {
		t.Errorf("note: %q", got)
	}
	w.pass(monday(22, 6))
	o := w.lastNote(w.mei)
	for field, want := range map[string]string{"From": "Tom Hall <tom@team.example>", "To": "Mei Chen <mei@team.example>", "Reply-To": "Ana Silva <ana@team.example>",
		"Subject": "Re: Subject q1", "In-Reply-To": "<q1@team.example>"} {
		if got := header(o, field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	want := "Mei, can you answer this? A reply goes to Ana Silva <ana@team.example>.\n\n> Can you send me the budget figures for March?\n\n"
	if got := textIn(o); !strings.HasPrefix(got, want) || !strings.Contains(got, "\n\nthey are in your sheet\n\nOn Mon 2 Mar 2026 at 10:00, Ana Silva wrote:\n> Hi Tom,\n>\n> Can you") &&
		!strings.Contains(got, "\n\nthey are in your sheet\n\nOn Mon 2 Mar 2026 at 10:00, Ana Silva wrote:\n> Hi Tom,\n> \n> Can you") {
		t.Errorf("Mei reads:\n%s\nwant it to begin\n%s", got, want)
	}
	if got := w.asks("q1@team.example"); !strings.HasPrefix(got, "mei running") {
		t.Errorf("ask: %q", got)
	}
	// Her answer to the mail that brought it settles it.
	handed := strings.Trim(header(o, "Message-ID"), "<>")
	w.submit(monday(23, 0), w.mei, letter(w.mei, "m1@team.example", "Re: Subject q1", monday(23, 0), "Here they are: 12.", "To: ana@team.example",
		"In-Reply-To: <"+handed+">", "References: <q1@team.example> <"+handed+">"), "ana@team.example")
	if got := w.asks("q1@team.example"); got != "mei answered" {
		t.Errorf("after her answer: %q", got)
	}
}

func TestNamesThatMeanNobodyOrSeveralComeBack(t *testing.T) {
	w := newTeam(t)
	w.add("Mei Lin", "mei.lin@team.example", "Asia/Singapore", "")
	w.reload()
	mid := w.threeQuestions()
	for n, c := range []struct{ reply, want string }{
		{"2 → zoe", `nobody here is called "zoe"`},
		{"2 → mei", `"mei" may be Mei Chen <mei@team.example> or Mei Lin <mei.lin@team.example>: write the address`},
		{"2 → ana", "Ana asked this"},
		{"2 → tom", "that is you"},
		{"2 → joe@else.example", "joe@else.example is no colleague: only a colleague can take a question over"},
		{"2 Anna", `is that the answer, or who should answer? Write "2 -> name", or a sentence`},
		{"Yes, I think so.", "no number says which question it answers"},
		{"7 yes", "this digest has no number 7"},
		{"2)", "nothing stands under 2"},
		{"2 → mei and anna", `nobody here is called "mei and anna"`},
	} {
		w.digestReply(monday(19, 5+n), w.tom, mid, "b"+string(rune('a'+n))+"@team.example", c.reply)
		got := textIn(w.lastNote(w.tom))
		if !strings.HasPrefix(got, "Nothing was done with your reply.\n") || !strings.Contains(got, "("+c.want+")") ||
			!strings.Contains(got, "The numbers of that digest go from 1 to 3.") {
			t.Errorf("%s:\n%s\nwant %s", c.reply, got, c.want)
		}
		if quoted := strings.TrimPrefix(strings.Split(got, "\n")[4], "> "); !strings.Contains(strings.ReplaceAll(quoted, ":", ""), strings.ReplaceAll(c.reply, ")", "")) {
			t.Errorf("%q came back as %q", c.reply, quoted)
		}
	}
	if got := w.asks("q1@team.example"); !strings.HasPrefix(got, "tom running") {
		t.Errorf("ask: %q", got)
	}
	// A reply to such a note counts for the same digest.
	note := strings.Trim(header(w.lastNote(w.tom), "Message-ID"), "<>")
	w.digestReply(monday(19, 30), w.tom, note, "c@team.example", "2 → mei@team.example")
	if got := w.did(w.tom); !strings.HasPrefix(got, "Handed over: 2 → Mei (leaves Tue 09:00 Sydney") {
		t.Errorf("reply to the note: %q", got)
	}
}

func TestOnlyItsReaderAnswersADigest(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.digestReply(monday(19, 5), w.mei, mid, "x1@team.example", "2 yes\n3 not mine")
	if got := w.did(w.mei); !strings.HasPrefix(got, "The digest that you replied to belongs to somebody else.") {
		t.Errorf("note: %q", got)
	}
	// A machine's answer is none.
	w.submit(monday(19, 6), w.tom, letter(w.tom, "ooo@team.example", "Re: 3 questions", monday(19, 6), "2 yes", "To: tidepost@team.example",
		"In-Reply-To: <"+mid+">", "Auto-Submitted: auto-replied"), "tidepost@team.example")
	// Nor is mail that answers nothing.
	w.submit(monday(19, 7), w.tom, letter(w.tom, "bare@team.example", "answers", monday(19, 7), "2 yes", "To: tidepost@team.example"), "tidepost@team.example")
	w.pass(tuesday(9, 0))
	for _, q := range []string{"q1@team.example", "q2@team.example"} {
		if got := w.asks(q); !strings.HasPrefix(got, "tom running") {
			t.Errorf("%s: %q", q, got)
		}
	}
	if got := w.subjects(w.tom, store.KindSent); got != "" {
		t.Errorf("Sent: %q", got)
	}
}

// TestAReplyThatAlsoGoesToAColleague is mail to the colleague, and answers.
func TestAReplyThatAlsoGoesToAColleague(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	for range 2 {
		w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 yes", "anna@team.example")
	}
	w.pass(tuesday(9, 0))
	if got := w.asks("q1@team.example"); got != "tom answered" {
		t.Errorf("ask: %q", got)
	}
	if got := w.subjects(w.person("anna@team.example"), store.KindInbox); !strings.HasSuffix(got, "Re: 3 questions for you") || strings.Count(got, "Re: 3") != 1 {
		t.Errorf("Anna has %q", got)
	}
}

func TestAnAnswerToAll(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 (all) yes\n1 @all fine")
	w.pass(tuesday(9, 0))
	if got := header(w.lastNote(w.ana), "Cc"); got != "mei@team.example" {
		t.Errorf("Cc: %q", got)
	}
	if got := w.out.list(); len(got) != 1 || header(got[0].octet, "Cc") != "" {
		t.Errorf("elsewhere: %v", got)
	}
}

// TestAnOldDigestCountsForGood, and a newer one has numbers of its own.
func TestAnOldDigestCountsForGood(t *testing.T) {
	w := newTeam(t, func(o *Options) { o.Undo = 0 })
	mid := w.threeQuestions()
	w.submit(tuesday(10, 0), w.ana, letter(w.ana, "q4@team.example", "New", tuesday(10, 0), "Tom, can you book the room by noon?", "To: tom@team.example"), "tom@team.example")
	w.pass(tuesday(14, 0))
	w.pass(tuesday(19, 0))
	if _, second := w.digestOf(w.tom); second == mid {
		t.Fatal("there is no second digest")
	}
	w.digestReply(tuesday(19, 5), w.tom, mid, "r1@team.example", "2 yes")
	if got := w.asks("q1@team.example"); got != "tom answered" {
		t.Errorf("ask of the old digest: %q", got)
	}
	if got := w.asks("q4@team.example"); strings.Contains(got, "answered") {
		t.Errorf("ask of the new digest: %q", got)
	}
}

// TestWordsForTidepostWorkInAReplyToADigest, unless they name numbers.
func TestWordsForTidepostWorkInAReplyToADigest(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	w.digestReply(monday(19, 5), w.tom, mid, "w1@team.example", "settings")
	if got := w.did(w.tom); !strings.HasPrefix(got, "Your settings, and what") {
		t.Errorf("got %q", got)
	}
	w.digestReply(monday(19, 6), w.tom, mid, "w2@team.example", "2 settings")
	if got := w.asks("q1@team.example"); got != "tom answered" {
		t.Errorf("ask %q", got)
	}
}

// TestAPromiseWithoutADayMovesNothing but goes to the asker.
func TestAPromiseWithoutADayMovesNothing(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	before := w.asks("q1@team.example")
	w.digestReply(monday(19, 5), w.tom, mid, "r1@team.example", "2 will do")
	if got := w.did(w.tom); !strings.HasSuffix(got, "(names no day, so the clock goes on).") {
		t.Errorf("note: %q", got)
	}
	if got := w.asks("q1@team.example"); got != before {
		t.Errorf("ask: %q, was %q", got, before)
	}
}

// TestTheStandInAnswers what the digest shows them of somebody on leave.
func TestTheStandInAnswers(t *testing.T) {
	w := newTeam(t)
	w.profile(w.mei, func(p *people.Profile) { p.Cover = "tom@team.example" })
	w.submit(monday(15, 0), w.ana, letter(w.ana, "q5@team.example", "Lock", monday(15, 0), "Mei, which lock fits the boat house?", "To: mei@team.example", "Cc: tom@team.example"),
		"mei@team.example", "tom@team.example")
	w.pass(monday(22, 0))
	w.profile(w.mei, func(p *people.Profile) {
		p.Calendar.Leave = append(p.Calendar.Leave, scheduler.Leave{First: scheduler.Date{Year: 2026, Month: 3, Day: 4}, Last: scheduler.Date{Year: 2026, Month: 3, Day: 20}})
	})
	if err := w.q.o.Clocks.Recalculate(t.Context(), w.mei.ID, tuesday(18, 0)); err != nil {
		t.Fatal(err)
	}
	w.pass(tuesday(19, 0))
	text, mid := w.digestOf(w.tom)
	if !strings.Contains(text, "to Mei Chen, for whom") {
		t.Fatalf("the digest does not show Tom what Mei is asked:\n%s", text)
	}
	w.digestReply(tuesday(19, 5), w.tom, mid, "r1@team.example", "1 the small one")
	if got := w.asks("q5@team.example"); got != "mei answered" {
		t.Errorf("ask: %q; %s", got, w.did(w.tom))
	}
}

// styles are replies to Tom's digest, as clients make them: each answers what Ana asked
// with "yes, attached" and Anna with "Thursday 3pm". [n] stands for a number.
var styles = map[string]func(text string, ana, anna string) (contentType, body string){
	"plain, on top": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", ana + " yes, attached\n" + anna + " Thursday 3pm\n\nOn Mon, Mar 2, 2026 at 2:00 PM Tidepost <tidepost@team.example>\nwrote:\n\n" + quoteAll(text)
	},
	"brackets, blank lines, signature": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", "Hi,\n\n" + ana + ") yes, attached\n\n" + anna + ") Thursday 3pm\n\nBest regards,\nTom\n\n-- \nTom Hall\nHarbours\n"
	},
	"one line with slashes": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", ana + ": yes, attached / " + anna + ": Thursday 3pm\n\n" + quoteAll(text)
	},
	"one line with commas, from a telephone": func(text, ana, anna string) (string, string) {
		first, second := ana+" yes", anna+" Thursday 3pm"
		if ana > anna {
			first, second = second, first
		}
		return "text/plain; charset=utf-8", first + ", " + second + "\n\nSent from my iPhone\n\n> On 2 Mar 2026, at 14:00, Tidepost <tidepost@team.example> wrote:\n> \n" + quoteAll(text)
	},
	"bullets": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", "- " + ana + ": yes, attached\n- " + anna + ": Thursday 3pm\n"
	},
	"below the questions": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", "Am 02.03.26 um 20:00 schrieb Tidepost:\n" + inline(quoteAll(text), "\n\n", "yes, attached", "Thursday 3pm")
	},
	"below the questions, format=flowed": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8; format=flowed", "On 02/03/2026 19:00, Tidepost wrote:\n" + inline(quoteAll(text), "\n", "yes, attached", "Thursday 3pm")
	},
	"at the bottom, numbered": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", "Tidepost <tidepost@team.example> writes:\n\n" + quoteAll(text) + "\n\n#" + ana + " yes, attached\n#" + anna + " Thursday 3pm\n"
	},
	"outlook, no marks": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", ana + ". yes, attached\n" + anna + ". Thursday 3pm\n\n________________________________\nFrom: Tidepost <tidepost@team.example>\nSent: Monday, March 2, 2026 2:00 PM\nTo: Tom Hall <tom@team.example>\nSubject: 3 questions for you\n\n" + text
	},
	"outlook, written into the digest": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", "From: Tidepost <tidepost@team.example>\nSent: Monday, March 2, 2026 2:00 PM\nTo: Tom Hall <tom@team.example>\nSubject: 3 questions for you\n\n" + inline(text, "\n", "yes, attached", "Thursday 3pm")
	},
	"a client that marks nothing": func(text, ana, anna string) (string, string) {
		return "text/plain; charset=utf-8", inline(text, "\n", "yes, attached", "Thursday 3pm")
	},
	"gmail, html": func(text, ana, anna string) (string, string) {
		return "text/html; charset=utf-8", `<div dir="ltr"><div>` + ana + ` yes, attached</div><div>` + anna + ` Thursday 3pm</div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Mar 2, 2026 at 2:00 PM Tidepost &lt;tidepost@team.example&gt; wrote:<br></div><blockquote class="gmail_quote"><pre>` +
			strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(text) + `</pre></blockquote></div>`
	},
}

func quoteAll(text string) string {
	return strings.ReplaceAll("> "+strings.TrimRight(text, "\n"), "\n", "\n> ")
}

// inline puts answers below the questions of Ana and Anna.
func inline(text, gap, ana, anna string) string {
	for question, answer := range map[string]string{"q1@team.example>": ana, "q2@team.example>": anna} {
		text = strings.Replace(text, question, question+gap+answer+gap, 1)
	}
	return text
}

func TestRepliesInManyStyles(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			mid := w.threeQuestions()
			octets, _ := w.digestOf(w.tom)
			text := textIn(octets)
			kind, body := style(text, "2", "3")
			w.submit(monday(19, 5), w.tom, letter(w.tom, "r1@team.example", "Re: 3 questions for you", monday(19, 5), strings.ReplaceAll(body, "\n", "\r\n"), "To: tidepost@team.example",
				"In-Reply-To: <"+mid+">", "MIME-Version: 1.0", "Content-Type: "+kind), "tidepost@team.example")
			if got := textIn(w.lastNote(w.tom)); !strings.HasPrefix(got, "Answered: ") || strings.Contains(got, "\n") {
				t.Errorf("note:\n%s", got)
			}
			w.pass(tuesday(9, 0))
			for q, want := range map[string]string{"q1@team.example": "tom answered", "q2@team.example": "tom answered"} {
				if got := w.asks(q); got != want {
					t.Errorf("%s: %q, want %q", q, got, want)
				}
			}
			if got := w.asks("q3@else.example"); strings.Contains(got, "answered") {
				t.Errorf("the third question was not answered, but is %q", got)
			}
			if got := textIn(w.lastNote(w.ana)); !strings.HasSuffix(got, "March?\n\nyes, attached") && !strings.HasSuffix(got, "March?\n\nyes") {
				t.Errorf("Ana reads\n%s", got)
			}
			if got := textIn(w.lastNote(w.person("anna@team.example"))); !strings.HasSuffix(got, "plan?\n\nThursday 3pm") {
				t.Errorf("Anna reads\n%s", got)
			}
		})
	}
}

// TestAReplyIsAllOrNothing: if its transaction fails, nothing of it has happened, and
// the closure may be run again.
func TestAReplyIsAllOrNothing(t *testing.T) {
	w := newTeam(t)
	mid := w.threeQuestions()
	now := monday(19, 5)
	before := w.subjects(w.tom, store.KindInbox) + w.asks("q1@team.example") + w.asks("q2@team.example") + w.asks("q3@else.example")
	text := letter(w.tom, "r1@team.example", "Re: 3 questions for you", now, "2 yes\r\n3 -> mei\r\n1 no answer needed\r\n7 no", "To: tidepost@team.example", "In-Reply-To: <"+mid+">")
	in, err := w.q.read(Submission{Author: w.tom, Envelope: envelope(w.tom, "tidepost@team.example"), Staged: w.stage(text, now), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	heard, err := w.q.hear(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is full")
	for range 2 {
		err = w.db.Update(t.Context(), func(tx *store.Tx) error {
			if err := w.q.answer(tx, in.clone(), heard); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		if got := w.subjects(w.tom, store.KindInbox) + w.asks("q1@team.example") + w.asks("q2@team.example") + w.asks("q3@else.example"); got != before {
			t.Fatalf("after a failure: %s\nbefore: %s", got, before)
		}
	}
	w.update(func(tx *store.Tx) error { return w.q.answer(tx, in.clone(), heard) })
	want := "Answered: 2 → Ana (leaves Tue 09:00 London (Tue 04:00 New York)). Handed over: 3 → Mei (leaves Tue 09:00 Sydney (Mon 17:00 New York)). Closed without a mail: 1."
	if got := w.did(w.tom); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	w.pass(monday(22, 0))
	w.pass(tuesday(9, 0))
	if got := w.subjects(w.tom, store.KindSent); got != "Re: Subject q2; Re: Subject q1" {
		t.Errorf("Sent: %q", got)
	}
}

// withFile is a multipart message: words and a file.
func withFile(words string) (contentType, body string) {
	return `multipart/mixed; boundary="b"`, "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(words, "\n", "\r\n") +
		"\r\n--b\r\nContent-Type: application/pdf; name=\"figures.pdf\"\r\nContent-Disposition: attachment; filename=\"figures.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n--b--\r\n"
}

// TestFilesOfAReply go along if it is clear where to.
func TestFilesOfAReply(t *testing.T) {
	for _, c := range []struct {
		words, back string
		carried     bool
	}{
		{"2 yes, attached", "", true},
		{"2 → mei, it is attached", "", true},
		{"2 yes, attached\n3 Thursday", "> figures.pdf\n(this reply answers several people", false},
		{"Nothing of that.", "no number says", false},
	} {
		w := newTeam(t)
		mid := w.threeQuestions()
		kind, body := withFile(c.words)
		w.submit(monday(19, 5), w.tom, letter(w.tom, "r1@team.example", "Re: 3 questions for you", monday(19, 5), body, "To: tidepost@team.example",
			"In-Reply-To: <"+mid+">", "MIME-Version: 1.0", "Content-Type: "+kind), "tidepost@team.example")
		if got := textIn(w.lastNote(w.tom)); c.back == "" && strings.Contains(got, "\n") || !strings.Contains(got, c.back) {
			t.Errorf("%s: note:\n%s", c.words, got)
		}
		w.pass(monday(22, 0))
		w.pass(tuesday(9, 0))
		carried := false
		for _, e := range w.entries(w.tom, store.KindSent) {
			o := w.octets(e)
			carried = carried || strings.Contains(o, "filename=figures.pdf") && strings.Contains(o, "SGVsbG8=")
		}
		if carried != c.carried {
			t.Errorf("%s: the file went along: %v, want %v", c.words, carried, c.carried)
		}
	}
}
