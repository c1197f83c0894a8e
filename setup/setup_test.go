package setup

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func team() Team {
	return Team{Domains: []string{"team.example", "two.example"}, Host: "mail.team.example", Web: 443,
		IMAP: []Server{{"mail.team.example", 993, true}, {"mail.team.example", 143, false}},
		SMTP: []Server{{"mail.team.example", 465, true}, {"mail.team.example", 587, false}}}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test -update):\n%s", file, diff)
	}
	wellFormed(t, got)
}

func wellFormed(t *testing.T, doc []byte) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
}

func TestFiles(t *testing.T) {
	tm := team()
	auto, err := tm.Autoconfig("Team.example")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "autoconfig.xml", auto)
	profile, err := tm.MobileConfig("ana@team.example")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "ana.mobileconfig", profile)
	outlook, err := tm.Autodiscover("ana@team.example")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "autodiscover.xml", outlook)
	wellFormed(t, []byte(AutodiscoverError))
}

// What Thunderbird demands of a configuration (readFromXML.sys.mjs): the version, an id, a
// known type, socket and authentication, one server of each kind, a number for a port.
func TestAutoconfigIsWhatThunderbirdReads(t *testing.T) {
	doc, err := team().Autoconfig("team.example")
	if err != nil {
		t.Fatal(err)
	}
	type server struct {
		Type     string `xml:"type,attr"`
		Host     string `xml:"hostname"`
		Port     int    `xml:"port"`
		Socket   string `xml:"socketType"`
		Auth     string `xml:"authentication"`
		Username string `xml:"username"`
	}
	var c struct {
		XMLName  xml.Name `xml:"clientConfig"`
		Version  string   `xml:"version,attr"`
		Provider struct {
			ID       string   `xml:"id,attr"`
			Domain   []string `xml:"domain"`
			Name     string   `xml:"displayName"`
			Incoming []server `xml:"incomingServer"`
			Outgoing []server `xml:"outgoingServer"`
		} `xml:"emailProvider"`
	}
	if err := xml.Unmarshal(doc, &c); err != nil {
		t.Fatal(err)
	}
	if c.Version != "1.1" || c.Provider.ID != "team.example" || c.Provider.Domain[0] != "team.example" || c.Provider.Name == "" {
		t.Errorf("head: %+v", c)
	}
	for kind, list := range map[string][]server{"imap": c.Provider.Incoming, "smtp": c.Provider.Outgoing} {
		if len(list) != 2 {
			t.Fatalf("%d servers of kind %s, want 2", len(list), kind)
		}
		for i, s := range list {
			socket := []string{"SSL", "STARTTLS"}[i]
			if s.Type != kind || s.Socket != socket || s.Auth != "password-cleartext" || s.Username != "%EMAILADDRESS%" || s.Port == 0 || s.Host != "mail.team.example" {
				t.Errorf("%s %d: %+v", kind, i, s)
			}
		}
	}
}

func TestAnswersDependOnTheDomainAlone(t *testing.T) {
	tm := team()
	for _, make := range []func(string) ([]byte, error){tm.MobileConfig, tm.Autodiscover} {
		a, err := make("ana@team.example")
		if err != nil {
			t.Fatal(err)
		}
		b, err := make("zzz@team.example")
		if err != nil {
			t.Fatalf("nobody: %v", err)
		}
		same := func(doc []byte, who string) string { // But for the address and what is computed of it.
			lines := strings.Split(strings.ReplaceAll(string(doc), who, "WHO"), "\n")
			for i, l := range lines {
				if i > 0 && strings.Contains(lines[i-1], "PayloadUUID") {
					lines[i] = strings.Map(func(r rune) rune { return 'x' }, l)
				}
			}
			return strings.Join(lines, "\n")
		}
		if diff := cmp.Diff(same(a, "ana@team.example"), same(b, "zzz@team.example")); diff != "" {
			t.Errorf("answers differ:\n%s", diff)
		}
		for _, bad := range []string{"ana@else.example", "ana", "", "a b@team.example", "postmaster", "<x>@team.example", "ana@team.example\r\nX: y"} {
			if out, err := make(bad); err == nil {
				t.Errorf("%q is answered: %s", bad, out)
			}
		}
	}
}

const request = `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request><EMailAddress>ana@team.example</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>`

func TestReadAutodiscover(t *testing.T) {
	if a, outlook, err := ReadAutodiscover([]byte(request)); err != nil || a != "ana@team.example" || !outlook {
		t.Errorf("Outlook's request: %q, %v, %v", a, outlook, err)
	}
	phone := strings.ReplaceAll(strings.ReplaceAll(request, "outlook/", "mobilesync/"), "2006a", "2006")
	if a, outlook, err := ReadAutodiscover([]byte(phone)); err != nil || a == "" || outlook {
		t.Errorf("a phone's request: %q, %v, %v", a, outlook, err)
	}
	for name, body := range map[string]string{
		"nothing":          "",
		"no XML":           "ana@team.example",
		"no address":       strings.Replace(request, "ana@team.example", "", 1),
		"cut short":        request[:len(request)-20],
		"a document type":  strings.Replace(request, "<Autodiscover", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Autodiscover`, 1),
		"an entity":        strings.Replace(request, "ana@", "&x;ana@", 1),
		"another encoding": strings.Replace(request, "utf-8", "utf-7", 1),
		"too deep":         strings.Replace(request, "<Request>", strings.Repeat("<a>", 50)+"<Request>", 1),
		"too much":         strings.Replace(request, "<Request>", "<Request>"+strings.Repeat("<a/>", 500), 1),
		"too long":         request + strings.Repeat(" ", MaxAutodiscover),
		"another schema":   strings.Replace(request, "microsoft.com/exchange/autodiscover/outlook/requestschema", "else.example", 1),
	} {
		if a, _, err := ReadAutodiscover([]byte(body)); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %q, %v; want ErrRequest", name, a, err)
		}
	}
}

func TestRecords(t *testing.T) {
	_, key, err := ed25519.GenerateKey(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	recs, err := team().Records(Zone{MX: true, SPF: "mx include:provider.example", Selector: "s1", Signs: "team.example", Key: key, Admin: "admin@else.example"})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range recs {
		b.WriteString(r.String() + "\t; " + r.Why + "\n")
	}
	file := "testdata/zone.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLongKeysAreSplit(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	recs, err := team().Records(Zone{Selector: "s1", Signs: "team.example", Key: key})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		if strings.HasPrefix(r.Name, "s1._domainkey.") {
			for _, part := range strings.Split(r.Value, `" "`) {
				if n := len(strings.Trim(part, `"`)); n > 255 {
					t.Errorf("a string of %d octets", n)
				}
			}
			if !strings.Contains(strings.ReplaceAll(r.Value, `" "`, ""), "p=MII") {
				t.Errorf("no key: %s", r.Value)
			}
			return
		}
	}
	t.Error("there is no DKIM record")
}

func FuzzReadAutodiscover(f *testing.F) {
	f.Add([]byte(request))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, _, err := ReadAutodiscover(body)
		if err != nil {
			return
		}
		if a == "" {
			t.Error("no address and no error")
		}
		if doc, err := team().Autodiscover(a); err == nil {
			wellFormed(t, doc)
		}
		if doc, err := team().MobileConfig(a); err == nil {
			wellFormed(t, doc)
		}
	})
}
