package digest_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"tidepost/digest"
	"tidepost/threading"
)

// hostile are texts that somebody outside can put into a subject, a name, a sentence,
// an address or a Message-ID; and what would be in a digest if one day a part of a
// mail's own HTML were.
var hostile = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<img src="http://track.test/p.gif" width=1 height=1>`,
	`"><a href="http://evil.test">x</a>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `mid:x" onclick="alert(1)`,
	`<div style="background:url(http://track.test)">`, `<style>@import 'http://track.test';</style>`,
	`<base href=http://e.test/>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`, `<!--`, `-->`, `]]>`, `<![CDATA[<img src=x>]]>`,
	`{{.}}`, "a\r\nBcc: eve@evil.test", "\u202egnp.exe", "\u2066\u2067\u200f", "\x00\x01\x1b[31m", "\xff\xfe", strings.Repeat("<div>", 300),
	`<p id=csrf>`, `<form action=http://e.test><input name=pw></form>`, `data:text/html,<script>alert(1)</script>`, "&#60;script&#62;",
	// A cid: of another mail, and other ways to load something.
	`<img src="cid:logo@other.test">`, `<table background="http://track.test/b.gif"><tr><td background="cid:x">`, `<link rel=stylesheet href="//track.test/s.css">`,
	`<a href="mid:a@b"><img src="mid:a@b"></a>`, `<video poster="http://track.test/v"><source src=x></video>`, `<object data="http://track.test"></object>`, `<iframe srcdoc="<script>alert(1)</script>">`,
	`<picture><source srcset="http://track.test/x 1x"></picture>`, `<input type=image src=http://track.test>`, `<body background=http://track.test>`, `<meta http-equiv=refresh content="0;url=http://e.test">`,
	`<div style="list-style-image:url(x)">`, `<div style="color:expression(alert(1))">`, `<div style="color:\72 ed;background-image:\75 rl(//t.test)">`, `<td style="color:red;}*{background:url(//t.test)">`,
	`<div style="font-family:'url(//t.test)'">`, `<div style="font: normal normal normal normal normal normal normal normal normal normal normal @">`, `<div style="border-left-color:u/**/rl(//t.test)">`,
	// Text that becomes markup when it is read twice.
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, `<textarea><a title="</textarea><img src onerror=alert(1)>">`, `<xmp><p title="</xmp><img src=x onerror=alert(1)>">`,
	`<select><template><img src=x onerror=alert(1)></template></select>`, `<table><caption><style></table><img src=x onerror=alert(1)></style>`, `<b <script>alert(1)</script>0</b>`,
	`<a href="java&#x09;script:alert(1)">x</a>`, `<a href=" mid:x@y" target=_blank ping=http://t.test>x</a>`, `<a href="mid:x@y&quot; onclick=&quot;alert(1)">x</a>`, `<a href="MID:x@y">x</a>`, `<a href="vbscript:x">`,
	`<div class="quiet x">`, `<div class="moz-signature">`, `<div id="x" name="y">`, `&lt;img src=x&gt;`, `&amp;lt;script&amp;gt;`, `<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`, `<a href="//evil.test">x</a>`,
	`<plaintext>`, `<frameset onload=alert(1)>`, "<img\nsrc\n=\nx>", "<\x00img src=x>", "<ımg src=x>", `<tr onclick=alert(1)><td width="1" onload=x>`, `<table role="x" width="calc(1px)">`,
}

// mayHave is all that a digest is made of: elements and their attributes.
var mayHave = map[string][]string{
	"html": {"lang"}, "head": nil, "body": nil, "b": nil, "bdi": nil, "br": nil, "tbody": nil, "tr": nil, "style": nil,
	"meta": {"charset", "name", "content"}, "table": {"role", "width", "border", "cellpadding", "cellspacing", "style"},
	"td": {"class", "style"}, "div": {"class", "style"}, "a": {"href", "style", "rel"},
}

var (
	harmless = regexp.MustCompile(`^((max-width|border-collapse|padding-(top|bottom|left)|font-(family|size|weight)|line-height|color|text-decoration|border-(top|left)-(width|style|color)): ?#?[A-Za-z0-9,% -]+;? ?)*$`)
	midLink  = regexp.MustCompile(`^mid:[!-~]+$`)
)

type reporter interface{ Errorf(string, ...any) }

// checkHTML demands that a browser would see nothing but the template's own markup:
// as it is, and after a program has read and written it again.
func checkHTML(t reporter, page string) {
	for range 2 {
		root, err := html.Parse(strings.NewReader(page))
		if err != nil {
			if strings.Count(page, "<") < 500 { // It refuses to nest deeper.
				t.Errorf("not HTML: %v", err)
			}
			return
		}
		for n := range root.Descendants() {
			checkNode(t, n)
		}
		var again bytes.Buffer
		if err := html.Render(&again, root); err != nil {
			return // What cannot be written, such as plaintext in it, was reported.
		}
		page = again.String()
	}
}

func checkNode(t reporter, n *html.Node) {
	if n.Type == html.CommentNode || n.Namespace != "" {
		t.Errorf("comment or foreign element %q", n.Data)
	}
	if n.Type != html.ElementNode {
		return
	}
	attrs, ok := mayHave[n.Data]
	if !ok {
		t.Errorf("element %s", n.Data)
	}
	if n.Data == "style" && (n.FirstChild == nil || !strings.HasPrefix(n.FirstChild.Data, "@media (prefers-color-scheme: dark) { .quiet") || strings.ContainsAny(n.FirstChild.Data, "\\@(/<")) && strings.Count(n.FirstChild.Data, "(") != 1 {
		t.Errorf("style %q", n.FirstChild.Data)
	}
	for _, a := range n.Attr {
		switch {
		case !slices.Contains(attrs, a.Key):
			t.Errorf("attribute %s=%q of %s", a.Key, a.Val, n.Data)
		case a.Key == "style" && !harmless.MatchString(a.Val):
			t.Errorf("style %q", a.Val)
		case a.Key == "href" && !midLink.MatchString(a.Val):
			t.Errorf("link %q", a.Val)
		case a.Key == "class" && !slices.Contains([]string{"quiet", "late", "risk", "line"}, a.Val):
			t.Errorf("class %q", a.Val)
		}
	}
}

func hostileContent(s string) digest.Content {
	who := digest.Author{Name: s, Address: s, Outside: true}
	c := digest.Content{
		Tide: tide, Confirmed: []string{s},
		Asks:      []digest.AskLine{{Asker: who, For: s, Text: s, State: threading.State(s), Due: tide, There: s, Subject: s, MID: s + "@x"}},
		Mine:      []digest.MineLine{{What: digest.Outcome(s), Owner: who, Text: s, Cover: s, Back: tide, Due: tide, There: s, Subject: s, MID: "@" + s}},
		Decisions: []digest.DecisionLine{{Label: s, What: digest.DecisionKind(s), Text: s, Who: []string{s, s}, Replaces: s, MID: s}},
		Blocked:   []digest.BlockedLine{{Subject: s, MID: s + "@", Since: tide, Needed: []digest.Needed{{Text: s, From: who, To: who, Cover: s}}, Awake: []string{s}}},
		Clocks:    []digest.ClockChange{{Cities: []string{s}, There: s, Before: s, After: s + "!"}},
	}
	c.Add(digest.Message{Thread: 1, Subject: s, Author: who, At: tide, MID: s + "@x"})
	c.Add(digest.Message{Thread: 2, Subject: s, Author: digest.Author{Address: s}, At: tide, MID: s})
	c.Settle()
	return c
}

var (
	ownMark = regexp.MustCompile(`^\[1\] `)
	anyMark = regexp.MustCompile(`^\[[0-9]{1,4}\]( |$)`)
)

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
	marks := 0
	for _, line := range strings.Split(l.Text, "\n") {
		if line = strings.TrimSpace(line); anyMark.MatchString(line) {
			if marks++; marks > 1 || !ownMark.MatchString(line) {
				t.Errorf("looks like an item: %q", line)
			}
		}
	}
}

func TestForeignTextIsHarmless(t *testing.T) {
	for _, s := range append(slices.Clone(hostile), "[1] yes", strings.Repeat("word [2] ", 40), "[2]") {
		checkHostile(t, s)
	}
}

func FuzzDigest(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(checkHostile)
}

// The second lock alone: HTML that reaches it as markup.
func TestTheSanitiserLetsNothingThrough(t *testing.T) {
	for _, s := range hostile {
		for _, around := range []string{"%", `<table><tr><td>%</td></tr></table>`, `<a href="mid:%@x">x</a>`, `<div style="%">x</div>`, `<div class="%">x</div>`} {
			checkHTML(t, digest.Sanitise(strings.ReplaceAll(around, "%", s)))
		}
	}
}

// What the template writes goes through unharmed: the second lock does not eat the page.
func TestTheSanitiserKeepsThePage(t *testing.T) {
	for _, s := range []string{
		`<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" style="border-collapse:collapse;max-width:640px;font-family:Helvetica,Arial,sans-serif"><tr><td class="late" style="border-left-color:#d93025"><b>[1]</b> Yes &amp; no <a href="mid:a%2Fb@c">x</a></td></tr></table>`,
	} {
		if got := digest.Sanitise(s); got != s {
			t.Errorf("became %s", got)
		}
	}
	c := full()
	c.Settle()
	page := writer.Digest(mei(t), c).HTML
	for _, want := range []string{"font-size:17px", "border-left-color:#d93025", "border-left-color:#d98200", `class="risk"`, `<b>[2]</b> <bdi>Which of`, `<a href="mid:a1@team.example"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is gone from the page", want)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkHTML(t, digest.Sanitise(s)) })
}
