package trust

import (
	"context"
	"net"
	"strings"

	"blitiri.com.ar/go/spf"
)

// checkSPF asks whether the peer may send for the envelope: for the domain of MAIL
// FROM, or of HELO if that is null (RFC 7208 §2.4). The limits of 10 lookups and 2 void
// ones are those of the library (RFC 7208 §4.6.4).
func checkSPF(ctx context.Context, d *dns, m Mail) (out SPF) {
	out = SPF{Result: None, Domain: ascii(m.From.Domain)}
	sender := m.From.Local + "@" + out.Domain
	if m.From.IsNull() {
		out.Domain, out.Helo = ascii(m.Helo), true
		sender = "postmaster@" + out.Domain
	}
	if !isDomain(out.Domain) { // RFC 7208 §4.3: also an address literal
		out.Domain = ""
		return out
	}
	if strings.Contains(m.From.Local, "@") {
		sender = "postmaster@" + out.Domain // Where the domain begins would be a matter of taste.
	}
	helo := ascii(m.Helo)
	if !isDomain(helo) {
		helo = "unknown"
	}
	// A pass of the library is that of a match; what it returns besides is for people.
	result, _ := spf.CheckHostWithSender(net.IP(m.IP.Unmap().AsSlice()), helo, sender, spf.WithContext(ctx), spf.WithResolver(d))
	out.Result = Result(result)
	return out
}
