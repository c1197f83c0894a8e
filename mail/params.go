package mail

import (
	"sort"
	"strconv"
	"strings"
)

// The bounds of what is kept of a structured field.
const (
	maxParams     = 100
	maxParamValue = 4096
	maxToken      = 127
)

// A param is one piece of a parameter as written (RFC 2231).
type param struct {
	name     string // lower-case, without *0*
	index    int    // continuation, or -1
	extended bool   // percent-encoded
	value    string
}

// parseParams reads "value; a=b; c*0*=…" tolerantly: comments, missing quotes,
// double semicolons, spaces around the equals sign. value is lower-case and cut
// at white space. At most maxParams pieces are read.
func parseParams(s string) (value string, params map[string]string) {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	value = strings.ToLower(firstWord(stripComments(s[:end])))
	var pieces []param
	for pos := end; pos < len(s) && len(pieces) < maxParams; {
		var p param
		var ok bool
		p, pos, ok = nextParam(s, pos+1)
		if ok {
			pieces = append(pieces, p)
		}
	}
	return value, joinParams(pieces)
}

func firstWord(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		s = s[:i]
	}
	return strings.Trim(s, `"'`)
}

// nextParam reads the parameter at pos and returns where its semicolon is.
func nextParam(s string, pos int) (p param, next int, ok bool) {
	rest := s[pos:]
	stop := strings.IndexAny(rest, "=;")
	if stop < 0 {
		return param{}, len(s), false
	}
	if rest[stop] == ';' {
		return param{}, pos + stop, false
	}
	p = paramName(strings.ToLower(strings.TrimSpace(stripComments(rest[:stop]))))
	i := pos + stop + 1
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	if i < len(s) && s[i] == '"' {
		p.value, i = quotedValue(s, i+1)
		if semi := strings.IndexByte(s[i:], ';'); semi >= 0 {
			next = i + semi
		} else {
			next = len(s)
		}
		return p, next, p.name != ""
	}
	next = len(s)
	if semi := strings.IndexByte(s[i:], ';'); semi >= 0 {
		next = i + semi
	}
	p.value = strings.TrimSpace(s[i:next])
	if p.name != "filename" && p.name != "name" {
		p.value = firstWord(stripComments(p.value))
	}
	return p, next, p.name != ""
}

// quotedValue reads a quoted string from behind its first quote. A backslash
// escapes quote and backslash only: Windows programs write whole paths.
func quotedValue(s string, i int) (string, int) {
	var b strings.Builder
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), min(i+1, len(s))
}

// paramName splits title*1* (RFC 2231 §4.1).
func paramName(s string) param {
	p := param{name: s, index: -1}
	base, tail, ok := strings.Cut(s, "*")
	if !ok {
		return p
	}
	p.name = base
	if tail == "" {
		p.extended = true
		return p
	}
	p.extended = strings.HasSuffix(tail, "*")
	n, err := strconv.Atoi(strings.TrimSuffix(tail, "*"))
	if err != nil || n < 0 {
		p.name = ""
	}
	p.index = n
	return p
}

// joinParams joins continuations and decodes. The extended form of a parameter
// wins over the plain one whatever the order (RFC 5987 §4.2's advice, as mail
// programs do); of repeats the first wins, so that the name shown is stable.
func joinParams(pieces []param) map[string]string {
	if len(pieces) == 0 {
		return nil
	}
	out := make(map[string]string, len(pieces))
	runs := make(map[string][]param)
	for _, p := range pieces {
		if !isToken(p.name) {
			continue
		}
		if p.index >= 0 || p.extended {
			runs[p.name] = append(runs[p.name], p)
			continue
		}
		if _, dup := out[p.name]; !dup {
			if out[p.name] = p.value; p.name != "boundary" { // compared with octets
				out[p.name] = capText(decodeWords(p.value), maxParamValue)
			}
		}
	}
	for name, run := range runs {
		out[name] = capText(decodeRun(run), maxParamValue)
	}
	for _, name := range []string{"filename", "name"} {
		if value, ok := out[name]; ok {
			out[name] = lastElement(value)
		}
	}
	return out
}

// lastElement cuts a path down to its last element: the name of a file is a label,
// whatever system reads it (RFC 2183 §2.3).
func lastElement(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// decodeRun joins the pieces of one parameter in the order of their numbers.
func decodeRun(run []param) string {
	sort.SliceStable(run, func(i, j int) bool { return run[i].index < run[j].index })
	var raw []byte
	set := ""
	last := -2
	for i, p := range run {
		if p.index == last {
			continue
		}
		last = p.index
		v := p.value
		if i == 0 && p.extended {
			if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
				set, v = strings.ToLower(parts[0]), parts[2]
			}
		}
		if p.extended {
			raw = append(raw, percentDecode(v)...)
		} else {
			raw = append(raw, v...)
		}
	}
	return cleanText(charsetText(set, raw))
}

func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// capText cuts s at a character so that it takes at most n octets.
func capText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// isToken: RFC 2045 §5.1, and short enough to be meant.
func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return true
}

// splitMedia splits type/subtype. Half a type and none at all are text/plain
// (RFC 2045 §5.2), but half an application type stays opaque.
func splitMedia(value string) (typ, subtype string) {
	typ, subtype, _ = strings.Cut(value, "/")
	if isToken(typ) && isToken(subtype) {
		return typ, subtype
	}
	switch typ {
	case "application", "image", "audio", "video":
		return "application", "octet-stream"
	}
	return "text", "plain"
}
