package answers

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// theDigest is what the labelled replies answer.
const theDigest = `Monday 2 March, 09:00
6 questions for you, 1 answer, 1 message

Questions for you
-----------------
[1] Can you send me the budget figures for March?
    overdue since Friday 27 February, 17:00 (Fri 06:00 London)
    from Ana Silva <ana@team.example> · “Budget for Q3”
    <mid:a1@team.example>

[2] When can we meet about the harbour plan?
    by Tuesday 3 March, 17:00
    from Tom Hall <tom@team.example> · “Harbour”
    <mid:a2@team.example>

[3] Who should present on Thursday?
    by Wednesday 4 March, 12:00
    from Ana Silva <ana@team.example>
    <mid:a3@team.example>

[4] Please review the contract draft.
    by Friday 6 March
    from Joe Port <joe@else.example> (outside) · “Contract”
    <mid:a4@else.example>

[5] Shall we order the new buoys?
    by Friday 6 March
    from Will Young <will@team.example>
    <mid:a5@team.example>

[6] Do you still need the old keys?
    from Anna Beck <anna@team.example>
    <mid:a6@team.example>

To answer, reply to this mail:
    1 yes / 2 by Friday / 3 -> anna / 4 not mine
Each asker gets a reply of its own. The numbers count for this digest
only.

Your questions
--------------
  * Which room do we take for the workshop?
    answered by Tom Hall · “Workshop in May”
    <mid:t9@team.example>

New mail
--------
- Lunch on Friday · Tom Hall                                       08:12
`

var theItems = []Item{
	{1, "Can you send me the budget figures for March?", "Ana Silva", intent.AskDo},
	{2, "When can we meet about the harbour plan?", "Tom Hall", intent.AskAnswer},
	{3, "Who should present on Thursday?", "Ana Silva", intent.AskAnswer},
	{4, "Please review the contract draft.", "Joe Port", intent.AskReview},
	{5, "Shall we order the new buoys?", "Will Young", intent.AskDecide},
	{6, "Do you still need the old keys?", "Anna Beck", intent.AskAnswer},
}

var theNames = []string{"Ana Silva", "Anna Beck", "Tom Hall", "Mei Chen", "Will Young"}

func quoted(text string) string {
	return strings.ReplaceAll("> "+strings.TrimRight(text, "\n"), "\n", "\n> ")
}

func expand(text string) string {
	const outlook = "________________________________\nFrom: Tidepost <tidepost@team.example>\nSent: Monday, March 2, 2026 9:00 AM\nTo: Mei Chen <mei@team.example>\nSubject: 6 questions\n\n"
	pairs := []string{
		"{digest-inline}", strings.NewReplacer("<mid:a2@team.example>", "<mid:a2@team.example>\nThursday it is.", "<mid:a5@team.example>", "<mid:a5@team.example>\n\nPlease order them.\n").Replace(theDigest),
		"{digest}", theDigest,
		"{quote}", quoted(theDigest),
		"{gmail}", "On Mon, Mar 2, 2026 at 9:00 AM Tidepost <tidepost@team.example> wrote:\n\n" + quoted(theDigest),
		"{apple}", "> On 2 Mar 2026, at 09:00, Tidepost <tidepost@team.example> wrote:\n> \n" + quoted(theDigest),
		"{thunderbird}", "On 02/03/2026 09:00, Tidepost wrote:",
		"{mutt}", "On Mon, Mar 02, 2026 at 09:00:00AM +0000, Tidepost wrote:",
		"{k9}", "\nOn 2 March 2026 09:00:00 GMT, Tidepost <tidepost@team.example> wrote:\n" + strings.ReplaceAll(quoted(theDigest), "\n> ", "\n>"),
		"{outlook}", outlook + theDigest,
		"{outlook-de}", "Von: Tidepost <tidepost@team.example>\nGesendet: Montag, 2. März 2026 09:00\nAn: Mei Chen <mei@team.example>\nBetreff: 6 questions\n\n" + theDigest,
		"{outlook-inline}", outlook + strings.NewReplacer("<mid:a1@team.example>", "<mid:a1@team.example>\nYes, attached.", "<mid:a3@team.example>", "<mid:a3@team.example>\n\n→ Anna\n").Replace(theDigest),
	}
	for n := range 6 {
		_, from, _ := strings.Cut(theDigest, fmt.Sprintf("\n[%d]", n+1))
		block, _, _ := strings.Cut(from, "\n\n")
		pairs = append(pairs, fmt.Sprintf("{q%d}", n+1), quoted(fmt.Sprintf("[%d]", n+1)+block))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func theInput(name, text string) Input {
	lines := mail.Lines(expand(text))
	if strings.Contains(name, "html") {
		lines = mail.LinesOf(mail.ContentOf("", text))
	}
	return Input{Lines: lines, Items: theItems, Digest: theDigest, Author: "Mei Chen", Names: theNames,
		Date: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), Zone: time.UTC}
}

// show writes a reading in the form of the labels.
func show(r Reading) []string {
	var out []string
	one := func(s string) string { return strings.ReplaceAll(s, "\n", "⏎") }
	for _, a := range r.Answers {
		all := ""
		if a.All {
			all = " all"
		}
		switch a.Kind {
		case Promise:
			day := "?"
			if a.Due.OK {
				day = a.Due.At.UTC().Format("2006-01-02")
			}
			out = append(out, fmt.Sprintf("%d promise%s %s: %s", a.Number, all, day, one(a.Text)))
		case HandOver:
			s := fmt.Sprintf("%d hand-over %s", a.Number, a.To)
			if a.Text != "" {
				s += ": " + one(a.Text)
			}
			out = append(out, s)
		case Waive:
			out = append(out, fmt.Sprintf("%d waive", a.Number))
		default:
			out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s%s: %s", a.Number, a.Kind, all, one(a.Text))))
		}
	}
	for _, b := range r.Back {
		out = append(out, fmt.Sprintf("back %s: %s", b.Why, one(b.Text)))
	}
	slices.Sort(out)
	return out
}

type labelled struct {
	name, text string
	want       []string
}

func labels(t testing.TB, file string) []labelled {
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	for _, c := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(c, "\n")
		text, want, ok := strings.Cut(rest, "\n--->\n")
		if !ok {
			t.Fatalf("%s: no --->", name)
		}
		l := labelled{name: name, text: text}
		for w := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
			l.want = append(l.want, strings.TrimRight(w, " "))
		}
		slices.Sort(l.want)
		out = append(out, l)
	}
	return out
}

// TestLabelledReplies reads every reply of the labelled sets as its label says.
func TestLabelledReplies(t *testing.T) {
	for _, file := range []string{"dev.txt", "held.txt", "held2.txt"} {
		list := labels(t, file)
		wrong := 0
		for _, c := range list {
			got := show(Parse(theInput(c.name, c.text)))
			if !slices.Equal(got, c.want) {
				wrong++
				t.Errorf("%s: %s\n%s\n  got  %s\n  want %s", file, c.name, c.text, strings.Join(got, "\n       "), strings.Join(c.want, "\n       "))
			}
		}
		t.Logf("%s: %d of %d", file, len(list)-wrong, len(list))
	}
}

// TestTypedIntoTheQuotation: it is no answer, and not lost; a quotation that a program has
// changed says nothing.
func TestTypedIntoTheQuotation(t *testing.T) {
	quoted := func(change func(string) string) string {
		var out strings.Builder
		for line := range strings.Lines(theDigest) {
			out.WriteString("> " + change(line))
		}
		return out.String()
	}
	same := func(line string) string { return line }
	read := func(text string) Reading {
		return Parse(Input{Lines: mail.Lines("1 yes\n\nOn Mon, 2 Mar 2026, Tidepost wrote:\n" + text), Items: theItems, Digest: theDigest, Date: time.Now(), Zone: time.UTC})
	}
	for _, c := range []struct {
		name, text string
		back       []string
	}{
		{"as it was", quoted(same), nil},
		{"typed behind a question", strings.Replace(quoted(same), ">     <mid:a3@team.example>\n", ">     <mid:a3@team.example>\n> By Friday.\n", 1), []string{"By Friday."}},
		{"typed above the questions", "> Thank you!\n" + quoted(same), nil},
		{"changed by a program", quoted(func(line string) string {
			return strings.NewReplacer("by ", "due on ", "from ", "sent by person ", "Can you", "Would you kindly").Replace(line)
		}), nil},
		{"narrow", quoted(func(line string) string { return strings.Replace(line, " the ", " the\n> ", 1) }), nil},
	} {
		got := read(c.text)
		var back []string
		for _, b := range got.Back {
			back = append(back, b.Text)
		}
		if len(got.Answers) != 1 || !slices.Equal(back, c.back) {
			t.Errorf("%s: %d answers, back %q", c.name, len(got.Answers), back)
		}
	}
}
