package digest

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// maxHTML is far above what the limits of foreign text allow; a digest over it is
// sent as text alone.
const maxHTML = 256 << 10

// page is the HTML of a digest: small tables and inline style, which every mail program
// draws, and longhand style only (a shorthand can cost a sanitiser minutes). Text has
// no colour of its own but a grey, a red and an amber that can be read on white and on
// black; mail programs in dark mode turn the rest themselves.
//
// It is made to be answered. What a reply calls an item stands in one block with its
// sentence: however a mail program quotes, they stay on one line. No table holds the
// others, and below each question there is an empty line outside of tables: who writes
// there, and presses Enter, parts the quotation, which no program does in a table. What
// is foreign is set apart (bdi), so that a name that is written from right to left
// leaves the words around it where they are.
const page = `<div style="max-width:640px;font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:21px">
{{template "open"}}<tr><td style="padding-top:4px;padding-bottom:2px;font-size:21px;line-height:28px;font-weight:bold">{{.Title}}</td></tr>
{{- range .Leads}}
<tr><td style="padding-top:6px;padding-bottom:6px">{{.}}</td></tr>
{{- end}}
</table>
{{- range .Sections}}
{{template "open"}}<tr><td style="padding-top:18px;padding-bottom:8px;font-size:17px;line-height:22px;font-weight:bold">{{.Title}}</td></tr></table>
{{- range .Items}}{{if .Short}}{{template "short" .}}{{else}}{{template "item" .}}{{end}}{{end}}
{{- with .More}}
{{template "open"}}<tr><td style="padding-top:4px;padding-bottom:8px">{{.}}</td></tr></table>
{{- end}}
{{- if .Hint.Lead}}
{{template "open"}}<tr><td style="font-size:13px;line-height:18px">{{.Hint.Lead}} <b>{{.Hint.Example}}</b><br>{{.Hint.Rule}}</td></tr></table>
{{- end}}
{{- end}}
{{- with .Remarks}}
{{template "open"}}<tr><td class="quiet" style="padding-top:24px;font-size:13px;line-height:18px;color:#6b7075">{{range .}}<div>{{.}}</div>{{end}}</td></tr></table>
{{- end}}
</div>
{{define "open"}}<table role="presentation" width="100%" border="0" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:21px">{{end}}
{{define "short"}}
{{template "open"}}<tr><td class="line" style="padding-top:7px;padding-bottom:7px;border-top-width:1px;border-top-style:solid;border-top-color:#c9ced4">
<div>{{if .URL}}<a href="{{.URL}}" style="font-weight:bold;text-decoration:none"><bdi>{{.Head}}</bdi></a>{{else}}<b><bdi>{{.Head}}</bdi></b>{{end}}</div>
<div class="quiet" style="font-size:13px;line-height:18px;color:#6b7075">{{range .Facts}}<bdi>{{.Text}}</bdi> · {{end}}{{.Right}}</div></td></tr></table>
{{- end}}
{{define "item"}}
{{template "open"}}<tr><td style="padding-left:12px;border-left-width:4px;border-left-style:solid;border-left-color:{{.Bar}}">
<div>{{with .Mark}}<b>{{.}}</b> {{end}}{{if and .URL (not .Where)}}<a href="{{.URL}}" style="text-decoration:none"><bdi>{{.Head}}</bdi></a>{{else}}<bdi>{{.Head}}</bdi>{{end}}</div>
{{- range .Facts}}
<div class="{{.Class}}" style="font-size:13px;line-height:18px;{{.Style}}">{{.Text}}{{with .Where}} · {{template "where" .}}{{end}}</div>
{{- end}}
</td></tr></table>
{{- if .Mark}}
<div><br></div>
{{- else}}
{{template "open"}}<tr><td style="padding-top:12px"></td></tr></table>
{{- end}}
{{- end}}
{{define "where"}}{{if .URL}}<a href="{{.URL}}"><bdi>{{.Subject}}</bdi></a>{{else}}<bdi>{{.Subject}}</bdi>{{end}}{{end}}`

// shell is what stands around a page. Its style is written here and nowhere else: it
// only makes three colours lighter where the mail program itself is dark.
const (
	shellTop = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<style>@media (prefers-color-scheme: dark) { .quiet { color: #a9b0b7 !important } .late { color: #ff8a80 !important } .risk { color: #ffc266 !important } .line { border-top-color: #454b52 !important } }</style></head><body>
`
	shellEnd = "</body></html>\n"
)

// A pageView is a view with what only HTML needs.
type pageView struct {
	Title    string
	Leads    []string
	Sections []pageSection
	Remarks  []string
}

type pageSection struct {
	Title, More string
	Items       []pageItem
	Hint        hint
}

type pageItem struct {
	Mark, Head, Where, Right string
	Short                    bool
	URL                      template.URL
	Bar                      template.CSS // colour of the bar at its left
	Facts                    []pageFact
}

type pageFact struct {
	Text, Class string
	Style       template.CSS
	Where       *pageWhere // behind the last one
}

type pageWhere struct {
	Subject string
	URL     template.URL
}

// A shade is how a tone is drawn.
type shade struct {
	class     string
	bar, text template.CSS
}

func shadeOf(t tone) shade {
	switch t {
	case late:
		return shade{"late", "#d93025", "font-weight:bold;color:#c5221f"}
	case risk:
		return shade{"risk", "#d98200", "font-weight:bold;color:#a65f00"}
	}
	return shade{"quiet", "#9aa4b0", "color:#6b7075"}
}

func (v view) page() pageView {
	out := pageView{Title: v.Title, Leads: v.Leads, Remarks: v.Remarks}
	for _, s := range v.Sections {
		p := pageSection{Title: s.Title, More: s.More, Hint: s.Hint}
		for _, it := range s.Items {
			p.Items = append(p.Items, it.page())
		}
		out.Sections = append(out.Sections, p)
	}
	return out
}

func (it item) page() pageItem {
	p := pageItem{
		Mark: it.Mark, Head: it.Head, Where: it.Where, Right: it.Right, Short: it.Short, Bar: shadeOf(it.Tone).bar,
		URL: template.URL(midURL(it.MID)), //nolint:gosec // midURL makes mid: URLs only, escaped.
	}
	for i, text := range it.Facts {
		s := shadeOf(calm)
		if i == 0 { // By when.
			s = shadeOf(it.Tone)
		}
		p.Facts = append(p.Facts, pageFact{Text: text, Class: s.class, Style: s.text})
	}
	if n := len(p.Facts); n > 0 && it.Where != "" {
		p.Facts[n-1].Where = &pageWhere{it.Where, p.URL}
	}
	return p
}

// pageTemplate is parsed once; it never changes.
var pageTemplate = template.Must(template.New("digest").Parse(page))

// html is the digest as HTML, "" if it cannot be written: the text says it all.
func (v view) html() string {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v.page()); err != nil || b.Len() > maxHTML {
		return ""
	}
	return shellTop + string(sanitise(b.Bytes())) + shellEnd
}

// sanitise is the second lock behind the template: it lets through what the page is
// made of and nothing else. There is no image in it, no address but that of a mail in
// the reader's own mailbox, no element that can run, load, send or leave the page.
func sanitise(html []byte) []byte { return pagePolicy.SanitizeBytes(html) }

var pagePolicy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("table", "tbody", "tr", "td", "div", "b", "bdi", "br", "a")
	p.AllowAttrs("role").Matching(regexp.MustCompile(`^presentation$`)).OnElements("table")
	p.AllowAttrs("width", "border", "cellpadding", "cellspacing").Matching(bluemonday.NumberOrPercent).OnElements("table")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(quiet|late|risk|line)$`)).OnElements("td", "div")
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^mid:[!-~]+$`)).OnElements("a")
	p.AllowURLSchemes("mid")
	p.RequireParseableURLs(true)
	p.AllowAttrs("style").Matching(longhands()).OnElements("table", "td", "div", "a")
	return p
}

// longhands matches a style attribute of longhand properties whose values are numbers,
// words, colours or lists of fonts: no bracket and no backslash, so no url() however it
// is spelled.
func longhands() *regexp.Regexp {
	names := strings.Join([]string{
		"max-width", "border-collapse", "padding-top", "padding-bottom", "padding-left", "font-family", "font-size", "font-weight",
		"line-height", "color", "text-decoration", "border-top-width", "border-top-style", "border-top-color", "border-left-width",
		"border-left-style", "border-left-color",
	}, "|")
	return regexp.MustCompile(`^((` + names + `):#?[A-Za-z0-9,% -]{1,40}(;|$))+$`)
}
