package guard

import (
	"strconv"
	"strings"
	"time"
)

// mail judges a MAIL command and takes off it what the library does not know.
func (s *SMTP) mail(arg string) error {
	st := s.stateNow()
	switch {
	case !st.greeted:
		return s.say(503, "5.5.1", "EHLO first")
	case s.opts.Role == Submission && !st.authed:
		return s.say(530, "5.7.0", "Authentication required")
	case st.mail:
		return s.say(503, "5.5.1", "MAIL was already given, RSET first")
	}
	path, rest, ok := splitPath(arg, "FROM:")
	if !ok {
		return s.say(501, "5.5.4", "Syntax is MAIL FROM:<address>")
	}
	list, bad := splitParams(rest)
	if bad == nil {
		_, utf8ok := find(list, "SMTPUTF8")
		if path != "" {
			bad = checkPath(path, utf8ok)
		}
	}
	var line string
	var params MailParams
	if bad == nil {
		line, params, bad = s.mailParams(path, list)
	}
	if bad != nil {
		return s.say(bad.code, bad.enhanced, bad.text)
	}
	_, utf8ok := find(list, "SMTPUTF8")
	s.mu.Lock()
	s.params, s.state.utf8 = params, utf8ok
	s.mu.Unlock()
	return s.pass(verbMail, line)
}

// rcpt judges a RCPT command.
func (s *SMTP) rcpt(arg string) error {
	st := s.stateNow()
	if !st.mail {
		return s.say(503, "5.5.1", "MAIL first")
	}
	path, rest, ok := splitPath(arg, "TO:")
	if !ok {
		return s.say(501, "5.5.4", "Syntax is RCPT TO:<address>")
	}
	if strings.EqualFold(path, "postmaster") {
		path += "@" + s.opts.Hostname // RFC 5321 §4.5.1: without a domain it is ours
	}
	list, bad := splitParams(rest)
	if bad == nil {
		bad = checkPath(path, st.utf8)
	}
	line := "RCPT TO:<" + path + ">"
	for _, p := range list {
		if p.key != "NOTIFY" && p.key != "ORCPT" && bad == nil {
			bad = unknownParam(p.key)
		}
		line += p.String()
	}
	if bad != nil {
		return s.say(bad.code, bad.enhanced, bad.text)
	}
	return s.pass(verbRcpt, line)
}

// A param is an ESMTP parameter (RFC 5321 §4.1.2).
type param struct {
	key      string // upper-case
	value    string
	hasValue bool
}

// String gives the parameter as on a command line, with the space before it.
func (p param) String() string {
	if !p.hasValue {
		return " " + p.key
	}
	return " " + p.key + "=" + p.value
}

func splitParams(rest string) ([]param, *refusal) {
	var list []param
	for _, word := range strings.Fields(rest) {
		key, value, has := strings.Cut(word, "=")
		key = strings.ToUpper(key)
		if !validKeyword(key) || has && value == "" || strings.Contains(value, "=") {
			return nil, &refusal{501, "5.5.4", "Malformed parameter"}
		}
		if _, twice := find(list, key); twice {
			return nil, &refusal{501, "5.5.4", "Parameter " + key + " is given twice"}
		}
		list = append(list, param{key, value, has})
	}
	return list, nil
}

func find(list []param, key string) (param, bool) {
	for _, p := range list {
		if p.key == key {
			return p, true
		}
	}
	return param{}, false
}

// validKeyword: esmtp-keyword, of a sane length, as it is said back.
func validKeyword(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && (c != '-' || i == 0) {
			return false
		}
	}
	return true
}

func unknownParam(key string) *refusal {
	return &refusal{555, "5.5.4", "Parameter " + key + " is not recognized"}
}

// mailParams checks the parameters of MAIL, keeps ours and makes the library's line
// of the rest.
func (s *SMTP) mailParams(path string, list []param) (string, MailParams, *refusal) {
	line := "MAIL FROM:<" + path + ">"
	var own MailParams
	for _, p := range list {
		var bad *refusal
		switch p.key {
		case "RET", "ENVID", "AUTH":
			line += p.String()
		case "SMTPUTF8":
			if p.hasValue {
				bad = malformed(p.key)
			}
			line += p.String()
		case "SIZE":
			bad = s.checkSize(p.value)
			line += p.String()
		case "BODY":
			if v := strings.ToUpper(p.value); v != "7BIT" && v != "8BITMIME" {
				bad = &refusal{555, "5.5.4", "BODY is 7BIT or 8BITMIME"}
			}
			line += p.String()
		case "HOLDFOR", "HOLDUNTIL":
			bad = s.hold(&own, p, list)
		case "BY":
			own.DeliverBy, bad = s.deliverBy(p.value)
		case "MT-PRIORITY":
			own.Priority, bad = s.priority(p.value)
		default:
			bad = unknownParam(p.key)
		}
		if bad != nil {
			return "", MailParams{}, bad
		}
	}
	return line, own, nil
}

func malformed(key string) *refusal {
	return &refusal{501, "5.5.4", "Malformed parameter " + key}
}

// checkSize refuses what is declared too large (RFC 1870 §6.1). Up to 20 digits are
// legal, which is more than 64 bits hold.
func (s *SMTP) checkSize(value string) *refusal {
	if value == "" || len(value) > 20 || !digits(value) {
		return malformed("SIZE")
	}
	if n, err := strconv.ParseInt(value, 10, 64); err != nil || n > s.opts.MaxSize {
		return &refusal{552, "5.3.4", "Message is larger than allowed"}
	}
	return nil
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// hold reads HOLDFOR and HOLDUNTIL (RFC 4865 §4). An instant that is past is taken:
// the message goes at once.
func (s *SMTP) hold(own *MailParams, p param, list []param) *refusal {
	if s.opts.MaxHold <= 0 {
		return unknownParam(p.key)
	}
	_, a := find(list, "HOLDFOR")
	_, b := find(list, "HOLDUNTIL")
	if a && b {
		return &refusal{501, "5.5.4", "HOLDFOR and HOLDUNTIL exclude each other"}
	}
	now := s.opts.Now()
	latest := now.Add(s.opts.MaxHold)
	if p.key == "HOLDUNTIL" {
		t, err := time.Parse(time.RFC3339, p.value)
		if err != nil {
			return malformed(p.key)
		}
		if t.After(latest) {
			return tooLongHold
		}
		own.HoldUntil = t.UTC()
		return nil
	}
	// future-release-integer: 1*9DIGIT, so that no count of nanoseconds overflows.
	if p.value == "" || len(p.value) > 9 || !digits(p.value) {
		return malformed(p.key)
	}
	n, err := strconv.Atoi(p.value)
	if err != nil || n == 0 {
		return malformed(p.key)
	}
	t := now.Add(time.Duration(n) * time.Second)
	if t.After(latest) {
		return tooLongHold
	}
	own.HoldUntil = t.UTC()
	return nil
}

var tooLongHold = &refusal{501, "5.5.4", "Hold is longer than offered"}

// deliverBy reads BY=seconds;mode[T] (RFC 2852 §4).
func (s *SMTP) deliverBy(value string) (*DeliverByParams, *refusal) {
	if !s.opts.DeliverBy {
		return nil, unknownParam("BY")
	}
	number, mode, ok := strings.Cut(value, ";")
	mode = strings.ToUpper(mode)
	mode, trace := strings.CutSuffix(mode, "T")
	if !ok || mode != "R" && mode != "N" || len(strings.TrimLeft(number, "+-")) > 9 {
		return nil, malformed("BY")
	}
	n, err := strconv.Atoi(number)
	if err != nil || mode == "R" && n <= 0 {
		return nil, malformed("BY")
	}
	return &DeliverByParams{Within: time.Duration(n) * time.Second, Return: mode == "R", Trace: trace}, nil
}

// priority reads MT-PRIORITY (RFC 6710 §4).
func (s *SMTP) priority(value string) (*int, *refusal) {
	if !s.opts.Priority {
		return nil, unknownParam("MT-PRIORITY")
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < -9 || n > 9 || strings.HasPrefix(value, "+") {
		return nil, malformed("MT-PRIORITY")
	}
	return &n, nil
}
