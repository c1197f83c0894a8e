// Package setup says how mail programs find their settings from an address alone: the
// files they ask for, and the DNS records they look up (pure).
//
// Invariants:
//   - An answer depends on the domain of an address, never on whether there is such a
//     person: nobody learns who has a mailbox here.
//   - What a program sent is escaped wherever it comes back.
//   - XML from a stranger is bounded, knows no DTD and no entities.
package setup

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"tidepost/mail"
)

// A Server is where a mail program reads or sends.
type Server struct {
	Host     string
	Port     int
	Implicit bool // TLS from the first octet; else STARTTLS
}

// A Team is what mail programs of one installation are told.
type Team struct {
	Domains []string // lower-case, the main one first
	Host    string   // of this gateway
	Web     int      // port of HTTPS, for Autodiscover; 0: none
	IMAP    []Server // the one to use first
	SMTP    []Server
}

// parse reads an address of one of our domains.
func (t Team) parse(address string) (mail.Address, error) {
	a, err := mail.ParsePath(address, false)
	if err != nil || len(address) > 320 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || unicode.IsControl(r) || r > unicode.MaxASCII }) {
		return a, fmt.Errorf("%q is no address", address)
	}
	a.Domain = strings.ToLower(a.Domain)
	if !slices.Contains(t.Domains, a.Domain) {
		return a, fmt.Errorf("%q is not of this team", address)
	}
	return a, nil
}

// Autoconfig is the file of Thunderbird and many others, for a domain of the team: version
// 1.1 of https://www.bucksch.org/1/projects/thunderbird/autoconfiguration/.
func (t Team) Autoconfig(domain string) ([]byte, error) {
	type server struct {
		Type     string `xml:"type,attr"`
		Host     string `xml:"hostname"`
		Port     int    `xml:"port"`
		Socket   string `xml:"socketType"`
		Auth     string `xml:"authentication"`
		Username string `xml:"username"`
	}
	type provider struct {
		ID       string   `xml:"id,attr"`
		Domain   []string `xml:"domain"`
		Name     string   `xml:"displayName"`
		Short    string   `xml:"displayShortName"`
		Incoming []server `xml:"incomingServer"`
		Outgoing []server `xml:"outgoingServer"`
	}
	list := func(kind string, from []Server) (out []server) {
		for _, s := range from {
			socket := "STARTTLS"
			if s.Implicit {
				socket = "SSL"
			}
			out = append(out, server{kind, s.Host, s.Port, socket, "password-cleartext", "%EMAILADDRESS%"})
		}
		return out
	}
	domain = strings.ToLower(domain)
	if !slices.Contains(t.Domains, domain) {
		return nil, fmt.Errorf("%q is not of this team", domain)
	}
	return document(struct {
		XMLName  xml.Name `xml:"clientConfig"`
		Version  string   `xml:"version,attr"`
		Provider provider `xml:"emailProvider"`
	}{Version: "1.1", Provider: provider{ID: domain, Domain: []string{domain}, Name: domain, Short: domain, Incoming: list("imap", t.IMAP), Outgoing: list("smtp", t.SMTP)}})
}

func document(v any) ([]byte, error) {
	body, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write XML: %w", err)
	}
	return append(append([]byte(xml.Header), body...), '\n'), nil
}

// MobileConfig is the profile that iPhones, iPads and Macs install, for one address.
func (t Team) MobileConfig(address string) ([]byte, error) {
	a, err := t.parse(address)
	if err != nil {
		return nil, err
	}
	if len(t.IMAP) == 0 || len(t.SMTP) == 0 {
		return nil, fmt.Errorf("there is no server to read at, or to send through")
	}
	who, in, out := a.String(), t.IMAP[0], t.SMTP[0]
	account := dict{
		{"EmailAccountType", "EmailTypeIMAP"}, {"EmailAccountDescription", a.Domain}, {"EmailAddress", who},
		{"IncomingMailServerAuthentication", "EmailAuthPassword"}, {"IncomingMailServerHostName", in.Host},
		{"IncomingMailServerPortNumber", in.Port}, {"IncomingMailServerUseSSL", true}, {"IncomingMailServerUsername", who},
		{"OutgoingMailServerAuthentication", "EmailAuthPassword"}, {"OutgoingMailServerHostName", out.Host},
		{"OutgoingMailServerPortNumber", out.Port}, {"OutgoingMailServerUseSSL", true}, {"OutgoingMailServerUsername", who},
		{"OutgoingPasswordSameAsIncomingPassword", in.Host == out.Host}, {"SMIMEEnabled", false}, {"PreventMove", false},
		{"PayloadDescription", "Mail of " + who}, {"PayloadDisplayName", who}, {"PayloadIdentifier", identifier(t.Host, who) + ".mail"},
		{"PayloadType", "com.apple.mail.managed"}, {"PayloadUUID", uuid("mail", t.Host, who)}, {"PayloadVersion", 1},
	}
	profile := dict{
		{"PayloadContent", []dict{account}}, {"PayloadDescription", "Sets up mail of " + who}, {"PayloadDisplayName", "Mail: " + who},
		{"PayloadIdentifier", identifier(t.Host, who)}, {"PayloadOrganization", a.Domain}, {"PayloadRemovalDisallowed", false},
		{"PayloadType", "Configuration"}, {"PayloadUUID", uuid("profile", t.Host, who)}, {"PayloadVersion", 1},
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n<plist version=\"1.0\">\n")
	profile.write(&b, "")
	b.WriteString("</plist>\n")
	return []byte(b.String()), nil
}

// A dict is a property list's dictionary, in order.
type dict []struct {
	key   string
	value any
}

func (d dict) write(b *strings.Builder, indent string) {
	b.WriteString(indent + "<dict>\n")
	for _, e := range d {
		fmt.Fprintf(b, "%s  <key>%s</key>\n", indent, e.key)
		switch v := e.value.(type) {
		case string:
			fmt.Fprintf(b, "%s  <string>%s</string>\n", indent, escape(v))
		case int:
			fmt.Fprintf(b, "%s  <integer>%d</integer>\n", indent, v)
		case bool:
			fmt.Fprintf(b, "%s  <%t/>\n", indent, v)
		case []dict:
			b.WriteString(indent + "  <array>\n")
			for _, d := range v {
				d.write(b, indent+"    ")
			}
			b.WriteString(indent + "  </array>\n")
		}
	}
	b.WriteString(indent + "</dict>\n")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // A Builder never fails.
	return b.String()
}

// identifier is a name in reverse, as Apple wants it: the same profile again replaces.
func identifier(host, who string) string {
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + ".tidepost." + url.PathEscape(who)
}

// uuid is always the same for the same words: version 8 of RFC 9562 §5.8.
func uuid(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}
