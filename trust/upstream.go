package trust

import (
	"strings"
)

// A finding is one result of an Authentication-Results field.
type finding struct {
	method string
	result Result
	props  map[string]string // "header.from", "smtp.mailfrom", …; values as they came
	said   []string          // comments: many servers put the policy there
}

// maxFindings bounds what is read of one field.
const maxFindings = 50

// parseResults reads a field (RFC 8601 §2.2). ok is false if it is not one.
func parseResults(value string) (id string, out []finding, ok bool) {
	tokens, whole := scan(value)
	if !whole {
		return "", nil, false
	}
	parts := [][]token{nil}
	for _, t := range tokens {
		if t.kind == ';' {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	for _, t := range parts[0] {
		if t.kind != '(' && id == "" {
			id, _, _ = strings.Cut(strings.ToLower(t.text), "/")
		}
	}
	for _, part := range parts[1:] {
		if f, ok := parseFinding(part); ok && len(out) < maxFindings {
			out = append(out, f)
		}
	}
	return strings.TrimSuffix(id, "."), out, id != ""
}

// parseFinding reads "method=result (comment) name=value …".
func parseFinding(tokens []token) (f finding, ok bool) {
	f.props = map[string]string{}
	for i := 0; i < len(tokens); i++ {
		if tokens[i].kind == '(' {
			f.said = append(f.said, tokens[i].text)
			continue
		}
		if tokens[i].kind != 'a' || i+2 >= len(tokens) || tokens[i+1].kind != '=' {
			continue
		}
		name, value := strings.ToLower(tokens[i].text), tokens[i+2].text
		last := i + 2
		// A reverse-path may be a quoted local part and what sticks to it; white space may
		// stand behind the "=" only.
		for last+1 < len(tokens) && !tokens[last+1].apart && (tokens[last+1].kind == 'a' || tokens[last+1].kind == '"') {
			last++
			value += tokens[last].text
		}
		i = last
		if f.method == "" {
			f.method, _, _ = strings.Cut(name, "/")
			f.result = resultWord(value)
		} else if _, twice := f.props[name]; !twice {
			f.props[name] = value
		}
	}
	return f, f.method != ""
}

// resultWord reads a result; what is not known is none.
func resultWord(s string) Result {
	switch r := Result(strings.ToLower(s)); r {
	case Pass, Fail, SoftFail, Neutral, TempError, PermError:
		return r
	case "hardfail", "bestguesspass", "policy":
		return Fail
	}
	return None
}

// domain is the domain of a property that holds an address or a name.
func (f finding) domain(prop string) string {
	value := f.props[prop]
	if i := strings.LastIndexByte(value, '@'); i >= 0 {
		value = value[i+1:]
	}
	if d := ascii(value); isDomain(d) {
		return d
	}
	return ""
}

// policy is what the author's domain asks for, if the upstream says it: as a property
// (RFC 8601 §2.7.5 leaves that open), as "p=reject" or "policy=reject" in a comment, or
// as Exchange does, by what it did.
func (f finding) policy() Policy {
	words := []string{f.props["policy.dmarc"], f.props["action"]}
	for _, s := range f.said {
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
			if p, ok := strings.CutPrefix(w, "p="); ok {
				words = append(words, p)
			} else if p, ok := strings.CutPrefix(w, "policy="); ok {
				words = append(words, p)
			}
		}
	}
	for _, w := range words {
		switch p := Policy(strings.ToLower(w)); p {
		case Accept, Quarantine, Reject:
			return p
		}
	}
	return NoPolicy
}

// maxFields bounds the fields that are read of a message.
const maxFields = 20

// readUpstream takes over what the upstream in front of us found. Of each method the
// topmost field counts: some servers write several, and they must have removed
// foreign ones of their name themselves.
func (c *Checker) readUpstream(m Mail, v *Verdict) {
	if len(c.o.Upstreams) == 0 {
		return
	}
	seen := map[string]bool{}
	var dmarc finding
	for _, value := range fieldsCalled(m.Head, FieldName, maxFields) {
		id, findings, ok := parseResults(value)
		if !ok || !c.believes(id) {
			continue
		}
		if v.Source == "" {
			v.Source = id
		}
		here := map[string]bool{}
		for _, f := range findings {
			if seen[f.method] {
				continue
			}
			here[f.method] = true
			switch f.method {
			case "spf":
				v.SPF = upstreamSPF(f)
			case "dkim":
				if len(v.DKIM) < maxListed {
					v.DKIM = append(v.DKIM, Signature{Result: f.result, Domain: signer(f), Selector: strings.ToLower(f.props["header.s"])})
				}
			case "dmarc":
				dmarc = f
			}
		}
		for method := range here {
			seen[method] = true
		}
	}
	if v.Source != "" {
		v.conclude(dmarc, seen["dmarc"] || seen["spf"] && seen["dkim"])
	}
}

func upstreamSPF(f finding) SPF {
	if d := f.domain("smtp.mailfrom"); d != "" {
		return SPF{Result: f.result, Domain: d}
	}
	return SPF{Result: f.result, Domain: f.domain("smtp.helo"), Helo: true}
}

// signer is d=, or what stands behind the @ of i=.
func signer(f finding) string {
	if d := f.domain("header.d"); d != "" {
		return d
	}
	return f.domain("header.i")
}

// conclude judges by what the upstream found. all says that it has looked at everything:
// only then is no pass a fail.
func (v *Verdict) conclude(f finding, all bool) {
	v.judge(record{result: None})
	if v.Aligned == Fail && !all {
		v.Aligned = None
	}
	if f.method == "" {
		return
	}
	if d := f.domain("header.from"); v.From == "" || d != "" && d != v.From {
		return // It speaks of another From than we read.
	}
	v.DMARC = DMARC{Result: f.result, Policy: f.policy()}
	switch f.result {
	case Pass, Fail, TempError:
		v.Aligned = f.result
	}
}
