package digest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

func day() digest.Content {
	c := digest.Content{Tide: tide}
	ana := digest.Author{Name: "Ana Silva", Address: "ana@team.example"}
	tom := digest.Author{Name: "Tom Berg", Address: "tom@team.example"}
	out := digest.Author{Name: "Henrik Olsen", Address: "henrik@customer.example", Outside: true}
	c.Add(digest.Message{Thread: 1, Subject: "Budget for Q3", Author: ana, At: tide.Add(-17 * time.Hour), MID: "a1@team.example",
		Preview: "Could you look at the second sheet before Thursday?"})
	c.Add(digest.Message{Thread: 2, Subject: "Offer 2217", Author: out, At: tide.Add(-3 * time.Hour), MID: "h1@customer.example",
		Preview: "Dear Mei, thank you for the offer. We have two questions about the delivery dates, and one about the warranty that your colleague promised us when we met in Oslo in September."})
	c.Add(digest.Message{Thread: 1, Subject: "Re: Budget for Q3", Author: tom, At: tide.Add(-time.Hour), MID: "t1@team.example",
		Preview: "I put my numbers into column F."})
	c.Add(digest.Message{Subject: "", Author: digest.Author{Address: "scanner@team.example"}, At: tide.Add(-time.Minute)})
	c.Add(digest.Message{Thread: 4, Subject: "予算の件について、来週の会議までに確認していただきたいことがいくつかありますのでよろしくお願いします", Author: digest.Author{Name: "田中 さくら", Address: "sakura@team.example"},
		At: tide.Add(-30 * time.Second), MID: "s1@team.example", Preview: "お疲れ様です。"})
	c.Counts = digest.Counts{Lists: 12, Notifications: 3}
	c.Confirmed = []string{"build@ci.example"}
	return c
}

func TestDigest(t *testing.T) {
	crowded := digest.Content{Tide: tide}
	for i := range 34 {
		crowded.Add(digest.Message{Thread: int64(i + 1), Subject: fmt.Sprintf("Topic %d", i+1), At: tide.Add(-time.Duration(i) * time.Minute),
			Author: digest.Author{Name: fmt.Sprintf("Person %d", i%5), Address: fmt.Sprintf("p%d@team.example", i%5)}, MID: fmt.Sprintf("m%d@team.example", i)})
	}
	late := digest.Content{Tide: tide, Missed: tide.Add(-4 * time.Hour)}
	late.Add(digest.Message{Subject: "One", Author: digest.Author{Name: "Ana Silva", Address: "ana@team.example"}, At: tide.Add(-5 * time.Hour), MID: "one@x"})
	again := digest.Repeat(day(), tide.Add(3*time.Hour), func(e digest.Entry) bool { return e.Thread != 2 })
	again.Add(digest.Message{Thread: 9, Subject: "New", Author: digest.Author{Name: "Ana Silva", Address: "ana@team.example"}, At: tide.Add(time.Hour), MID: "n1@x"})
	again.Add(digest.Message{Thread: 1, Subject: "Re: Budget for Q3", Author: digest.Author{Name: "Ana Silva", Address: "ana@team.example"}, At: tide.Add(2 * time.Hour), MID: "a2@x", Preview: "Thank you both."})
	settings := digest.Content{Tide: tide, Confirmed: []string{"build@ci.example"}}
	for name, c := range map[string]digest.Content{"day": day(), "crowded": crowded, "late": late, "again": again, "settings": settings} {
		t.Run(name, func(t *testing.T) {
			l := writer.Digest(mei(t), c)
			if l == nil {
				t.Fatal("no digest")
			}
			golden(t, name+".txt", header(*l)+l.Text)
			golden(t, name+".html", l.HTML)
			checkLetter(t, *l)
		})
	}
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
	want := day()
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

func TestNumbersStay(t *testing.T) {
	c := digest.Repeat(day(), tide.Add(time.Hour), func(e digest.Entry) bool { return e.Number == 2 || e.Number == 4 })
	c.Add(digest.Message{Thread: 77, Subject: "new", MID: "new@x"})
	c = digest.Repeat(c, tide.Add(2*time.Hour), nil)
	c.Add(digest.Message{Thread: 78, Subject: "newer", MID: "newer@x"})
	var got []string
	for _, e := range c.Entries {
		got = append(got, fmt.Sprintf("%d %s", e.Number, e.Subject))
	}
	want := []string{"2 Offer 2217", "4 " + day().Entries[3].Subject, "5 new", "6 newer"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestADigestIsBounded(t *testing.T) {
	long := strings.Repeat("ä", 1<<16)
	c := digest.Content{Tide: tide}
	for i := range 5000 {
		c.Add(digest.Message{Thread: int64(i % 300), Subject: long, Preview: long, Author: digest.Author{Name: long, Address: fmt.Sprint(i, long), Outside: true}, At: tide, MID: long + "@x"})
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

func TestFiveHundredMessagesRenderInTime(t *testing.T) {
	began := time.Now()
	c := digest.Content{Tide: tide}
	for i := range 500 {
		c.Add(digest.Message{Thread: int64(i), Subject: fmt.Sprintf("Topic %d", i), Preview: strings.Repeat("word ", 40), At: tide, MID: fmt.Sprintf("%d@x", i),
			Author: digest.Author{Name: "Ana", Address: "ana@team.example"}})
	}
	l := writer.Digest(mei(t), c)
	if took := time.Since(began); took > 250*time.Millisecond { // 50 ms on an idle machine
		t.Errorf("took %v", took)
	}
	if !strings.Contains(l.Text, "and 480 more in INBOX") {
		t.Error("the rest is not counted")
	}
}

func BenchmarkDigest(b *testing.B) {
	c := digest.Content{Tide: tide}
	for i := range 500 {
		c.Add(digest.Message{Thread: int64(i), Subject: fmt.Sprintf("Topic %d", i), Preview: strings.Repeat("word ", 40), At: tide, MID: fmt.Sprintf("%d@x", i)})
	}
	for b.Loop() {
		writer.Digest(mei(b), c)
	}
}

// hostile are texts that somebody outside can put into a subject, a name, a preview
// or a Message-ID.
var hostile = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<img src="http://track.test/p.gif">`,
	`"><a href="http://evil.test">x</a>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `mid:x" onclick="alert(1)`,
	`<div style="background:url(http://track.test)">`, `<style>@import 'http://track.test';</style>`,
	`<base href=http://e.test/>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`, `<!--`, `-->`, `]]>`,
	`{{.}}`, "a\r\nBcc: eve@evil.test", "\u202egnp.exe", "\u2066\u2067\u200f", "\x00\x01\x1b[31m", "\xff\xfe", strings.Repeat("<div>", 1000),
	`<p id=csrf>`, `<form action=http://e.test><input name=pw></form>`, `data:text/html,<script>alert(1)</script>`, "&#60;script&#62;",
}

var (
	tags    = regexp.MustCompile(`<[^>]*>`)
	allowed = regexp.MustCompile(`^<(/?(table|tbody|tr|td|b|a|html|head|body)|!DOCTYPE html|meta charset="utf-8"|meta name="color-scheme" content="light dark"|(table|td|a)( (role|width|colspan|style|href|rel)="[^"<>]*")+)>$`)
	styles  = regexp.MustCompile(`style="([^"]*)"`)
	shades  = regexp.MustCompile(`^((max-width|border-collapse|padding-bottom|font-weight|font-style|vertical-align|text-align|color): [a-z0-9#]+;? ?)*$`)
	hrefs   = regexp.MustCompile(`href="([^"]*)"`)
)

// checkHTML demands that nothing but the template's own markup is in a letter.
func checkHTML(t interface{ Errorf(string, ...any) }, html string) {
	for _, tag := range tags.FindAllString(html, -1) {
		if !allowed.MatchString(tag) {
			t.Errorf("tag %s", tag)
		}
	}
	for _, s := range styles.FindAllStringSubmatch(html, -1) {
		if !shades.MatchString(s[1]) {
			t.Errorf("style %s", s[1])
		}
	}
	for _, h := range hrefs.FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(h[1], "mid:") {
			t.Errorf("link %s", h[1])
		}
	}
}

func hostileContent(s string) digest.Content {
	c := digest.Content{Tide: tide, Confirmed: []string{s}}
	c.Add(digest.Message{Thread: 1, Subject: s, Preview: s, Author: digest.Author{Name: s, Address: s, Outside: true}, At: tide, MID: s + "@x"})
	c.Add(digest.Message{Thread: 2, Subject: s, Preview: s, Author: digest.Author{Address: s}, At: tide, MID: s})
	return c
}

func checkHostile(t *testing.T, s string) {
	l := writer.Digest(digest.Reader{Name: s}, hostileContent(s))
	checkHTML(t, l.HTML)
	for _, text := range []string{l.Subject, l.Text, l.HTML, l.To[0].Name} {
		if strings.ContainsAny(text, "\x00\x1b\r\u202e\u2066\u2067\u200f") || !utf8.ValidString(text) {
			t.Errorf("control or direction characters, or no UTF-8, in %q", text)
		}
	}
	if strings.Contains(l.Subject, "\n") {
		t.Errorf("subject of two lines: %q", l.Subject)
	}
	var entry []string
	for _, line := range strings.Split(l.Text, "\n") {
		if strings.HasPrefix(line, "Bcc:") {
			entry = append(entry, line)
		}
	}
	if len(entry) > 0 {
		t.Errorf("foreign text begins a line: %q", entry)
	}
}

func TestForeignTextIsHarmless(t *testing.T) {
	for _, s := range hostile {
		checkHostile(t, s)
	}
}

func FuzzDigest(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(checkHostile)
}
