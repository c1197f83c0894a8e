package e2e

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// outlookAsks is the request of Outlook, octet by octet but for the address.
const outlookAsks = `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>ana@team.example</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`

// Mail programs, and those who attack them, ask the built binary by HTTPS.
func TestSetUpPagesByCurl(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	port := freePort(t)
	s := setup(t, options{config: map[string]string{"web.listen": fmt.Sprintf(`"127.0.0.1:%d"`, port)}})
	base := fmt.Sprintf("https://%s:%d", hostname, port)
	at := []string{"--silent", "--show-error", "--include", "--cacert", s.cert(), "--resolve", fmt.Sprintf("%s:%d:127.0.0.1", hostname, port)}
	// ask returns status line with headers, and body.
	ask := func(path string, args ...string) (head, body string) {
		t.Helper()
		out := s.client("curl", append(append(at, args...), base+path)...)
		out = strings.TrimPrefix(strings.ReplaceAll(out, "\r\n", "\n"), "HTTP/1.1 100 Continue\n\n")
		head, body, _ = strings.Cut(out, "\n\n")
		return strings.ToLower(head), body
	}
	post := []string{"--header", "Content-Type: text/xml"}
	deceit := strings.Replace(outlookAsks, "<Autodiscover", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Autodiscover`, 1)
	huge := s.write("huge", outlookAsks+strings.Repeat(" ", 1<<20))
	for _, c := range []struct {
		path   string
		args   []string
		status string
		holds  string
	}{
		{"/mail/config-v1.1.xml?emailaddress=ana@team.example", nil, "200", "<socketType>SSL</socketType>"},
		{"/.well-known/autoconfig/mail/config-v1.1.xml", nil, "200", "<hostname>" + hostname + "</hostname>"},
		{"/mail/config-v1.1.xml?emailaddress=ana@else.example", nil, "404", ""},
		{"/autodiscover/autodiscover.xml", append(post, "--data-binary", outlookAsks), "200", "<Type>SMTP</Type>"},
		{"/Autodiscover/Autodiscover.xml", append(post, "--data-binary", outlookAsks), "200", "<Type>IMAP</Type>"},
		{"/autodiscover/autodiscover.xml", append(post, "--data-binary", deceit), "400", ""},
		{"/autodiscover/autodiscover.xml", append(post, "--data-binary", "@"+huge), "413", ""},
		{"/autodiscover/autodiscover.xml", nil, "405", ""},
		{"/apple/ana@team.example.mobileconfig", nil, "200", "<string>com.apple.mail.managed</string>"},
		{"/apple/ana@else.example.mobileconfig", nil, "404", ""},
		{"/mail/config-v1.1.xml", []string{"--head"}, "200", ""},
		{"/", nil, "404", ""},
		{"/../../etc/passwd", []string{"--path-as-is"}, "", ""},
		{"/password", []string{"--request", "DELETE"}, "405", ""},
		{"/password", []string{"--data", "code=wrong&password=violet+kettle+moon&again=violet+kettle+moon"}, "", "The code is not good"},
	} {
		head, body := ask(c.path, c.args...)
		name := fmt.Sprintf("%s %.40q", c.path, c.args)
		if !strings.Contains(strings.SplitN(head, "\n", 2)[0], " "+c.status) || !strings.Contains(body, c.holds) {
			t.Errorf("%s: want %s with %q, got\n%s\n\n%s", name, c.status, c.holds, head, body)
		}
		if strings.Contains(body, "root:") {
			t.Errorf("%s: a file of the machine is shown", name)
		}
		if strings.Contains(head, "http/1.1 404 ") && strings.Contains(c.path, "..") {
			continue
		}
		for _, field := range []string{"content-security-policy: default-src 'none'", "cache-control: no-store", "x-content-type-options: nosniff"} {
			if !strings.Contains(head, field) {
				t.Errorf("%s: no %q:\n%s", name, field, head)
			}
		}
		if c.status == "200" && body != "" {
			if err := wellFormed(body); err != nil {
				t.Errorf("%s: %v:\n%s", name, err, body)
			}
		}
	}
	slowlyAsked(t, port)
	// RFC 6186, RFC 8314 §5.1: what is printed leads to the doors with TLS first.
	records := s.cli("dns")
	for _, want := range []string{"_submissions._tcp.team.example", "_imaps._tcp.team.example", "SRV"} {
		if !strings.Contains(records, want) {
			t.Errorf("dns prints no %s:\n%s", want, records)
		}
	}
}

// wellFormed reads XML to its end.
func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// slowlyAsked sends half a request and nothing more: the server does not wait for ever.
func slowlyAsked(t *testing.T, port int) {
	t.Helper()
	conn, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+hostname+"\r\nX-"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(2 * patience)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("half a request is waited for without end: %v", err)
	}
	if bytes.Contains(got, []byte(" 200 ")) {
		t.Errorf("half a request is answered: %s", got)
	}
}
