package setup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The schemas of Outlook's Autodiscover (MS-OXDSCLI).
const (
	requestSchema  = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
	outlookSchema  = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
	responseSchema = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
)

// Bounds of what a stranger posts.
const (
	MaxAutodiscover = 16 << 10
	maxTokens       = 200
	maxDepth        = 8
)

// ErrRequest says that a body is no Autodiscover request.
var ErrRequest = errors.New("not an Autodiscover request")

// ReadAutodiscover reads the address out of a request, and whether it asks for what
// Outlook asks for: phones ask for another schema, which is Exchange's alone.
func ReadAutodiscover(body []byte) (address string, outlook bool, err error) {
	if len(body) > MaxAutodiscover {
		return "", false, fmt.Errorf("%w: too long", ErrRequest)
	}
	dec := xml.NewDecoder(bytes.NewReader(body)) // It knows no external entities; others than XML's five are errors.
	var path []string
	schema, seen := "", false
	for n := 0; ; n++ {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n > maxTokens || len(path) > maxDepth {
			return "", false, fmt.Errorf("%w: the XML cannot be read", ErrRequest)
		}
		switch t := t.(type) {
		case xml.Directive:
			return "", false, fmt.Errorf("%w: it has a document type", ErrRequest)
		case xml.StartElement:
			path = append(path, strings.ToLower(t.Name.Local))
			seen = seen || t.Name.Space == requestSchema || strings.Contains(t.Name.Space, "/autodiscover/")
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			switch strings.Join(path, "/") {
			case "autodiscover/request/emailaddress":
				address += string(t)
			case "autodiscover/request/acceptableresponseschema":
				schema += string(t)
			}
		}
	}
	address = strings.TrimSpace(address)
	if !seen || address == "" {
		return "", false, fmt.Errorf("%w: it names no address", ErrRequest)
	}
	return address, strings.TrimSpace(schema) == outlookSchema, nil
}

// Autodiscover answers Outlook for an address of the team.
func (t Team) Autodiscover(address string) ([]byte, error) {
	a, err := t.parse(address)
	if err != nil {
		return nil, err
	}
	type protocol struct {
		Type, Server   string
		Port           int
		DomainRequired string
		LoginName      string
		SPA, SSL       string
		Encryption     string
		AuthRequired   string
		UsePOPAuth     string `xml:",omitempty"`
		SMTPLast       string `xml:",omitempty"`
	}
	type account struct {
		AccountType, Action string
		Protocol            []protocol
	}
	type user struct{ DisplayName string }
	type response struct {
		XMLName xml.Name
		User    user
		Account account
	}
	var list []protocol
	add := func(kind string, s Server) {
		p := protocol{Type: kind, Server: s.Host, Port: s.Port, DomainRequired: "off", LoginName: a.String(), SPA: "off", SSL: "on", Encryption: "TLS", AuthRequired: "on"}
		if s.Implicit {
			p.Encryption = "SSL"
		}
		if kind == "SMTP" {
			p.UsePOPAuth, p.SMTPLast = "off", "off"
		}
		list = append(list, p)
	}
	if len(t.IMAP) > 0 {
		add("IMAP", t.IMAP[0])
	}
	if len(t.SMTP) > 0 {
		add("SMTP", t.SMTP[0])
	}
	return document(struct {
		XMLName  xml.Name
		Response response
	}{xml.Name{Space: responseSchema, Local: "Autodiscover"}, response{xml.Name{Space: outlookSchema, Local: "Response"}, user{a.String()},
		account{"email", "settings", list}}})
}

// AutodiscoverError is the answer to whatever cannot be answered: always the same.
const AutodiscoverError = xml.Header + `<Autodiscover xmlns="` + responseSchema + `">
  <Response>
    <Error>
      <ErrorCode>600</ErrorCode>
      <Message>Invalid Request</Message>
    </Error>
  </Response>
</Autodiscover>
`
