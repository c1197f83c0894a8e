package digest

import (
	"bytes"
	"html/template"
	"strconv"
	"time"

	"github.com/microcosm-cc/bluemonday"
)

// maxHTML is far above what the limits of foreign text allow; a digest over it is
// sent as text alone.
const maxHTML = 256 << 10

// page is the HTML of a digest. Longhand styles only (a shorthand can cost a
// sanitiser minutes), and no colour but one grey that can be read on white and on
// black: mail clients in dark mode turn the rest themselves.
const page = `<table role="presentation" width="100%" style="max-width:640px;border-collapse:collapse">
<tr><td style="padding-bottom:12px;font-weight:bold">{{.Title}}</td></tr>
{{- with .Missed}}
<tr><td style="padding-bottom:12px">{{.}}</td></tr>
{{- end}}
{{- range .Entries}}
<tr><td style="padding-bottom:12px;vertical-align:top">
<table role="presentation" width="100%" style="border-collapse:collapse">
<tr><td width="32" style="vertical-align:top;color:#767676">{{.Number}}</td>
<td style="vertical-align:top">{{if .URL}}<a href="{{.URL}}" style="font-weight:bold">{{.Subject}}</a>{{else}}<b>{{.Subject}}</b>{{end}}</td>
<td width="120" style="vertical-align:top;text-align:right;color:#767676">{{.At}}</td></tr>
<tr><td></td><td colspan="2">{{.Byline}}</td></tr>
{{- with .Mark}}
<tr><td></td><td colspan="2" style="font-style:italic">{{.}}</td></tr>
{{- end}}
{{- with .Preview}}
<tr><td></td><td colspan="2" style="color:#767676">{{.}}</td></tr>
{{- end}}
</table></td></tr>
{{- end}}
{{- with .More}}
<tr><td style="padding-bottom:12px">{{.}}</td></tr>
{{- end}}
{{- range .Remarks}}
<tr><td style="padding-bottom:4px;color:#767676">{{.}}</td></tr>
{{- end}}
</table>
`

// A view is what page shows.
type view struct {
	Title, Missed, More string
	Entries             []entryView
	Remarks             []string
}

type entryView struct {
	Number, Subject, At, Byline, Mark, Preview string
	URL                                        template.URL
}

func (c Content) view(zone *time.Location) view {
	entries, more := c.shown()
	v := view{Title: "Delivery of " + moment(c.Tide, zone), Missed: c.missed(zone), Remarks: c.remarks()}
	if more > 0 {
		v.More = moreLine(more)
	}
	for _, e := range entries {
		v.Entries = append(v.Entries, entryView{
			Number: strconv.Itoa(e.Number), Subject: subjectLine(e.Subject), At: clock(e.At, zone, c.Tide),
			Byline: e.byline(), Mark: e.mark(c, zone), Preview: line(e.Preview, maxPreview),
			URL: template.URL(midURL(e.MID)), //nolint:gosec // midURL makes mid: URLs only, escaped.
		})
	}
	return v
}

// pageTemplate is parsed once; it never changes.
var pageTemplate = template.Must(template.New("digest").Parse(page))

// html is the digest as HTML, "" if it cannot be written: the text says it all.
func (c Content) html(zone *time.Location) string {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, c.view(zone)); err != nil || b.Len() > maxHTML {
		return ""
	}
	return "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"></head><body>\n" +
		string(pagePolicy.SanitizeBytes(b.Bytes())) + "</body></html>\n"
}

// pagePolicy is the second lock: what the template writes and nothing else.
var pagePolicy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("table", "tr", "td", "b", "a")
	p.AllowAttrs("role").Matching(bluemonday.SpaceSeparatedTokens).OnElements("table")
	p.AllowAttrs("width").Matching(bluemonday.NumberOrPercent).OnElements("table", "td")
	p.AllowAttrs("colspan").Matching(bluemonday.Integer).OnElements("td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("mid")
	p.RequireParseableURLs(true)
	p.AllowStyles("max-width", "border-collapse", "padding-bottom", "font-weight", "font-style", "vertical-align",
		"text-align", "color").OnElements("table", "td", "a")
	return p
}
