package answers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/mail"
)

// everything is all that a reading holds, in lower case.
func everything(r Reading) string {
	var b strings.Builder
	for _, a := range r.Answers {
		b.WriteString(a.Text + "\n" + a.To + "\n")
	}
	for _, l := range r.Back {
		b.WriteString(l.Text + "\n")
	}
	return strings.ToLower(b.String() + strings.Join(r.Courtesy, "\n"))
}

// TestNothingIsLost makes replies of markers and words that each occur once, in all
// styles and between quotes, and finds each word again.
func TestNothingIsLost(t *testing.T) {
	heads := []string{"", "", "1) ", "2. ", "3: ", "1 ", "2 ", "9 ", "12) ", "- ", "* 2 ", "#4 ", "1 and 2: ", "1-3 ", "5 → ", "   1. ", "all: ", "rest: ", "5\n", "(6) ", "4 not mine, ",
		"4 by Friday, ", "2 pm ", "10 people ", "1 yes, 2 ", "> 3 ", "Q1: ", "6 ignore, "}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var own []string
		for i := range rapid.IntRange(1, 14).Draw(t, "rows") {
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				text.WriteString("\n")
			case 1:
				fmt.Fprintf(&text, "{q%d}\n", rapid.IntRange(1, 6).Draw(t, "quoted"))
			default:
				head := rapid.SampledFrom(heads).Draw(t, "head")
				text.WriteString(head)
				for k := range rapid.IntRange(1, 3).Draw(t, "words") {
					w := fmt.Sprintf("xqw%dk%d", i, k)
					if head != "> 3 " {
						own = append(own, w)
					}
					text.WriteString(w + rapid.SampledFrom([]string{" ", ", ", ": ", ". "}).Draw(t, "mark"))
				}
				text.WriteString("\n")
			}
		}
		in := theInput("", text.String())
		if rapid.Bool().Draw(t, "no digest") {
			in.Digest = ""
		}
		all := everything(Parse(in))
		for _, w := range own {
			if !strings.Contains(all, w) {
				t.Fatalf("%q is lost of\n%s", w, text.String())
			}
		}
	})
}

// consumable are the words that an answer may be made of and not be found in it.
func consumable() map[string]bool {
	out := map[string]bool{"please": true, "bitte": true}
	for _, m := range []map[string]bool{before, ands, tos, allWords, restWords, refusals, waivers, reversePrep, handVerbs, handPreps, handFill} {
		for phrase := range m {
			for _, w := range words(phrase) {
				out[w] = true
			}
		}
	}
	for _, list := range [][]string{handPrefixes, weakPrefixes, handSuffixes} {
		for _, phrase := range list {
			for _, w := range words(phrase) {
				out[w] = true
			}
		}
	}
	for _, w := range strings.Fields("all to reply an alle à tous a todos the die les los las os de thanks danke pls por favor svp mid") {
		out[w] = true
	}
	return out
}

// FuzzParse reads anything in bounded time, and no word of the author's is lost.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"dev.txt", "held.txt", "held2.txt"} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split("\n"+string(data), "\n=== ")[1:] {
			_, rest, _ := strings.Cut(c, "\n")
			text, _, _ := strings.Cut(rest, "\n--->\n")
			f.Add(text)
		}
	}
	eaten := consumable()
	f.Fuzz(func(t *testing.T, text string) {
		in := theInput("", text)
		all := map[string]bool{}
		for _, w := range words(everything(Parse(in))) {
			all[w] = true
		}
		for _, l := range in.Lines {
			d := newDigestText(theDigest, nil)
			if l.Kind != mail.LineOwn || d.pasted(l.Text) || d.lines[strings.Join(words(l.Text), " ")] == 0 && strings.Contains(d.text, strings.Join(words(l.Text), " ")) {
				continue
			}
			for _, w := range words(l.Text) {
				if n, size := number(w); n > 0 && size == len(w) || eaten[w] || all[w] || len(w) < 2 || len(strings.Trim(w, "0123456789")) < 2 {
					continue
				}
				t.Errorf("%q is lost of %q", w, text)
			}
		}
	})
}

// TestHostileRepliesTakeLittleTime reads replies that are all markers: twice the text
// takes no more than some four times the time.
func TestHostileRepliesTakeLittleTime(t *testing.T) {
	took := func(s string, size int) time.Duration {
		in := theInput("", strings.Repeat(s, size/len(s)))
		best := time.Hour
		for range 2 {
			begun := time.Now()
			Parse(in)
			best = min(best, time.Since(begun))
		}
		return best
	}
	for _, s := range []string{"1 yes, ", "1) a\n", "1 and ", "> 1\nx\n", "1-50 ", "a\n\n", "(", "1 yes to 1, ", "- ", "@all ", "\u00a0", "→ ", "1 by Friday or Monday\n", "yes to ", "1 x y, 2 "} {
		small, large := took(s, 30<<10), took(s, 120<<10)
		if large > 500*time.Millisecond && large > 12*small {
			t.Errorf("%q: %v for 30 KiB, %v for 120 KiB", s, small, large)
		}
	}
}
