package setup

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// A Record is one line of a zone.
type Record struct {
	Name  string `json:"name"` // with the dot at the end
	Type  string `json:"type"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// String is the record as a line of a zone file.
func (r Record) String() string { return fmt.Sprintf("%s\tIN\t%s\t%s", r.Name, r.Type, r.Value) }

// A Zone is what DNS records depend on besides the team.
type Zone struct {
	MX       bool          // other servers deliver here
	SPF      string        // mechanisms of who sends: "mx", "include:provider.example"; "" leaves SPF out
	Selector string        // of DKIM; "" leaves it out
	Signs    string        // domain that DKIM signs for
	Key      crypto.Signer // its private key
	Admin    string        // who gets reports of DMARC; "" nobody
}

// Records are all lines that the team's domains need.
func (t Team) Records(z Zone) ([]Record, error) {
	var out []Record
	for _, d := range t.Domains {
		add := func(name, kind, why, format string, args ...any) {
			out = append(out, Record{Name: name + d + ".", Type: kind, Value: fmt.Sprintf(format, args...), Why: why})
		}
		if z.MX {
			add("", "MX", "other servers deliver here", "10 %s.", t.Host)
		}
		t.services(add)
		if z.SPF != "" {
			add("", "TXT", "who may send mail of this domain (RFC 7208)", "%q", "v=spf1 "+z.SPF+" ~all")
		}
		if z.Selector != "" && z.Signs == d {
			key, err := dkimKey(z.Key)
			if err != nil {
				return nil, err
			}
			add(z.Selector+"._domainkey.", "TXT", "the key that signs mail (RFC 6376)", "%s", quoted(key))
		}
		policy := "v=DMARC1; p=none"
		if z.Admin != "" {
			policy += "; rua=mailto:" + z.Admin
		}
		add("_dmarc.", "TXT", "what others do with forged mail; p=quarantine once reports are clean (RFC 7489)", "%q", policy)
	}
	return out, nil
}

// services are the records by which mail programs find servers (RFC 6186, RFC 8314 §5.1).
func (t Team) services(add func(name, kind, why, format string, args ...any)) {
	const why = "mail programs find where to %s (RFC 6186)"
	for _, s := range []struct {
		name    string
		from    []Server
		secure  bool
		purpose string
	}{
		{"_submissions._tcp.", t.SMTP, true, "send"}, {"_submission._tcp.", t.SMTP, false, "send"},
		{"_imaps._tcp.", t.IMAP, true, "read"}, {"_imap._tcp.", t.IMAP, false, "read"},
	} {
		value := "0 0 0 ." // RFC 2782: decidedly not available.
		for i, server := range s.from {
			if server.Implicit == s.secure {
				value = fmt.Sprintf("%d 1 %d %s.", 10*i, server.Port, server.Host)
				break
			}
		}
		add(s.name, "SRV", fmt.Sprintf(why, s.purpose), "%s", value)
	}
	add("_pop3._tcp.", "SRV", "there is no POP3", "0 0 0 .")
	add("_pop3s._tcp.", "SRV", "there is no POP3", "0 0 0 .")
	if t.Web != 0 {
		add("autoconfig.", "CNAME", "Thunderbird and others ask there", "%s.", t.Host)
		add("_autodiscover._tcp.", "SRV", "Outlook asks there", "0 1 %d %s.", t.Web, t.Host)
	}
}

// dkimKey is the record of a public key (RFC 6376 §3.6.1, RFC 8463 §4.2).
func dkimKey(key crypto.Signer) (string, error) {
	if key == nil {
		return "", errors.New("the DKIM key is missing")
	}
	switch pub := key.Public().(type) {
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			return "", fmt.Errorf("write the DKIM key: %w", err)
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub), nil
	default:
		return "", fmt.Errorf("a DKIM key cannot be %T", pub)
	}
}

// quoted splits a value into the strings of at most 255 octets that a TXT record takes.
func quoted(s string) string {
	var parts []string
	for len(s) > 255 {
		parts, s = append(parts, `"`+s[:255]+`"`), s[255:]
	}
	return strings.Join(append(parts, `"`+s+`"`), " ")
}
