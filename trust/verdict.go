package trust

import (
	"slices"
	"strings"
)

// A Result is the outcome of one check, in the words of RFC 8601 §2.7.
type Result string

// The results.
const (
	None      Result = "none"      // there is nothing to check, or nobody checked
	Pass      Result = "pass"      //
	Fail      Result = "fail"      //
	SoftFail  Result = "softfail"  // SPF: probably not
	Neutral   Result = "neutral"   // does not say
	TempError Result = "temperror" // the DNS did not answer
	PermError Result = "permerror" // cannot be understood
)

// A Policy is what a domain asks to do with mail that fails.
type Policy string

// The policies.
const (
	NoPolicy   Policy = "" // no record, or it is not known
	Accept     Policy = "none"
	Quarantine Policy = "quarantine"
	Reject     Policy = "reject"
)

// SPF is the outcome for the envelope (RFC 7208).
type SPF struct {
	Result Result
	Domain string // that was checked: of MAIL FROM, or of HELO for the null reverse-path
	Helo   bool
}

// A Signature is the outcome for one DKIM-Signature (RFC 6376).
type Signature struct {
	Result   Result
	Domain   string // d=
	Selector string // s=
	Reason   string // why it did not pass; for people
}

// DMARC is the outcome for the author's domain (RFC 7489).
type DMARC struct {
	Result Result
	Policy Policy // that applies to it
}

// A Verdict is what is known of a message. The zero Verdict says that nobody looked.
type Verdict struct {
	// Source is the authserv-id of who judged: ours, or that of an upstream; "": nobody.
	Source string
	Here   bool // we did
	// From is the domain of the one author, "" if there is not exactly one.
	From string
	// Claims are all domains that some reader of mail might show as the author's.
	Claims []string

	SPF   SPF
	DKIM  []Signature
	DMARC DMARC
	// Aligned says whether SPF or DKIM passed for a domain in line with From, whether or
	// not that domain has a DMARC record. None: it was not judged.
	Aligned Result

	// Listed: a domain of Options.Lists resent it.
	Listed bool
	// Spam names the field in which a filter in front of us called it spam; "": none did.
	Spam string
}

// Pass reports whether the mail has exactly one author, of this very domain, and DMARC
// passed. It is what a mail from outside needs before anything it says counts.
func (v Verdict) Pass(domain string) bool {
	return v.DMARC.Result == Pass && v.Aligned == Pass && v.isFrom(domain)
}

// Proved is like Pass, but asks for no DMARC record.
func (v Verdict) Proved(domain string) bool { return v.Aligned == Pass && v.isFrom(domain) }

func (v Verdict) isFrom(domain string) bool {
	return v.From != "" && v.From == ascii(domain)
}

// Authenticated reports whether SPF or DKIM passed for a domain of the organisation of
// domain: that it was there, not that it wrote the mail.
func (v Verdict) Authenticated(domain string) bool {
	org := OrgDomain(domain)
	if org == "" {
		return false
	}
	if v.SPF.Result == Pass && OrgDomain(v.SPF.Domain) == org {
		return true
	}
	return slices.ContainsFunc(v.DKIM, func(s Signature) bool { return s.Result == Pass && OrgDomain(s.Domain) == org })
}

// String is a line for the ledger: "spf=pass dkim=pass dmarc=fail p=reject". It holds
// nothing but our own words and domain names.
func (v Verdict) String() string {
	var out []string
	put := func(what string, r Result) {
		if r != "" && r != None {
			out = append(out, what+"="+string(r))
		}
	}
	put("spf", v.SPF.Result)
	put("dkim", v.dkim())
	put("dmarc", v.DMARC.Result)
	if v.DMARC.Policy != NoPolicy {
		out = append(out, "p="+string(v.DMARC.Policy))
	}
	if v.Source != "" && len(out) == 0 {
		out = append(out, "none")
	}
	if v.Spam != "" {
		out = append(out, "spam="+v.Spam)
	}
	return strings.Join(out, " ")
}

// dkim is the best of the signatures, those in line with the author first.
func (v Verdict) dkim() Result {
	best := None
	for _, s := range v.DKIM {
		if s.Result == Pass {
			return Pass
		}
		if best == None {
			best = s.Result
		}
	}
	return best
}
