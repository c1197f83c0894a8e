package trust

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"tidepost/mail"
)

// Whatever comes, a check ends without a panic, never says that a domain of the team is
// proved from an address that may not send for it, and its field can be written.
func FuzzCheck(f *testing.F) {
	vector, err := os.ReadFile("testdata/rfc8463.eml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("x@evil.example", "mx.evil.example", string(vector), "v=spf1 -all")
	f.Add("x@bank.example", "mx", sign(f, "evil.example", letter("<a@team.example> b@evil.example")), "v=spf1 include:%{d}.%{h} redirect=team.example")
	f.Add("", "", "From: ana@team.example\r\nDKIM-Signature: d=team.example; s=s1; h=from; b=; bh=\r\n\r\n", "v=spf1 exists:%{ir}.%{l1r+}.example ~all")
	f.Fuzz(func(t *testing.T, path, helo, text, record string) {
		d := world()
		d.TXT["evil.example"] = []string{record}
		c := checker(d, func(o *Options) { o.Upstreams = []string{"filter.provider.example"} })
		local, domain, _ := strings.Cut(path, "@")
		m := from(evil, "@", text)
		m.From, m.Helo = mail.Address{Local: local, Domain: domain}, helo
		v := check(c, m)
		if v.Pass("team.example") && !strings.Contains(text, "team.example") {
			t.Errorf("it passes for team.example: %+v", v)
		}
		said := c.Field(v)
		if _, err := mail.FormatRawField(FieldName, said); err != nil {
			t.Errorf("field %q: %v", said, err)
		}
		id, _, ok := parseResults(said)
		if !ok || id != "mx.team.example" || !utf8.ValidString(v.String()) {
			t.Errorf("field %q is not one of ours", said)
		}
		clean := c.Clean(m.Head, m)
		for _, value := range fieldsCalled(clean, FieldName, 100) {
			if id, _, ok := parseResults(value); ok && (id == "mx.team.example" || id == "filter.provider.example") {
				t.Errorf("%q stayed", value)
			}
		}
	})
}

// A field of anybody is read without a panic and within bounds, and one that is in our
// name for our own reader is removed.
func FuzzResults(f *testing.F) {
	f.Add(`mx.team.example 1; spf=pass (a (b) c) smtp.mailfrom="a\" b"@x.example; dmarc/1=fail reason="x" header.from=y.example`)
	f.Add(`(c) "mx.team.example" ; none`)
	f.Add("mx(.team.example; =; ==; a=b=c; (")
	f.Fuzz(func(t *testing.T, value string) {
		id, findings, ok := parseResults(value)
		if len(findings) > maxFindings {
			t.Errorf("%d findings", len(findings))
		}
		for _, f := range findings {
			_ = f.policy()
			if d := f.domain("header.from"); d != "" && !isDomain(d) {
				t.Errorf("domain %q", d)
			}
		}
		if ok && id == "mx.team.example" && !namesOne(value, []string{"mx.team.example"}) {
			t.Errorf("%q is read as ours and stays", value)
		}
	})
}
