package trust

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidepost/mail"
)

func TestOurField(t *testing.T) {
	c := checker(world(), nil)
	for _, tc := range []struct {
		name string
		mail Mail
		want string
	}{
		{"everything passes", from(good, "b@bank.example", sign(t, "bank.example", letter("olga@bank.example"))),
			"mx.team.example; spf=pass smtp.mailfrom=bank.example; dkim=pass header.d=bank.example header.s=s1; dmarc=pass header.from=bank.example policy.dmarc=reject"},
		{"a forgery", from(evil, "b@bare.example", letter("olga@bank.example")),
			"mx.team.example; spf=fail smtp.mailfrom=bare.example; dmarc=fail header.from=bank.example policy.dmarc=reject"},
		{"the null reverse-path", Mail{Helo: "bare.example", IP: netip.MustParseAddr(good), Head: []byte(letter("x@bare.example")), Body: from("", "@", "").Body},
			"mx.team.example; spf=pass smtp.helo=bare.example; dmarc=none header.from=bare.example"},
		{"words of a stranger stay out", from(evil, "x\r\n@evil; dmarc=pass.example", letter("a@b", "DKIM-Signature: v=1; d=evil.example\" dmarc=pass (; s=s1; b=; bh=; h=from; a=")),
			`mx.team.example; dkim=permerror reason="bad signature field"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.Field(check(c, tc.mail)); strings.TrimSpace(got) != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
	if got := c.Field(check(c, from("127.0.0.1", "b@bank.example", letter("olga@bank.example")))); got != "" {
		t.Errorf("nobody looked, and the field says %q", got)
	}
}

// RFC 8601 §5: what claims to be by us goes, however it is written.
func TestFieldsInOurNameGo(t *testing.T) {
	outside, inside := from(evil, "x@evil.example", ""), from("127.0.0.1", "x@evil.example", "")
	c := checker(world(), func(o *Options) { o.Upstreams = []string{"filter.provider.example"} })
	for value, want := range map[string]struct{ outside, inside bool }{
		"mx.team.example; dmarc=pass":                                            {true, true},
		"MX.Team.EXAMPLE; dmarc=pass":                                            {true, true},
		"mx.team.example 1; dmarc=pass":                                          {true, true},
		"mx.team.example/1; dmarc=pass":                                          {true, true},
		"mx.team.example.; dmarc=pass":                                           {true, true},
		"(look here) mx.team.example; dmarc=pass":                                {true, true},
		"(a (nested) one; with) mx.team.example (and) 1; dmarc=pass":             {true, true},
		"mx(x).team(y).example; dmarc=pass":                                      {true, true},
		`"mx.team.example"; dmarc=pass`:                                          {true, true},
		`"mx.\team.example"; dmarc=pass`:                                         {true, true},
		"\r\n\tmx.team.example;\r\n\tdmarc=pass":                                 {true, true},
		"(no end mx.team.example; dmarc=pass":                                    {true, true},
		`"no end mx.team.example; dmarc=pass`:                                    {true, true},
		"mx.team.example":                                                        {true, true},
		"filter.provider.example; dmarc=pass":                                    {true, false},
		"mx.team.example.evil.example; dmarc=pass":                               {false, false},
		"mx.evil.example; dmarc=pass header.from=team.example":                   {false, false},
		"mx.evil.example; dkim=fail reason=\"mx.team.example; x\"":               {false, false},
		"mx2.mx.team.example; dmarc=pass":                                        {false, false},
		";;; dmarc=pass":                                                         {false, false},
		"mx.evil.example; spf=pass smtp.mailfrom=\"(mx.team.example\"@x.example": {false, false},
	} {
		for _, name := range []string{"Authentication-Results", "AUTHENTICATION-results", "Authentication-Results "} {
			field := name + ": " + value + "\r\n"
			head := "X-Before: 1\r\n" + field + "From: a@b.example\r\n\r\n"
			for _, peer := range []struct {
				m    Mail
				gone bool
			}{{outside, want.outside}, {inside, want.inside}} {
				got := string(c.Clean([]byte(head), peer.m))
				if wanted := strings.Replace(head, field, "", 1); peer.gone && got != wanted || !peer.gone && got != head {
					t.Errorf("%q from %s:\n%q", field, peer.m.IP, got)
				}
			}
		}
	}
}

// A header that is too long to be parsed to its end loses them all.
func TestFieldsBehindALongHeaderGo(t *testing.T) {
	head := strings.Repeat("X: 1\r\n", mail.MaxHeadLines+10) + "Authentication-Results: mx.team.example; dmarc=pass\r\nSubject: x\r\n\r\n"
	got := string(checker(world(), nil).Clean([]byte(head), from(evil, "x@evil.example", "")))
	if strings.Contains(got, "Authentication") || !strings.Contains(got, "Subject: x") {
		t.Errorf("it ends with %q", got[len(got)-100:])
	}
}

func TestUpstream(t *testing.T) {
	const id = "Filter.provider.example"
	for _, tc := range []struct {
		name    string
		fields  []string // values
		from    string
		want    string
		aligned Result
	}{
		{"rspamd", []string{`filter.provider.example; dkim=pass header.d=bank.example header.s=s1 header.b=AbC; dmarc=pass (policy=reject) header.from=bank.example; spf=pass (filter: domain of b@bank.example designates 192.0.2.7 as permitted sender) smtp.mailfrom=b@bank.example`}, "olga@bank.example", "spf=pass dkim=pass dmarc=pass p=reject", Pass},
		{"a fail with its policy", []string{`filter.provider.example; dmarc=fail reason="No valid SPF, No valid DKIM" header.from=bank.example (policy=quarantine)`}, "olga@bank.example", "dmarc=fail p=quarantine", Fail},
		{"OpenDMARC writes a field of its own", []string{"filter.provider.example; dmarc=fail (p=reject dis=none) header.from=bank.example", "filter.provider.example; dkim=pass header.d=bank.example"}, "olga@bank.example", "dkim=pass dmarc=fail p=reject", Fail},
		{"Exchange", []string{"filter.provider.example; spf=fail (sender IP is 198.51.100.9) smtp.mailfrom=bank.example; dkim=none (message not signed) header.d=none;dmarc=fail action=quarantine header.from=bank.example;compauth=fail reason=000"}, "olga@bank.example", "spf=fail dmarc=fail p=quarantine", Fail},
		{"no DMARC, but in line", []string{"filter.provider.example; spf=pass smtp.mailfrom=bank.example"}, "olga@bank.example", "spf=pass", Pass},
		{"no DMARC, and not everything", []string{"filter.provider.example; spf=fail smtp.mailfrom=bank.example"}, "olga@bank.example", "spf=fail", None},
		{"no DMARC, and everything", []string{"filter.provider.example; spf=fail smtp.mailfrom=bank.example; dkim=none"}, "olga@bank.example", "spf=fail", Fail},
		{"the topmost counts", []string{"filter.provider.example; dmarc=fail header.from=bank.example", "filter.provider.example; dmarc=pass header.from=bank.example"}, "olga@bank.example", "dmarc=fail", Fail},
		{"somebody else's word", []string{"mx.evil.example; dmarc=pass header.from=bank.example"}, "olga@bank.example", "", ""},
		{"about another From", []string{"filter.provider.example; dmarc=pass header.from=evil.example"}, "olga@bank.example", "none", Fail},
		{"a semicolon in a quoted reverse-path", []string{`filter.provider.example; spf=fail smtp.mailfrom="; dmarc=pass header.from=bank.example; x="@evil.example; dkim=none`}, "olga@bank.example", "spf=fail", Fail},
		{"a semicolon in a comment", []string{`filter.provider.example; spf=fail (; dmarc=pass header.from=bank.example) smtp.mailfrom=evil.example; dkim=none`}, "olga@bank.example", "spf=fail", Fail},
		{"a comment without end", []string{`filter.provider.example; dmarc=pass header.from=bank.example (`}, "olga@bank.example", "", ""},
		{"two authors", []string{"filter.provider.example; dmarc=pass header.from=bank.example"}, "olga@bank.example, x@evil.example", "none", Fail},
		{"temporary trouble", []string{"filter.provider.example; dmarc=temperror header.from=bank.example; spf=temperror smtp.mailfrom=bank.example; dkim=none"}, "olga@bank.example", "spf=temperror dmarc=temperror", TempError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := world()
			c := checker(d, func(o *Options) { o.Upstreams = []string{id} })
			var fields []string
			for _, v := range tc.fields {
				fields = append(fields, "Authentication-Results: "+v)
			}
			text := letter(tc.from, fields...)
			for _, m := range []Mail{from("127.0.0.1", "b@bank.example", text), from("", "b@bank.example", text), func() Mail {
				m := from(evil, "b@bank.example", text)
				m.LMTP = true
				return m
			}()} {
				v := check(c, m)
				if v.String() != tc.want || v.Aligned != tc.aligned || v.Here {
					t.Errorf("verdict %q, aligned %q, want %q, %q (%+v)", v, v.Aligned, tc.want, tc.aligned, v)
				}
			}
			if asked := d.Asked(); len(asked) > 0 {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// Nobody from outside can speak for the filter.
func TestUpstreamFromOutside(t *testing.T) {
	c := checker(world(), func(o *Options) { o.Upstreams = []string{"filter.provider.example"} })
	text := letter("olga@bank.example", "Authentication-Results: filter.provider.example; dmarc=pass header.from=bank.example")
	if v := check(c, from(evil, "x@evil.example", text)); v.Aligned != Fail || v.Source != "mx.team.example" {
		t.Errorf("verdict %+v", v)
	}
}

func TestSpamMarks(t *testing.T) {
	for field, want := range map[string]struct{ outside, inside bool }{
		"X-Spam-Flag: YES": {true, true},
		"X-Spam: Yes":      {true, true},
		"X-Spam-Status: Yes, score=7.3 required=5.0":           {true, true},
		"X-Spam-Status: No, score=-1.0":                        {false, false},
		"X-Spam-Flag: no":                                      {false, false},
		"X-Spam-Flag: yesterday":                               {false, false},
		"X-Rspamd-Action: add header":                          {true, true},
		"X-Rspamd-Action: no action":                           {false, false},
		"X-Spamd-Result: default: True [15.10 / 15.00]; X":     {true, true},
		"X-Spamd-Result: default: False [1.0 / 15.00]; True":   {false, false},
		"X-MS-Exchange-Organization-SCL: 5":                    {false, true},
		"X-MS-Exchange-Organization-SCL: -1":                   {false, false},
		"X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;SRV:":  {false, true},
		"X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:1;SFV:N": {false, false},
		"X-Spam-Flag: no\r\nX-Spam-Flag: YES":                  {false, false},
	} {
		head := []byte(field + "\r\nFrom: a@b.example\r\n\r\n")
		name, _, _ := strings.Cut(field, ":")
		for inside, want := range map[bool]bool{false: want.outside, true: want.inside} {
			if got := SpamMark(head, inside); (got == name) != want || got != "" && got != name {
				t.Errorf("%q, inside %v: %q", field, inside, got)
			}
		}
	}
}

func TestAuthorOf(t *testing.T) {
	for text, want := range map[string]author{
		"From: Olga <olga@Bank.Example>\r\n":                        {domain: "bank.example", claims: []string{"bank.example"}},
		"from : olga@bank.example.\r\n":                             {domain: "bank.example", claims: []string{"bank.example"}},
		"From: \"ana@team.example\" <x@evil.example>\r\n":           {domain: "evil.example", claims: []string{"evil.example"}},
		"From: x@evil.example (ana@team.example)\r\n":               {domain: "evil.example", claims: []string{"evil.example"}},
		"From: a@bank.example,\r\n b@team.example\r\n":              {claims: []string{"bank.example", "team.example"}},
		"From: a@bank.example\r\nX: 1\r\nFROM: b@team.example\r\n":  {claims: []string{"bank.example", "team.example"}},
		"From: <a@team.example> <b@evil.example>\r\n":               {claims: []string{"team.example", "evil.example"}},
		"From: ana@team.example(\r\n":                               {claims: []string{"team.example"}},
		"From: a@bücher.example\r\n":                                {domain: "xn--bcher-kva.example", claims: []string{"xn--bcher-kva.example"}},
		"From: =?utf-8?q?ana=40team.example?=\r\n":                  {claims: []string{"team.example"}},
		"Subject: x\r\n":                                            {},
		"Subject: x\r\n\r\nFrom: a@team.example\r\n":                {},
		strings.Repeat("X: 1\r\n", 3000) + "From: a@team.example\n": {domain: "team.example", claims: []string{"team.example"}},
	} {
		got := authorOf([]byte(text))
		if tooOdd := strings.Contains(text, "<a@team.example> <") || strings.HasSuffix(text, "(\r\n"); tooOdd {
			// Which of them a tolerant reader finds does not matter, all must be claimed.
			if got.domain != "" && strings.Contains(text, "<") {
				t.Errorf("%q: author %q", text, got.domain)
			}
			for _, d := range want.claims {
				if !strings.Contains(strings.Join(got.claims, " "), d) {
					t.Errorf("%q: claims %q", text, got.claims)
				}
			}
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(author{})); diff != "" {
			t.Errorf("%.60q: %s", text, diff)
		}
	}
}

func TestOrgDomain(t *testing.T) {
	for in, want := range map[string]string{
		"a.b.bank.example": "bank.example", "Bank.Example.": "bank.example", "x.co.uk": "x.co.uk", "a.x.co.uk": "x.co.uk", "co.uk": "co.uk",
		"me.github.io": "me.github.io", "localhost": "", "": "", "192.0.2.1": "", "a b.example": "",
	} {
		if got := OrgDomain(in); got != want {
			t.Errorf("OrgDomain(%q) = %q, want %q", in, got, want)
		}
	}
}
