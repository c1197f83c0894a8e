package trust

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
	"golang.org/x/net/publicsuffix"
)

// A record is what the domain of an author publishes.
type record struct {
	result       Result // None: there is none; Pass: it is here; or an error
	policy       Policy // for the very domain that was asked for
	strictSPF    bool
	strictDKIM   bool
	organisation bool // it is that of the organisational domain
}

// lookUpPolicy reads the record of the author's domain, else that of its organisation
// (RFC 7489 §6.6.3).
func lookUpPolicy(ctx context.Context, d *dns, from string) record {
	if from == "" {
		return record{result: None}
	}
	found, err := readRecord(ctx, d, from)
	org := OrgDomain(from)
	above := false
	if errors.Is(err, dmarc.ErrNoPolicy) && org != from {
		found, err = readRecord(ctx, d, org)
		above = true
	}
	switch {
	case errors.Is(err, dmarc.ErrNoPolicy):
		return record{result: None}
	case dmarc.IsTempFail(err):
		return record{result: TempError}
	case err != nil:
		return record{result: PermError}
	}
	r := record{result: Pass, policy: Policy(found.Policy), organisation: above,
		strictSPF: found.SPFAlignment == dmarc.AlignmentStrict, strictDKIM: found.DKIMAlignment == dmarc.AlignmentStrict}
	if above && found.SubdomainPolicy != "" {
		r.policy = Policy(found.SubdomainPolicy)
	}
	if found.Percent != nil && *found.Percent == 0 {
		r.policy = weaker(r.policy) // RFC 7489 §6.6.4. Other shares would be a lottery.
	}
	return r
}

func weaker(p Policy) Policy {
	if p == Reject {
		return Quarantine
	}
	return Accept
}

// readRecord reads one record. Several are none (RFC 7489 §6.6.3).
func readRecord(ctx context.Context, d *dns, domain string) (*dmarc.Record, error) {
	return dmarc.LookupWithOptions(domain, &dmarc.LookupOptions{LookupTXT: func(name string) ([]string, error) {
		all, err := d.LookupTXT(ctx, name)
		all = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !strings.HasPrefix(s, "v=DMARC1") })
		if err != nil || len(all) != 1 {
			return nil, err
		}
		return []string{tidyRecord(all[0])}, nil
	}})
}

// tidyRecord keeps the tags that matter here, in lower case: the library refuses a whole
// record for "p=Reject" or an odd tag about reports, and the domain would be without
// the protection it asked for.
func tidyRecord(txt string) string {
	out := "v=DMARC1"
	for _, tag := range strings.Split(txt, ";") {
		name, value, _ := strings.Cut(tag, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		switch name {
		case "p", "sp", "adkim", "aspf", "pct":
			out += "; " + name + "=" + strings.ToLower(strings.TrimSpace(value))
		case "t": // Of the record's newer form: "y" is a test, and stands for pct=0.
			if strings.EqualFold(strings.TrimSpace(value), "y") {
				out += "; pct=0"
			}
		}
	}
	return out
}

// OrgDomain is the organisational domain (RFC 7489 §3.2) in lower-case A-labels: the
// public suffix and one label. A suffix itself, and what is no name of the internet, is
// its own organisation.
func OrgDomain(domain string) string {
	domain = ascii(domain)
	if !isDomain(domain) {
		return ""
	}
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// aligned reports whether a domain that passed is in line with the author's (RFC 7489
// §3.1).
func aligned(domain, from string, strict bool) bool {
	if domain == "" || from == "" {
		return false
	}
	return domain == from || !strict && OrgDomain(domain) == OrgDomain(from)
}

// judge draws the conclusion from what was found (RFC 7489 §6.6.2). Results for other
// domains than the author's count for nothing, temporary ones neither.
func (v *Verdict) judge(r record) {
	v.Aligned = Fail
	spfInLine := aligned(v.SPF.Domain, v.From, r.strictSPF)
	switch {
	case v.From == "":
		// No author, or several: nothing can be in line with that.
	case spfInLine && v.SPF.Result == Pass, v.signedInLine(Pass, r.strictDKIM):
		v.Aligned = Pass
	case spfInLine && v.SPF.Result == TempError, v.signedInLine(TempError, r.strictDKIM):
		v.Aligned = TempError
	}
	v.DMARC = DMARC{Result: r.result, Policy: r.policy}
	switch r.result {
	case Pass:
		v.DMARC.Result = v.Aligned
	case TempError:
		// Neither how strict the domain is is known, nor what it asks for.
		if v.Aligned != Pass || !v.exact() {
			v.Aligned = TempError
		}
	}
}

func (v *Verdict) signedInLine(r Result, strict bool) bool {
	return slices.ContainsFunc(v.DKIM, func(s Signature) bool { return s.Result == r && aligned(s.Domain, v.From, strict) })
}

// exact reports whether something passed for the very domain of the author.
func (v *Verdict) exact() bool {
	return v.SPF.Result == Pass && v.SPF.Domain == v.From || v.signedInLine(Pass, true)
}
