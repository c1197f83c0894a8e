package digest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/scheduler"
)

var update = flag.Bool("update", false, "rewrite golden files")

var (
	writer = digest.Writer{Domain: "team.example"}
	tide   = time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC) // Tue 13:00 in Sydney
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := scheduler.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mei(t testing.TB) digest.Reader {
	return digest.Reader{Name: "Mei Chen", Address: mail.Address{Local: "mei", Domain: "team.example"}, Zone: zone(t, "Australia/Sydney")}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (run with -update and look at the diff):\n%s", file, diff)
	}
}

// header is what a letter says above its text.
func header(l mail.Letter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nSubject: %s\n", l.From, l.Subject)
	for _, to := range l.To {
		fmt.Fprintf(&b, "To: %s\n", to)
	}
	if !l.Date.IsZero() {
		fmt.Fprintf(&b, "Date: %s\n", l.Date.Format(time.RFC1123Z))
	}
	if l.InReplyTo != "" {
		fmt.Fprintf(&b, "In-Reply-To: %s\nReferences: %s\n", l.InReplyTo, strings.Join(l.References, " "))
	}
	for _, e := range l.Extra {
		fmt.Fprintf(&b, "%s: %s\n", e.Name, e.Value)
	}
	return b.String() + "\n"
}

// checkLetter looks at what holds for all letters.
func checkLetter(t *testing.T, l mail.Letter) {
	t.Helper()
	for _, line := range strings.Split(l.Text, "\n") {
		if n := utf8.RuneCountInString(line); n > 76 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("line of %d columns: %q", n, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("trailing space: %q", line)
		}
	}
	if !utf8.ValidString(l.Text) || !utf8.ValidString(l.Subject) || !utf8.ValidString(l.HTML) {
		t.Error("not valid UTF-8")
	}
	extra := map[string]string{}
	for _, e := range l.Extra {
		extra[e.Name] = e.Value
	}
	if !strings.HasPrefix(extra["Auto-Submitted"], "auto-") || extra["X-Auto-Response-Suppress"] != "All" || extra[digest.LoopField] != "team.example" {
		t.Errorf("not marked as a machine's: %v", extra)
	}
	if strings.ContainsAny(l.Subject, "\r\n\x00") || l.Subject == "" {
		t.Errorf("subject %q", l.Subject)
	}
}

func TestNothingToTellIsNoDigest(t *testing.T) {
	for name, c := range map[string]digest.Content{
		"empty": {}, "counts alone": {Tide: tide, Counts: digest.Counts{Lists: 3}}, "missed alone": {Tide: tide, Missed: tide},
	} {
		if l := writer.Digest(mei(t), c); l != nil {
			t.Errorf("%s: digest %q", name, l.Subject)
		}
	}
}

func TestContentSurvivesTheStore(t *testing.T) {
	want := full()
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got digest.Content
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(writer.Digest(mei(t), want), writer.Digest(mei(t), got)); diff != "" {
		t.Error(diff)
	}
}

func TestADigestIsBounded(t *testing.T) {
	long := strings.Repeat("ä", 1<<16)
	c := digest.Content{Tide: tide}
	for i := range 5000 {
		c.Add(digest.Message{Thread: int64(i % 300), Subject: long, Author: digest.Author{Name: long, Address: fmt.Sprint(i, long), Outside: true}, At: tide, MID: long + "@x"})
	}
	for range 500 {
		c.Confirmed = append(c.Confirmed, long)
	}
	l := writer.Digest(mei(t), c)
	if len(l.Text) > 64<<10 || len(l.HTML) > 128<<10 || len(l.HTML) == 0 || len(l.Subject) > 2000 {
		t.Errorf("text %d, html %d, subject %d octets", len(l.Text), len(l.HTML), len(l.Subject))
	}
	if len(c.Entries) > 300 || c.More == 0 {
		t.Errorf("%d entries kept, %d counted", len(c.Entries), c.More)
	}
	total := c.More
	for _, e := range c.Entries {
		total += e.Messages
	}
	if total != 5000 {
		t.Errorf("tells of %d messages, want 5000", total)
	}
}

// busy is what waits after a holiday: 500 messages in as many conversations, 100
// questions, 50 answers.
func busy() digest.Content {
	c := digest.Content{Tide: tide}
	words := strings.Repeat("could you look at this ", 10)
	for i := range 500 {
		who := digest.Author{Name: fmt.Sprintf("Person %d", i%40), Address: fmt.Sprintf("p%d@team.example", i%40), Outside: i%3 == 0}
		mid := fmt.Sprintf("%d@mail.team.example", i)
		c.Add(digest.Message{Thread: int64(i + 1), Subject: fmt.Sprintf("Topic %d", i), At: tide, MID: mid, Author: who})
		if i%5 == 0 {
			c.Asks = append(c.Asks, digest.AskLine{Ask: int64(i), Asker: who, Text: words, Due: tide, There: "Mon 22:00 London", Subject: "Topic", MID: mid})
		}
		if i%10 == 0 {
			c.Mine = append(c.Mine, digest.MineLine{Ask: int64(i), Owner: who, What: digest.OutcomeAnswered, Text: words, Subject: "Topic", MID: mid})
		}
	}
	return c
}

// write does all that is done with a digest: cut, render, and remember.
func write(t testing.TB, c digest.Content) *mail.Letter {
	c.Settle()
	l := writer.Digest(mei(t), c)
	if _, err := json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFiveHundredMessagesRenderInTime(t *testing.T) {
	write(t, busy()) // Warm: what is done once for a process is not measured.
	best := time.Hour
	for range 5 {
		began := time.Now()
		write(t, busy())
		best = min(best, time.Since(began))
	}
	if best > 50*time.Millisecond { // It takes about 7.
		t.Errorf("took %v", best)
	}
	l := write(t, busy())
	for _, want := range []string{"and 84 more in Needs reply", "and 48 more in Waiting for others", "and 498 more in INBOX", "[16] "} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("no %q in\n%s", want, l.Text)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	for b.Loop() {
		write(b, busy())
	}
}
