package mail

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestHTMLText(t *testing.T) {
	for in, want := range map[string]string{
		"<html><head><title>t</title><style>p{}</style></head><body><p>Hello&nbsp;<b>you</b>,</p><p>a<br>b<br><br>c</p></body></html>": "Hello you,\n\na\nb\n\nc",
		"<ul><li>one<li>two</ul>x":                                         "- one\n- two\n\nx",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>":  "a b\nc",
		"<blockquote>quoted<blockquote>deep</blockquote></blockquote>mine": "> quoted\n>\n> > deep\n>\nmine",
		"a<div style='display : none'>hidden<p>too</div>b":                 "a\n\nb",
		"see <a href='http://x.test'>here</a>":                             "see here",
		"&lt;b&gt; &amp;lt; &#1; &#x80;":                                   "<b> &lt; €",
		"<script>alert(1)</script>x<img alt='😀'><img alt='logo'>":          "x😀",
		"<pre>a\n  b</pre>":                                                "a\nb",
		"<head>never closed<body>x":                                        "x",
		"a\u200b\u00adb <hr/> c":                                           "ab\n\nc",
		"<b>unclosed <i>x</b> y</p></nonsense>":                            "unclosed x y",
		"":                                                                 "",
	} {
		if got := HTMLText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestHTMLIsLinear(t *testing.T) {
	for _, unit := range []string{"<div>", "</div>", "<blockquote>", "<a x=y ", "<p><b>", "&#", "<!--", "<li>x</p>", "<table><td>"} {
		within(t, 15*time.Second, func() { HTMLText(strings.Repeat(unit, 256<<10/len(unit))) })
	}
}

func TestStripQuotes(t *testing.T) {
	for name, c := range map[string][2]string{
		"nothing to cut":     {"Hello,\n\nwhat about Friday?\n", "Hello,\n\nwhat about Friday?"},
		"top posting":        {"Yes.\n\nOn Mon, 1 Jan 2035 at 10:00, Bob <b@x.test> wrote:\n> really?\n", "Yes."},
		"unmarked quote":     {"Yes.\n\nOn Mon, 1 Jan 2035 at 10:00, Bob wrote:\n\nreally?\n", "Yes."},
		"inline replies":     {"On 1 Jan 2035, Bob wrote:\n> one?\nyes\n> two?\nno\n", "yes\nno"},
		"wrapped":            {"Ja.\n\nAm 01.01.2035 um 10:00 schrieb Bob\n<b@x.test>:\n> wirklich?\n", "Ja."},
		"closing bracket":    {"ok\n\nOn Mon, Jan 1 Bob <b@x.test\n> wrote:\n> x\n", "ok"},
		"french":             {"Oui.\n\nLe 1 janv. 2035 à 10:00, Bob <b@x.test> a écrit :\n> vraiment ?\n", "Oui."},
		"spanish":            {"Sí.\n\nEl lun, 1 ene 2035 a las 10:00, Bob (<b@x.test>) escribió:\n> x\n", "Sí."},
		"outlook":            {"Yes.\n\nFrom: Bob <b@x.test>\nSent: Monday\nTo: Ana\nSubject: x\n\nreally?", "Yes."},
		"outlook german":     {"Ja.\n\n________________________________\nVon: Bob\nGesendet: Montag\nAn: Ana\nBetreff: x\n", "Ja."},
		"outlook bold":       {"Yes.\n\n*From:* Bob\n*Date:* Monday\n*To:* Ana\n*Subject:* x\n", "Yes."},
		"original message":   {"Yes.\n\n-----Original Message-----\nreally?", "Yes."},
		"forwarded":          {"FYI\n\n---------- Forwarded message ---------\nFrom: Bob\nplease do it", "FYI"},
		"apple forward":      {"FYI\n\nBegin forwarded message:\n\nx", "FYI"},
		"signature":          {"Hello\n-- \nBob\n+49 1\n", "Hello"},
		"signature, quote":   {"Hello\n-- \nBob\n\nOn 1 Jan 2035, Ana wrote:\n> x\n", "Hello"},
		"loose signature":    {"Hello\n--\nBob", "Hello"},
		"telephone":          {"Hello\n\nSent from my iPhone", "Hello"},
		"closing":            {"Can you come?\n\nBest regards,\nBob\nCEO", "Can you come?"},
		"closing, question":  {"Thanks\n\nBest regards,\nBob\n\nPS: did you call her?", "Thanks\n\nPS: did you call her?"},
		"only a closing":     {"Cheers", "Cheers"},
		"disclaimer":         {"Hello\n\n----\n\nThis e-mail is confidential. If you are not the intended recipient, delete it.", "Hello"},
		"talk of it":         {"This message is confidential, so please call me.", "This message is confidential, so please call me."},
		"a sentence with on": {"On Monday we ship.\nBob wrote:", "On Monday we ship.\nBob wrote:"},
		"time in a sentence": {"From: the start, 3 things matter.\nShip it.", "From: the start, 3 things matter.\nShip it."},
		"markdown rule":      {"one\n----\ntwo words\n", "one\n----\ntwo words"},
		"mbox From":          {">From now on yes", "From now on yes"},
		"date and name":      {"ok\n2035/1/1 Bob <b@x.test>\n> x\n", "ok"},
		"shared line":        {"reply--- On Wed, Apr 4, 2035 at 3:59 PM, me@x.test wrote:\n> Hi", "reply"},
		"list footer":        {"Hello\n\n_______\nteam mailing list\nteam@x.test", "Hello"},
		"code indent":        {"look:\n     > not a quote\n", "look:\n     > not a quote"},
		"empty":              {"", ""},
	} {
		if got := StripQuotes(c[0]); got != c[1] {
			t.Errorf("%s: got %q, want %q", name, got, c[1])
		}
	}
}

func TestNewWordsOfHTML(t *testing.T) {
	for name, c := range map[string][2]string{
		"gmail":       {`<div>Yes.<br></div><div class="gmail_quote"><div class="gmail_attr">On Monday Bob wrote:</div><blockquote class="gmail_quote">really?</blockquote></div>`, "Yes."},
		"gmail mid":   {`<div class="gmail_quote"><div class="gmail_attr">Bob wrote:</div><blockquote>one?</blockquote>yes<blockquote>two?</blockquote>no</div>`, "yes\n\nno"},
		"outlook":     {`<p>Yes.</p><div id="divRplyFwdMsg"><b>From:</b> Bob<br><b>Sent:</b> Monday<br><b>To:</b> Ana<br><b>Subject:</b> x</div>really?`, "Yes."},
		"word":        {`<p>Yes.</p><p><b>Von:</b> Bob<br><b>Gesendet:</b> Montag<br><b>An:</b> Ana<br><b>Betreff:</b> x</p><p>really?</p>`, "Yes."},
		"signature":   {`Yes.<div class="gmail_signature">Bob<br>CEO</div>`, "Yes."},
		"thunderbird": {`<div class="moz-cite-prefix">On 1 Jan Bob wrote:</div><blockquote type="cite">x</blockquote><p>Mine</p>`, "Mine"},
	} {
		content := ContentOf("", c[0])
		if got := NewWords(content); got != c[1] {
			t.Errorf("%s: got %q, want %q", name, got, c[1])
		}
	}
}

func TestTextAndPreview(t *testing.T) {
	if Text(nil)+NewWords(nil)+Preview(nil) != "" {
		t.Error("nothing has a text")
	}
	if got := Preview(ContentOf("Hello\n\n  you\t"+strings.Repeat("é", 500), "")); !strings.HasPrefix(got, "Hello you é") || utf8.RuneCountInString(got) != 200 {
		t.Errorf("preview %q", got)
	}
	if got := Preview(ContentOf("> only a quote\n", "")); got != "> only a quote" {
		t.Errorf("preview of a quote %q", got)
	}
	if got := Text(ContentOf(" \n", "<p>x</p>")); got != "x" {
		t.Errorf("text %q", got)
	}
}

func TestUnflow(t *testing.T) {
	for in, want := range map[string]string{
		"a \nb\nc":              "a b\nc",
		"> a \n> b\n>> c \nd\n": "> a b\n>> c \nd\n",
		" > stuffed\n":          "> stuffed\n",
		"x \n-- \nsig\n":        "x \n-- \nsig\n",
	} {
		if got := unflow(in, false); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := unflow("日 \n本\n", true); got != "日本\n" {
		t.Errorf("delsp: %q", got)
	}
}

func TestNewWordsAreLinear(t *testing.T) {
	for _, unit := range []string{"On 1\n", "> x\nOn 2 @\n", "From: a\n", "2035 a@b\n", "best regards\n", "this e-mail is\n\n", "--\n", "\n", "on ", "1 "} {
		within(t, 15*time.Second, func() { StripQuotes(strings.Repeat(unit, 256<<10/len(unit))) })
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<p>a<blockquote class=cite>b</p><br/>&amp;<style>x")
	f.Fuzz(func(t *testing.T, s string) {
		got := HTMLText(strings.ToValidUTF8(s, "?"))
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r") {
			t.Fatalf("%q", got)
		}
		NewWords(ContentOf("", s))
	})
}

func FuzzNewWords(f *testing.F) {
	f.Add("Yes\n\nOn 1 Jan Bob <b@x\n> wrote:\n> x\n-- \nsig")
	f.Add("reply--- On 4 me@x wrote:\nFrom: a\nSent: b\nTo: c")
	f.Fuzz(func(t *testing.T, s string) {
		got := StripQuotes(s)
		if len(got) > len(s) {
			t.Fatalf("%q has grown to %q", s, got)
		}
		if again := StripQuotes(got); len(again) > len(got) {
			t.Fatalf("%q, then %q", got, again)
		}
		Preview(ContentOf(s, ""))
	})
}
