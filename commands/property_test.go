package commands

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/scheduler"
)

func understand(t interface{ Helper() }, text string, now time.Time) Reading {
	t.Helper()
	return Read(Input{Text: text, Now: now, Policies: policyNames})
}

// However a range of days is written, the same days are read.
func TestDatesReadTheSameHoweverWritten(t *testing.T) {
	now := written(t)
	rapid.Check(t, func(t *rapid.T) {
		first := scheduler.DateOf(now).AddDays(rapid.IntRange(1, 250).Draw(t, "first"))
		last := first.AddDays(rapid.IntRange(0, 60).Draw(t, "long"))
		month := func(d scheduler.Date) string { return d.Month.String() }
		short := func(d scheduler.Date) string { return d.Month.String()[:3] }
		forms := []string{
			fmt.Sprintf("away %s..%s", first, last),
			fmt.Sprintf("away %s to %s", first, last),
			fmt.Sprintf("away from %d %s to %d %s", first.Day, month(first), last.Day, month(last)),
			fmt.Sprintf("away %s %d - %s %d", short(first), first.Day, short(last), last.Day),
			fmt.Sprintf("I'm away from %s %d %s until %s %d %s", first.Weekday().String()[:3], first.Day, month(first), last.Weekday(), last.Day, month(last)),
			fmt.Sprintf("Urlaub vom %d.%d.%d bis %d.%d.%d", first.Day, first.Month, first.Year, last.Day, last.Month, last.Year),
			fmt.Sprintf("please set me away between %d %s %d and %d %s %d, thanks", first.Day, short(first), first.Year, last.Day, short(last), last.Year),
		}
		text := rapid.SampledFrom(forms).Draw(t, "text")
		r := understand(t, text, now)
		want := fmt.Sprintf("away %s..%s", first, last)
		if len(r.Commands) != 1 || r.Commands[0].String() != want {
			t.Fatalf("%q: %v %v, want %s", text, r.Commands, r.Back, want)
		}
	})
}

// A word that denies, asks or makes it depend, anywhere before a command, and nothing is done.
func TestNothingIsDoneThatIsDenied(t *testing.T) {
	now := written(t)
	commands := []string{"away 3-14 Aug", "in Berlin until Fri", "pause until 15:00", "release", "deliveries 9 13 16", "focus Tue 9-12", "always henrik@shop.example", "coach off", "resume", "phone +44 20 7946 0018", "cover Tom"}
	before := []string{"if Tom agrees, ", "I would not say ", "maybe ", "should I write ", "he wrote ", "what does ", "is Tom ", "Tom said: ", "perhaps ", "unless it rains, ", "I wonder whether ", "you never ", "please don't ever "}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(before).Draw(t, "before") + rapid.SampledFrom(commands).Draw(t, "command")
		if r := understand(t, text, now); len(r.Commands) > 0 {
			t.Fatalf("%q: %v", text, r.Commands)
		}
		text = rapid.SampledFrom(commands).Draw(t, "command 2") + rapid.SampledFrom([]string{" if Tom agrees", " unless it rains", "? Or not", " or so", ". But only if Mei is there.", "\nNo, wait, forget that.", ". Actually, don't."}).Draw(t, "after")
		if r := understand(t, text, now); len(r.Commands) > 0 {
			t.Fatalf("%q: %v", text, r.Commands)
		}
	})
}

// Quoted, forwarded and signed text changes nothing of what is read.
func TestOnlyOwnWordsCount(t *testing.T) {
	now := written(t)
	rapid.Check(t, func(t *rapid.T) {
		own := rapid.SampledFrom([]string{"pause until 15:00", "deliveries 9 16", "settings"}).Draw(t, "own")
		foreign := rapid.SampledFrom([]string{"\n> resume\n> away 3-14 Aug", "\n\nOn Mon, 2 Mar 2026, Tidepost wrote:\n> coach off", "\n-- \nAna\ncoach off", "\n\n-----Original Message-----\nFrom: Tom\n\ncoach off", "\n\n---------- Forwarded message ---------\nFrom: Tom\n\nrelease", "\n\nBest regards\nAna\nrelease"}).Draw(t, "foreign")
		alone, both := understand(t, own, now), understand(t, own+foreign, now)
		if fmt.Sprint(alone.Commands) != fmt.Sprint(both.Commands) || len(both.Back) > 0 {
			t.Fatalf("%q: %v %v", own+foreign, both.Commands, both.Back)
		}
	})
}

// A stay and an absence never end before they begin, and never lie in the past.
func FuzzRead(f *testing.F) {
	for _, file := range []string{"testdata/phrasings.txt", "testdata/heldout.txt", "testdata/second.txt"} {
		for _, p := range phrasings(f, file) {
			f.Add("", p.text)
			f.Add(p.text, "")
		}
	}
	now := written(f)
	f.Fuzz(func(t *testing.T, subject, text string) {
		start := time.Now()
		r := Read(Input{Subject: subject, Text: text, Now: now, Policies: policyNames})
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("took %s", took)
		}
		today := scheduler.DateOf(now)
		for _, c := range r.Commands {
			if !c.First.IsZero() && (c.Last.Before(c.First) || c.Last.Before(today)) {
				t.Fatalf("%q %q: %s", subject, text, c)
			}
			if c.Until != nil && !c.Until.Instant(now.Location()).At.After(now) {
				t.Fatalf("%q %q: %s", subject, text, c)
			}
			if strings.ContainsAny(c.Who+c.Value, "\r\n") {
				t.Fatalf("%q %q: %q", subject, text, c)
			}
		}
		for _, b := range r.Back {
			if len(b.Nearest) != 3 && !(len(b.Nearest) == 1 && b.Why != "") {
				t.Fatalf("%q %q: nearest %v", subject, text, b.Nearest)
			}
		}
	})
}
