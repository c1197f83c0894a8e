package badinput

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/dsn"
	"tidepost/internal/gateway"
	"tidepost/internal/testkit"
	"tidepost/mail"
)

// A fakeSmarthost is the server that our client meets in every row; rows of protocol
// smarthost tell it what to do.
type fakeSmarthost struct {
	*testkit.Smarthost
	bench *bench
	hangs bool // its script keeps us waiting until a time-out
}

// A bench lets testkit, which is made for tests, run outside of one.
type bench struct {
	testing.TB
	errs    []error
	cleanup []func()
}

func (b *bench) Helper()          {}
func (b *bench) Cleanup(f func()) { b.cleanup = append(b.cleanup, f) }
func (b *bench) Errorf(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}
func (b *bench) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// newFakeSmarthost starts the smarthost of a row and writes into s how to reach it.
func newFakeSmarthost(s *setup, c *Case) (*fakeSmarthost, error) {
	f := &fakeSmarthost{bench: &bench{}}
	st, scripted := c.step(fakeHost)
	o := testkit.SmarthostOptions{}
	if scripted && (c.Phase == "starttls" || strings.Contains(strings.ToUpper(st.text), "TLS")) {
		ca := testkit.NewCA(f.bench)
		if err := os.WriteFile(filepath.Join(s.Dir, "ca.pem"), ca.PEM(), 0o600); err != nil {
			return nil, err
		}
		o.TLS, o.Auth = ca.Server("127.0.0.1"), map[string]string{"relay": "pw-relay"}
		s.HostTLS = true
	}
	f.Smarthost = testkit.NewSmarthost(f.bench, o)
	_, s.HostPort = f.Addr()
	if scripted {
		rules, err := parseScript(st.text)
		if err != nil {
			f.close()
			return nil, err
		}
		f.Script(rules...)
		f.hangs = slices.ContainsFunc(rules, func(r testkit.Rule) bool { return r.Hang || r.Pace > 0 })
	}
	return f, nil
}

func (f *fakeSmarthost) close() { f.Smarthost.Close() }

var (
	greetingRule = regexp.MustCompile(`^[0-9]{3}([ -]|$)`)
	repeated     = regexp.MustCompile(`(?s)(.)\*([0-9]+) ?([KM]?B)?$`)
	endless      = regexp.MustCompile(`(?i)\*(?:inf(?:inite|inity)?|forever|endless)$`)
	pace         = regexp.MustCompile(`(?i)([0-9]+) ?(octets?|bytes?|B) ?(?:/|per|a|every) ?([0-9]*) ?(ms|s|second|min|minute)\b`)
	lasting      = regexp.MustCompile(`(?i)(?:after|delay|wait|pause|sleep)[ :=]*([0-9]+) ?(ms|s|min|m|h)\b`)
)

// parseScript reads a script: parts "VERB:reply" with | between them; a part without
// verb is the greeting. Verbs are those of SMTP; CONNECT or GREETING, EOD (also "." or
// END) for the end mark. In a reply \r\n and \n are line ends, "x*1MB" repeats the
// octet before the star, "*inf" the line for ever. Instead of a reply: close, hang, or in words.
func parseScript(script string) ([]testkit.Rule, error) {
	var rules []testkit.Rule
	for part := range strings.SplitSeq(script, "|") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		verb, reply, ok := strings.Cut(part, ":")
		if greetingRule.MatchString(part) || !ok {
			verb, reply = "CONNECT", part
		}
		r := testkit.Rule{Verb: scriptVerb(verb)}
		if r.Verb == "" {
			return nil, fmt.Errorf("smarthost script %q: what is %q?", script, verb)
		}
		told(&r, reply)
		rules = append(rules, r)
	}
	return rules, nil
}

func scriptVerb(word string) string {
	w := strings.ToUpper(strings.TrimSpace(word))
	if i := strings.IndexAny(w, " \t("); i > 0 && !strings.Contains(w, "AFTER") && !strings.Contains(w, "END") {
		w = w[:i]
	}
	switch w {
	case "CONNECT", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "EOD", "RSET", "QUIT", "*":
		return w
	case "GREETING", "BANNER":
		return "CONNECT"
	case "MAIL FROM":
		return "MAIL"
	case "RCPT TO":
		return "RCPT"
	case ".", "DOT", "END", "END-DATA", "ENDDATA", "DATA-END", "DATAEND", "AFTER-DATA", "AFTER DATA", "END OF DATA", "FINAL", "EOM":
		return "EOD"
	case "ANY", "ALL", "EACH", "EVERY":
		return "*"
	}
	return ""
}

// told writes what a rule does.
func told(r *testkit.Rule, reply string) {
	lower := strings.ToLower(strings.TrimSpace(reply))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
	}
	coded := greetingRule.MatchString(lower)
	if m := pace.FindStringSubmatch(reply); m != nil {
		n, _ := strconv.Atoi("0" + m[3])
		r.Pace = time.Duration(max(n, 1)) * unit(m[4])
		reply = strings.Replace(reply, m[0], "", 1)
	} else if m := lasting.FindStringSubmatch(reply); m != nil {
		n, _ := strconv.Atoi(m[1])
		r.Delay = time.Duration(n) * unit(m[2])
		reply = strings.Replace(reply, m[0], "", 1)
	}
	switch {
	case !coded && has("close", "drop", "disconnect", "eof", "rst", "die"):
		r.Close = true
		return
	case !coded && has("hang", "silen", "nothing", "never", "no reply", "timeout", "stall"):
		r.Hang = true
		return
	}
	text := strings.TrimSpace(reply)
	text = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t", `\0`, "\x00", `\\`, `\`).Replace(text)
	if m := repeated.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2])
		n <<= map[string]int{"KB": 10, "MB": 20}[m[3]]
		text = strings.TrimSuffix(text, m[0]) + strings.Repeat(m[1], min(n, 64<<20))
	}
	if endless.MatchString(text) {
		// More than anybody reads: lines of a reply without end, or one line.
		const much = 32 << 20
		text = endless.ReplaceAllString(text, "")
		if len(text) > 3 && text[3] == '-' {
			r.Raw = strings.Repeat(text+"\r\n", much/(len(text)+2))
		} else {
			r.Raw = text + strings.Repeat(text[max(0, len(text)-1):], much)
		}
		return
	}
	if !strings.Contains(text, " ") && len(text) == 3 {
		text += " x"
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	r.Raw = text + "\r\n"
}

func unit(name string) time.Duration {
	switch strings.ToLower(name) {
	case "ms":
		return time.Millisecond
	case "m", "min", "minute":
		return time.Minute
	case "h":
		return time.Hour
	}
	return time.Second
}

// relayWait is how long a first attempt may take that does not hang.
const relayWait = 15 * time.Second

// A settlement is the state of the one recipient of a smarthost row.
type settlement struct{ state, reply string }

func (r *run) outcome() settlement {
	states := r.w.texts(`SELECT state FROM recipient WHERE address = 'c@remote.test' ORDER BY id LIMIT 1`)
	replies := r.w.texts(`SELECT reply FROM recipient WHERE address = 'c@remote.test' ORDER BY id LIMIT 1`)
	if len(states) == 0 {
		return settlement{}
	}
	return settlement{states[0], replies[0]}
}

// relay submits a letter that has to go through the smarthost of the row, and looks
// what becomes of it.
func (r *run) relay() {
	if err := r.submit("c@remote.test", "a letter for the smarthost", "x\r\n"); err != nil {
		r.miss("submit: %v", err)
		return
	}
	began := time.Now()
	got := r.settled()
	r.took = time.Since(began)
	state := map[outcome]string{defers: "deferred", rejects4: "deferred", bounces: "bounced", rejects5: "bounced", relays: "delivered", accepts: "delivered", notes: "delivered"}
	right := func(o outcome) bool { return o == anything || state[o] == got.state }
	switch {
	case (got.state == "sending" || got.state == "") && r.host.hangs && r.c.allows(defers, rejects4):
		r.open = append(r.open, "what follows the client's time-out of minutes")
	case !slices.ContainsFunc(r.c.want, right):
		r.miss("the recipient is %s (%q), not %s", got.state, got.reply, r.c.Expect)
	case len(r.c.Codes) > 0 && !replyMatches(r.c.Codes, got.reply):
		r.miss("the ledger says %q, not %v", got.reply, r.c.Codes)
	}
	if r.c.allows(notes) && !r.reported("relayed") {
		r.miss("the author got no report of action relayed")
	}
	if got.state == "bounced" && !r.reported("failed") {
		r.miss("the author got no report of action failed")
	}
}

// settled waits until the first attempt has ended.
func (r *run) settled() settlement {
	var got settlement
	for end := time.Now().Add(relayWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = r.outcome(); got.state != "" && got.state != "held" && got.state != "sending" {
			break
		}
	}
	return got
}

// again brings the next attempt forward and waits for its end.
func (r *run) again() {
	n := r.w.count(`SELECT attempts FROM recipient WHERE address = 'c@remote.test'`)
	if err := r.w.change(`UPDATE recipient SET due = ? WHERE state = 'deferred'`, time.Now().UTC().Format("2006-01-02T15:04:05.000Z")); err != nil {
		r.miss("bring the attempt forward: %v", err)
	}
	if err := gateway.Kick(context.Background(), r.w.setup.data()); err != nil {
		r.miss("wake the gateway: %v", err)
	}
	for end := time.Now().Add(relayWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if r.w.count(`SELECT attempts FROM recipient WHERE address = 'c@remote.test'`) > n && r.outcome().state != "sending" {
			return
		}
	}
}

func replyMatches(codes []string, said string) bool {
	for _, c := range codes {
		pat := `\b` + strings.ReplaceAll(regexp.QuoteMeta(c), "x", "[0-9]+") + `\b`
		if regexp.MustCompile(pat).MatchString(said) {
			return true
		}
	}
	return false
}

// reports are the delivery reports in alice's folders.
func (r *run) reports() [][]byte {
	var out [][]byte
	for _, id := range r.w.ids(`SELECT CAST(e.message_id AS TEXT) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
			JOIN address a ON a.person_id = b.person_id WHERE a.address = 'alice@` + domain + `' ORDER BY e.id`) {
		if raw := r.w.raw(id); bytes.Contains(bytes.ToLower(raw), []byte("report-type=delivery-status")) ||
			bytes.Contains(bytes.ToLower(raw), []byte(`report-type="delivery-status"`)) {
			out = append(out, raw)
		}
	}
	return out
}

// reported waits for a report whose action is the given one.
func (r *run) reported(action string) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, raw := range r.reports() {
			head, body := mail.SplitHead(raw)
			if n, ok := dsn.Parse(head, body); ok && len(n.Outcomes) > 0 && strings.EqualFold(string(n.Outcomes[0].Action), action) {
				return true
			}
		}
	}
	return false
}

// validReports checks each report against RFC 3464 as far as a peer would.
func (r *run) validReports() error {
	list := r.reports()
	if len(list) == 0 {
		return errors.New("there is no report")
	}
	for _, raw := range list {
		head, body := mail.SplitHead(raw)
		n, ok := dsn.Parse(head, body)
		switch {
		case !ok || len(n.Outcomes) == 0:
			return errors.New("the report cannot be read")
		case bytes.ContainsFunc(raw, func(c rune) bool { return c < ' ' && c != '\r' && c != '\n' && c != '\t' }):
			return errors.New("the report has raw control octets")
		}
		fields := 0
		for line := range strings.Lines(string(body)) {
			if strings.HasPrefix(strings.ToLower(line), "final-recipient:") {
				fields++
			}
		}
		if fields == 0 || !strings.Contains(strings.ToLower(string(body)), "\r\naction:") || !strings.Contains(strings.ToLower(string(body)), "\r\nstatus:") {
			return errors.New("the report lacks a field that must be there (RFC 3464 §2.3)")
		}
	}
	return nil
}

// submit sends a letter as alice through the submissions door.
func (r *run) submit(to, subject, body string, params ...string) error {
	c, err := dialTLS(r.w.doors["submissions"], "127.0.0.1", r.w.trust)
	if err != nil {
		return err
	}
	defer c.close()
	c.listen()
	step := func(s string) error {
		c.write([]byte(s))
		c.settle(patience, patience, func() bool {
			d := readSMTP(c, false)
			return d.greeting != nil && d.pending == 0 && (!d.open || strings.HasSuffix(s, "DATA\r\n"))
		})
		d := readSMTP(c, false)
		if e, bad := d.refusal(); bad {
			return fmt.Errorf("%s: %s", e.verb, e.last().text())
		}
		return nil
	}
	letter := "From: alice@" + domain + "\r\nTo: " + to + "\r\nSubject: " + subject + "\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", "-") + "@" + domain + ">\r\nDate: " +
		time.Now().Format(time.RFC1123Z) + "\r\n\r\n" + body
	for _, s := range []string{
		"EHLO client.test\r\nAUTH PLAIN " + alicePlain + "\r\n",
		"MAIL FROM:<alice@" + domain + ">" + strings.Join(append([]string{""}, params...), " ") + "\r\n",
		"RCPT TO:<" + to + "> NOTIFY=SUCCESS,FAILURE\r\n",
		"DATA\r\n",
		strings.ReplaceAll(letter, "\r\n.", "\r\n..") + "\r\n.\r\n",
	} {
		if err := step(s); err != nil {
			return err
		}
	}
	return nil
}
