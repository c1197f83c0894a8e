package trust

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"tidepost/mail"
)

// FieldName is the field that carries verdicts from server to server (RFC 8601).
const FieldName = "Authentication-Results"

// Field returns the value of our own Authentication-Results for a verdict, "" if we did
// not judge. Only domain names and our own words are in it: the library quotes no line
// ends.
func (c *Checker) Field(v Verdict) string {
	if !v.Here {
		return ""
	}
	var all []authres.Result
	from := &authres.SPFResult{Value: authres.ResultValue(v.SPF.Result), From: v.SPF.Domain}
	if v.SPF.Helo {
		from.From, from.Helo = "", v.SPF.Domain
	}
	if v.SPF.Domain != "" {
		all = append(all, from)
	}
	for _, s := range v.DKIM {
		all = append(all, &authres.GenericResult{Method: "dkim", Value: authres.ResultValue(s.Result),
			Params: map[string]string{"reason": s.Reason, "header.d": s.Domain, "header.s": s.Selector}})
	}
	if v.From != "" {
		all = append(all, &authres.GenericResult{Method: "dmarc", Value: authres.ResultValue(v.DMARC.Result),
			Params: map[string]string{"header.from": v.From, "policy.dmarc": string(v.DMARC.Policy)}})
	}
	return authres.Format(c.o.ID, all)
}

// stripResults removes the Authentication-Results that say to be by one of ids. One that
// cannot be understood goes if it names one: somebody else may understand it.
func stripResults(head []byte, ids []string) []byte {
	h := mail.ParseHeader(head)
	if h.TooBig {
		return mail.RemoveFields(head, FieldName) // Some may stand where nothing was parsed.
	}
	var out []byte
	last := 0
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, FieldName) && namesOne(f.Value(), ids) {
			out = append(out, head[last:f.Start]...)
			last = f.End
		}
	}
	if last == 0 {
		return head
	}
	return append(out, head[last:]...)
}

// namesOne reports whether somebody might read one of ids as the authserv-id.
func namesOne(value string, ids []string) bool {
	tokens, whole := scan(value)
	var b strings.Builder // The id with everything between its pieces taken away.
	for _, t := range tokens {
		if t.kind == ';' {
			break
		}
		if t.kind != '(' {
			b.WriteString(strings.ToLower(t.text))
		}
	}
	squeezed := b.String()
	first, _, _ := parseResults(value)
	for _, id := range ids {
		id = strings.ToLower(id)
		if first == id {
			return true
		}
		if !whole && strings.Contains(strings.ToLower(value), id) {
			return true
		}
		if rest, ok := strings.CutPrefix(squeezed, id); ok &&
			(rest == "" || rest == "1" || strings.Trim(rest[:1], "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Trim(rest, ".") == "") {
			return true
		}
	}
	return false
}

// A token is a piece of a structured field.
type token struct {
	kind  byte // 'a' for a word, '"' for a quoted string, '(' for a comment, ';' or '='
	text  string
	apart bool // white space or a comment stands before it
}

// maxTokens bounds what is read of a field.
const maxTokens = 2000

// scan takes a value apart (RFC 8601 §2.2, RFC 5322 §3.2). whole is false if it is
// longer than anybody writes, or a quotation or comment has no end. The library splits
// at any semicolon, also one that a stranger has put into a quoted reverse-path.
func scan(s string) (out []token, whole bool) {
	apart := false
	for i := 0; i < len(s); {
		if len(out) == maxTokens {
			return out, false
		}
		t := token{kind: 'a', apart: apart}
		apart = false
		switch c := s[i]; {
		case c <= ' ':
			apart = true
			i++
			continue
		case c == ';' || c == '=':
			t.kind, t.text = c, s[i:i+1]
			i++
		case c == '"':
			t.kind = '"'
			end, text := quotedEnd(s, i)
			if end < 0 {
				return out, false
			}
			i, t.text = end, text
		case c == '(':
			t.kind = '('
			end := commentEnd(s, i)
			if end < 0 {
				return out, false
			}
			t.text = s[i+1 : end-1]
			i, apart = end, true
		default:
			end := i + 1
			for end < len(s) && s[end] > ' ' && strings.IndexByte(`;="(`, s[end]) < 0 {
				end++
			}
			t.text = s[i:end]
			i = end
		}
		out = append(out, t)
	}
	return out, true
}

// quotedEnd returns the offset behind a quoted string and what it says.
func quotedEnd(s string, i int) (end int, text string) {
	var b strings.Builder
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '"':
			return i + 1, b.String()
		default:
			b.WriteByte(s[i])
		}
	}
	return -1, ""
}

// commentEnd returns the offset behind a comment; they nest.
func commentEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
