package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"tidepost/setup"
)

func TestClientsFindTheirSettings(t *testing.T) {
	team := setup.Team{Domains: []string{"team.example"}, Host: "mail.team.example", Web: 443,
		IMAP: []setup.Server{{Host: "mail.team.example", Port: 993, Implicit: true}}, SMTP: []setup.Server{{Host: "mail.team.example", Port: 465, Implicit: true}}}
	s := newServer(t, &strings.Builder{}, Clients(team)...)
	const outlook = `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>WHO</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`
	for _, c := range []struct {
		name, method, url, body string
		status                  int
		kind, holds             string
	}{
		{"Thunderbird at autoconfig.", "GET", "https://autoconfig.team.example/mail/config-v1.1.xml?emailaddress=ana%40team.example", "", 200, "text/xml", "<port>993</port>"},
		{"at the well-known place", "GET", "https://team.example/.well-known/autoconfig/mail/config-v1.1.xml", "", 200, "text/xml", "<port>465</port>"},
		{"by the host alone", "GET", "https://autoconfig.else.example/mail/config-v1.1.xml", "", 404, "", ""},
		{"somebody else's domain", "GET", "https://autoconfig.team.example/mail/config-v1.1.xml?emailaddress=a@else.example", "", 404, "", ""},
		{"an iPhone", "GET", "https://mail.team.example/apple/ana@team.example.mobileconfig", "", 200, "application/x-apple-aspen-config", "<string>ana@team.example</string>"},
		{"of somebody else", "GET", "https://mail.team.example/apple/ana@else.example.mobileconfig", "", 404, "", ""},
		{"without its ending", "GET", "https://mail.team.example/apple/ana@team.example", "", 404, "", ""},
		{"Outlook", "POST", "https://mail.team.example/autodiscover/autodiscover.xml", strings.Replace(outlook, "WHO", "ana@team.example", 1), 200, "text/xml", "<LoginName>ana@team.example</LoginName>"},
		{"Outlook in other letters", "POST", "https://mail.team.example/Autodiscover/Autodiscover.xml", strings.Replace(outlook, "WHO", "ana@team.example", 1), 200, "text/xml", "<Port>465</Port>"},
		{"Outlook for somebody else", "POST", "https://mail.team.example/autodiscover/autodiscover.xml", strings.Replace(outlook, "WHO", "ana@else.example", 1), 200, "text/xml", "<ErrorCode>600</ErrorCode>"},
		{"rubbish", "POST", "https://mail.team.example/autodiscover/autodiscover.xml", "x", 400, "", ""},
		{"a book", "POST", "https://mail.team.example/autodiscover/autodiscover.xml", strings.Repeat("x", 20<<10), 413, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(c.method, c.url, strings.NewReader(c.body)))
			if w.Code != c.status || !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) || !strings.Contains(w.Body.String(), c.holds) {
				t.Errorf("%d %s\n%s\nwant %d %s holding %s", w.Code, w.Header().Get("Content-Type"), w.Body, c.status, c.kind, c.holds)
			}
		})
	}
}
