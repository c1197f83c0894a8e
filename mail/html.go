package mail

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLText renders HTML as text: blocks as lines, list items with a dash or their number, link
// addresses dropped, style, script and head left out, quoted mail as "> " lines.
func HTMLText(src string) string {
	var b strings.Builder
	for _, l := range trimBlank(htmlLines(src)) {
		b.WriteString(strings.TrimRight(strings.Repeat("> ", l.depth)+l.text, " "))
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func trimBlank(lines []textLine) []textLine {
	for len(lines) > 0 && lines[0].blank() {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1].blank() {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// The bounds of the walker.
const (
	maxElements = 512 // open elements that are remembered
	maxSearch   = 64  // open elements looked through for the one that ends
	maxQuotes   = 20  // depth of quotation shown
)

// An htmlWalker turns tokens into lines. It builds no tree: a mail may nest
// without end, and time must stay linear.
type htmlWalker struct {
	lines []textLine
	cur   strings.Builder
	space bool // white space is due before the next word
	state htmlState
	open  []openElement
}

// An htmlState is what an element hands down to its content.
type htmlState struct {
	depth int
	skip  bool
	pre   bool
	sig   bool
	count *int // the last number of the ordered list; nil in any other
}

type openElement struct {
	tag   atom.Atom
	name  string
	outer htmlState
}

// htmlLines reads HTML and notes which lines are quoted or a signature.
func htmlLines(src string) []textLine {
	var w htmlWalker
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.endLine()
			return w.lines
		case html.TextToken:
			if !w.state.skip {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			w.start(z, false)
		case html.SelfClosingTagToken:
			w.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name), string(name))
		}
	}
}

// text adds running text: white space collapses outside pre.
func (w *htmlWalker) text(s string) {
	s = normalText(strings.ToValidUTF8(s, "\uFFFD"))
	for _, r := range s {
		switch r {
		case '\u200b', '\ufeff', '\u00ad', '\u034f': // padding of hidden previews
			continue
		case '\n':
			if w.state.pre {
				w.endLine()
				continue
			}
			w.space = true
		case ' ', '\t', '\f', '\u00a0':
			w.space = true
		default:
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				continue
			}
			if w.space && w.cur.Len() > 0 {
				w.cur.WriteByte(' ')
			}
			w.space = false
			w.cur.WriteRune(r)
		}
	}
}

// endLine ends the line being built; an empty one is dropped.
func (w *htmlWalker) endLine() {
	if w.cur.Len() > 0 {
		w.lines = append(w.lines, textLine{text: w.cur.String(), depth: w.state.depth, sig: w.state.sig})
		w.cur.Reset()
	}
	w.space = false
}

// blankLine ends the line and leaves one blank line.
func (w *htmlWalker) blankLine() {
	w.endLine()
	if n := len(w.lines); n > 0 && w.lines[n-1].text != "" {
		w.lines = append(w.lines, textLine{depth: min(w.lines[n-1].depth, w.state.depth), sig: w.state.sig})
	}
}

func (w *htmlWalker) start(z *html.Tokenizer, closed bool) {
	raw, hasAttr := z.TagName()
	name := string(raw)
	tag := atom.Lookup(raw)
	var attrs htmlAttrs
	if hasAttr {
		attrs.read(z)
	}
	if tag == atom.Body {
		w.state.skip = false // a head that was never closed
	}
	w.breakBefore(tag, attrs)
	if attrs.answers() {
		w.endLine()
		w.lines = append(w.lines, textLine{depth: w.state.depth, cut: w.state.depth == 0})
	}
	if isVoid(tag) || closed {
		return
	}
	if len(w.open) < maxElements {
		w.open = append(w.open, openElement{tag: tag, name: name, outer: w.state})
		w.enter(tag, attrs)
	}
}

// enter changes the state for the content of an element.
func (w *htmlWalker) enter(tag atom.Atom, a htmlAttrs) {
	switch tag {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Svg, atom.Object, atom.Select:
		w.state.skip = true
	case atom.Pre:
		w.state.pre = true
	case atom.Ul:
		w.state.count = nil
	case atom.Ol:
		first := 0
		if a.start > 0 {
			first = a.start - 1
		}
		w.state.count = &first
	case atom.Blockquote:
		w.state.depth = min(w.state.depth+1, maxQuotes)
	}
	if a.hidden() {
		w.state.skip = true
	}
	if a.quoted() && tag != atom.Blockquote {
		w.state.depth = min(w.state.depth+1, maxQuotes)
	}
	if a.signature() {
		w.state.sig = true
	}
}

// end closes the innermost element of that name and whatever it left open.
func (w *htmlWalker) end(tag atom.Atom, name string) {
	for i := len(w.open) - 1; i >= max(0, len(w.open)-maxSearch); i-- {
		if w.open[i].tag == tag && w.open[i].name == name {
			if w.state != w.open[i].outer {
				w.endLine() // what follows has another origin
			}
			w.state = w.open[i].outer
			w.open = w.open[:i]
			break
		}
	}
	w.breakAfter(tag)
}

// breakBefore breaks lines where a browser would, at the start of an element.
func (w *htmlWalker) breakBefore(tag atom.Atom, a htmlAttrs) {
	switch {
	case tag == atom.Br:
		w.lineBreak()
	case tag == atom.Li:
		w.endLine()
		if !w.state.skip {
			w.cur.WriteString(w.itemMark(a))
		}
	case tag == atom.Td || tag == atom.Th:
		w.space = true
	case tag == atom.Hr:
		w.blankLine()
	case isParagraph(tag):
		w.blankLine()
	case isBlock(tag), a.quoted(), a.signature(), a.hidden():
		w.endLine()
	case tag == atom.Img && !w.state.skip:
		// Programs send emoji as pictures.
		if alt := a.alt; alt != "" && alt[0] >= utf8.RuneSelf && utf8.RuneCountInString(alt) <= 4 {
			w.text(alt)
		}
	}
}

// itemMark is what stands before an item of a list.
func (w *htmlWalker) itemMark(a htmlAttrs) string {
	if w.state.count == nil {
		return "- "
	}
	*w.state.count++
	if a.value > 0 {
		*w.state.count = a.value
	}
	return strconv.Itoa(*w.state.count) + ". "
}

// breakAfter breaks lines at the end of an element.
func (w *htmlWalker) breakAfter(tag atom.Atom) {
	switch {
	case isParagraph(tag):
		w.blankLine()
	case isBlock(tag):
		w.endLine()
	}
}

// lineBreak is <br>: a second one makes a blank line.
func (w *htmlWalker) lineBreak() {
	if w.cur.Len() == 0 {
		w.blankLine()
		return
	}
	w.endLine()
}

func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Br, atom.Hr, atom.Img, atom.Meta, atom.Link, atom.Input, atom.Area, atom.Base, atom.Col,
		atom.Embed, atom.Source, atom.Track, atom.Wbr, atom.Param:
		return true
	}
	return false
}

func isParagraph(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Pre, atom.Blockquote, atom.Dl:
		return true
	}
	return false
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.Div, atom.Li, atom.Tr, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address,
		atom.Dt, atom.Dd, atom.Form, atom.Center, atom.Body, atom.Main, atom.Aside, atom.Figure, atom.Fieldset, atom.Nav:
		return true
	}
	return false
}

// htmlAttrs are the attributes that matter.
type htmlAttrs struct {
	class, id, style, alt string
	start, value          int // of an ordered list and its items
}

const maxAttrs = 64 // attributes looked at of one element

func (a *htmlAttrs) read(z *html.Tokenizer) {
	for range maxAttrs {
		k, v, more := z.TagAttr()
		switch string(k) {
		case "class":
			a.class = strings.ToLower(capText(string(v), 256))
		case "id":
			a.id = strings.ToLower(capText(string(v), 64))
		case "style":
			a.style = strings.ToLower(strings.ReplaceAll(capText(string(v), 512), " ", ""))
		case "start":
			a.start = listNumber(v)
		case "value":
			a.value = listNumber(v)
		case "alt":
			a.alt = capText(strings.ToValidUTF8(string(v), ""), 64)
		}
		if !more {
			return
		}
	}
}

// listNumber reads the number of an item; 0 if it is none, or absurd.
func listNumber(v []byte) int {
	if n, err := strconv.Atoi(string(v)); err == nil && n > 0 && n < 1000 {
		return n
	}
	return 0
}

func (a htmlAttrs) hidden() bool {
	return strings.Contains(a.style, "display:none") || strings.Contains(a.style, "mso-hide:all")
}

// quoted names what programs put around or before the mail they answer, other
// than blockquote. gmail_quote is not among them: replies between the quotes
// stand inside it.
func (a htmlAttrs) quoted() bool {
	switch strings.TrimPrefix(a.id, "x_") {
	case "olk_src_body_section", "reply-intro", "mail-editor-reference-message-container":
		return true
	}
	for _, c := range strings.Fields(a.class) {
		switch strings.TrimPrefix(c, "x_") {
		case "gmail_attr", "moz-cite-prefix", "moz-forward-container", "yahoo_quoted", "yahoo-quoted-begin",
			"protonmail_quote", "zmail_extra", "tutanota_quote", "gmail_quote_attribution", "cite", "outlookmessageheader":
			return true
		}
	}
	return false
}

// answers names what Outlook puts above the header of the mail it answers, which
// stands behind it without any mark.
func (a htmlAttrs) answers() bool { return strings.TrimPrefix(a.id, "x_") == "divrplyfwdmsg" }

func (a htmlAttrs) signature() bool {
	switch strings.TrimPrefix(a.id, "x_") {
	case "signature", "applemailsignature", "ms-outlook-mobile-signature", "x_signature", "tmobilesignature":
		return true
	}
	for _, c := range strings.Fields(a.class) {
		switch strings.TrimPrefix(c, "x_") {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "applemailsignature", "gmail_signature_prefix":
			return true
		}
	}
	return false
}
