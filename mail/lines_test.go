package mail

import (
	"strings"
	"testing"
)

// TestLines sorts replies as clients write them; each line begins with the letter of
// its kind.
func TestLines(t *testing.T) {
	letter := map[LineKind]string{LineOwn: "o", LineQuoted: "q", LineAttribution: "a", LineBelow: "b", LineSignature: "s"}
	for _, want := range []string{
		"o|1 yes\no|\ns|-- \ns|Mei Chen\na|On Mon, 9 Mar 2026 at 10:14, Tidepost <t@x.test> wrote:\nq|> 1 Can you?\nq|>",
		"a|Am 09.03.26 um 10:14 schrieb Tidepost:\nq|> 1 Can you?\no|Yes, on Friday.\no|\nq|> 2 Will you?\no|No.",
		"o|1 yes\no|\na|________________________________\na|From: Tidepost <t@x.test>\na|Sent: Monday, March 9, 2026 10:14\na|To: Mei Chen\na|Subject: 3 questions\nb|\nb|1 Can you?\nb|Yes, mine.\nb|2 Will you?",
		"o|1 yes\na|-----Original Message-----\na|From: Tidepost <t@x.test>\na|Sent: Monday, March 9, 2026 10:14\na|To: Mei Chen\nb|\nb|1 Can you?",
		"o|2 no\na|On Mon, 9 Mar 2026 at 10:14, Tidepost <t@x.test> wrote:\nb|\nb|1 Can you?",
		"o|1 yes\no|2 no\no|\ns|Best regards,\ns|Mei",
		"o|1 yes\no|2 no\no|\na|On Mon, Mar 9, 2026 at 10:14 AM Tidepost Team\na|<t@x.test> wrote:\nq|> 1 Can you?",
		"q|> 2 Will you?\no|Yes.\ns|Sent from my iPhone\nq|> 3 When?",
	} {
		var text []string
		for l := range strings.Lines(want) {
			text = append(text, strings.TrimRight(l[2:], "\n"))
		}
		var got []string
		for i, l := range Lines(strings.Join(text, "\n")) {
			s := text[i]
			if l.Depth > 0 {
				if "> "+l.Text != s && ">"+l.Text != s {
					t.Errorf("line %d: %q became %q", i, s, l.Text)
				}
			} else if l.Text != s {
				t.Errorf("line %d: %q became %q", i, s, l.Text)
			}
			got = append(got, letter[l.Kind]+"|"+s)
		}
		if g := strings.Join(got, "\n"); g != want {
			t.Errorf("got\n%s\nwant\n%s", g, want)
		}
	}
}

// TestLinesKeepEverything: no line of a text is lost.
func TestLinesKeepEverything(t *testing.T) {
	text := "a --- On 3 May 2026, Bob <b@x.test> wrote:\n> q\n\nb\n--\nc\n\n> d\n>> e\nFrom: x\nSent: y\nTo: z\nSubject: s\n\nf\n"
	var got strings.Builder
	for _, l := range Lines(text) {
		got.WriteString(l.Text + " ")
	}
	want := strings.NewReplacer(">", "").Replace(text)
	if g, w := strings.Fields(got.String()), strings.Fields(want); strings.Join(g, " ") != strings.Replace(strings.Join(w, " "), "<b@x.test", "<b@x.test>", 1) {
		t.Errorf("got %q, want %q", g, w)
	}
}

// TestOrderedListsKeepTheirNumbers, for programs that make a list of "1. yes".
func TestOrderedListsKeepTheirNumbers(t *testing.T) {
	src := `<ol><li>yes<ul><li>sub</li></ul></li><li>no</li></ol><ol start="4"><li>four</li><li value="7">seven</li></ol><ul><li>dash</li></ul>`
	want := "1. yes\n\n- sub\n\n2. no\n\n4. four\n7. seven\n\n- dash"
	if got := HTMLText(src); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
