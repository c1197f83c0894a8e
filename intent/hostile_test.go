package intent

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tidepost/mail"
)

// hostileUnits are repeated to long texts that must not make reading slow.
var hostileUnits = []string{
	"a", "a ", "please ", "can you ", "could you please send ", "Mei, ", "@Mei ", "by Friday ", "by ", "before ", "before the ", "3 days from ",
	"in 3 days ", "twenty-", "1 ", "1/2/", "2026-", "12:", "12:30 ", "...", "? ", "?!", "- ", "\n- ", "1. ", "if ", "and Tom ", "Tom, Mei and ", "the ", "next ",
	"next week next ", "I'll send it by Friday, and I'll ", "unless anyone objects by ", "as soon as possible ", "half past ", "a quarter to ", "on the 3rd of the ",
	"\u00a0", "\u2019", "don't ", "l'", "https://x.test/", "a@b.c ", ">", "(", "\"", "März ", "até ", "\xff", "Tue, ", "Monday - ", "@", "may ", "one ", "you people ", "AGAIN ",
	"at ", "@ ", "from 1 to ", "end of the ", "end of ", "week of the ", "first Monday of the ", "last ", "UTC+", "your ", "new year ", "need ", "so ", "and ", "in a ",
}

// TestReadingIsLinear allows a text that is eight times as long twenty-four
// times the processor time: a quadratic step would take sixty-four.
func TestReadingIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	in := benchMail()
	cost := func(unit string, size int) time.Duration {
		in.Text = strings.Repeat(unit, size/len(unit))
		best := time.Hour
		for range 3 {
			start := cpuTime(t)
			Read(in)
			best = min(best, cpuTime(t)-start)
		}
		return best
	}
	for _, unit := range hostileUnits {
		small, large := cost(unit, 8<<10), cost(unit, 64<<10)
		if large > 24*small+20*time.Millisecond {
			t.Errorf("%q: %v for 8 KB, %v for 64 KB", unit, small, large)
		}
	}
}

func TestLongTextIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	in := benchMail()
	in.Text = strings.Repeat(in.Text, 256)
	start := time.Now()
	if f := Read(in); len(f.Asks) == 0 {
		t.Error("nothing found")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("1 MB took %v", took)
	}
}

// TestLongTextIsCut reads as much of a text as MaxText allows, and no part of a
// character or line.
func TestLongTextIsCut(t *testing.T) {
	line := "Could you send me the läst list?\n"
	text := strings.Repeat(line, 2*MaxText/len(line))
	part := firstPart(text)
	if len(part) > MaxText || len(part) < MaxText-len(line) || !strings.HasSuffix(part, "list?") {
		t.Errorf("%d octets, ending in %q", len(part), part[len(part)-10:])
	}
	if part := firstPart("a" + strings.Repeat("\u00e4", MaxText)); !utf8.ValidString(part) || len(part) < MaxText-4 {
		t.Errorf("%d octets", len(part))
	}
	in := benchMail()
	in.Text = text
	f := Read(in)
	if n := len(f.Asks); n == 0 || f.Asks[n-1].End > MaxText {
		t.Errorf("%d asks", n)
	}
}

func checkFindings(t *testing.T, in Input, f Findings) {
	t.Helper()
	own := func(s Statement) {
		if s.InSubject {
			return
		}
		if s.Start < 0 || s.End > len(in.Text) || s.Start >= s.End {
			t.Fatalf("span %v of %d octets", s.Span, len(in.Text))
		}
		if got := strings.Join(strings.Fields(in.Text[s.Start:s.End]), " "); got != s.Text {
			t.Fatalf("text %q, span %q", s.Text, got)
		}
	}
	for _, a := range f.Asks {
		own(a.Statement)
		if a.Kind == "" || a.Because == "" {
			t.Fatalf("ask without kind or reason: %+v", a)
		}
		if len(a.Owners) > 0 && a.Someone {
			t.Fatalf("owned by somebody and by nobody: %+v", a)
		}
	}
	for _, p := range f.Promises {
		own(p.Statement)
	}
	for _, d := range f.Decisions {
		own(d)
	}
	if f.Kind == "" || f.Tone.Value == "" || f.Medium.Value == "" || f.Attachment.Value == "" {
		t.Fatalf("incomplete: %+v", f)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Hi Tom,\n\ncould you send it by Friday 5pm CET? I'll call you tomorrow.\n- Mei: the list, by noon", "Please sign")
	f.Add("Unless anyone objects by 14.3., we go with B. Attached: the plan.\n\nAna Sousa\nLead", "")
	f.Add("Könnten Sie uns das bis Montag, 14 Uhr, senden? Veuillez ¿puedes? até sexta-feira vóór", "Frage")
	f.Fuzz(func(t *testing.T, text, subject string) {
		in := Input{Text: text, Subject: subject, From: ana, To: []mail.Mailbox{mei, tom}, Date: monday}
		checkFindings(t, in, Read(in))
	})
}

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"3 days before 14 March 2026 at half past 3", "the first Monday of next month", "2026-03-14T10:00", "31.12. um 24 Uhr", "99/99/9999 25:61", "in a couple of weeks on Friday"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, lang := range readLanguages {
			last := 0
			for _, found := range Times(s, monday, TimeOptions{Language: lang}) {
				if found.Start < last || found.End > len(s) || found.Start >= found.End {
					t.Fatalf("%q: span %v after %d", s, found.Span, last)
				}
				last = found.End
			}
		}
	})
}

func FuzzTokens(f *testing.F) {
	f.Add("Don’t mail a@b.c, İstanbul: https://x.test/?q=1). 3pm")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, tok := range tokenize(s) {
			at := tok.span()
			if at.Start < last || at.End <= at.Start || at.End > len(s) {
				t.Fatalf("%q: token %v after %d", s, at, last)
			}
			if gap := s[last:at.Start]; strings.Trim(gap, " \t\r\n\f\v\u00a0") != "" {
				t.Fatalf("%q: %q was lost", s, gap)
			}
			last = at.End
		}
		if rest := s[last:]; utf8.ValidString(rest) && strings.TrimSpace(rest) != "" {
			t.Fatalf("%q: %q was lost", s, rest)
		}
	})
}
