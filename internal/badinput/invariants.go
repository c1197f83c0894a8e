package badinput

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A check looks at one invariant. It gets what the pattern's groups matched, and
// returns what is wrong, "" if nothing is.
type check func(r *run, m []string) string

// An invariant is a pattern of invariants and how they are looked at.
type invariant struct {
	pattern string
	late    bool // when the gateway has stopped: logs, digests
	check   check
}

// unobservable marks an invariant that is known but cannot be seen from here.
const unobservable = "\x00"

func invariants() []invariant {
	all := append(countInvariants(), wireInvariants()...)
	all = append(all, storeInvariants()...)
	all = append(all, relayInvariants()...)
	return append(all, lateInvariants()...)
}

// live looks at what is to be seen while the gateway runs.
func (r *run) live() { r.look(false) }

// afterwards looks at the rest.
func (r *run) afterwards() { r.look(true) }

func (r *run) look(late bool) {
	all := invariants()
	for _, inv := range r.c.Invariants {
		i := slices.IndexFunc(all, func(k invariant) bool { return regexp.MustCompile("^(?:" + k.pattern + ")$").MatchString(inv) })
		if i < 0 {
			if late {
				r.open = append(r.open, inv)
			}
			continue
		}
		if all[i].late != late {
			continue
		}
		m := regexp.MustCompile("^(?:" + all[i].pattern + ")$").FindStringSubmatch(inv)
		switch wrong := all[i].check(r, m); {
		case strings.HasPrefix(wrong, unobservable):
			r.open = append(r.open, inv+strings.TrimPrefix(wrong, unobservable))
		case wrong != "":
			r.miss("%s: %s", inv, wrong)
		}
	}
}

// compare checks "got OP want" and words the miss.
func compare(got float64, op, want string) string {
	n, err := strconv.ParseFloat(want, 64)
	ok := map[string]bool{"<": got < n, "<=": got <= n, "==": got == n, ">=": got >= n, ">": got > n}[op]
	if err != nil || !ok {
		return fmt.Sprintf("it is %.4g", got)
	}
	return ""
}

const cmp = `(<=|>=|==|<|>)`

// queued are the messages that were taken, by whichever door.
func (r *run) queued() []int { return append(r.w.received(), r.w.submitted()...) }

func countInvariants() []invariant {
	return []invariant{
		{`nothing_queued|nothing_accepted`, false, func(r *run, _ []string) string {
			if n := len(r.queued()); n > 0 {
				return fmt.Sprintf("%d messages are", n)
			}
			return ""
		}},
		{`queued` + cmp + `(\d+)`, false, func(r *run, m []string) string { return compare(float64(len(r.queued())), m[1], m[2]) }},
		{`deliveries` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			if r.c.Protocol != "smarthost" {
				return compare(float64(r.w.count(`SELECT count(*) FROM delivery`)), m[1], m[2])
			}
			if r.outcome().state == "deferred" {
				r.again()
			}
			return compare(float64(len(r.host.Delivered())), m[1], m[2])
		}},
		{`rss_growth_mib<(\d+)`, false, func(r *run, m []string) string { return compare(float64(r.growth)/(1<<20), "<", m[1]) }},
		{`cpu_ms<(\d+)`, false, func(r *run, m []string) string {
			if n := float64(r.cpu.Milliseconds()); r.c.has(calendar) {
				// Three letters are taken; what the calendar costs is its reading.
				_, took, _ := r.readCalendar()
				return compare(max(float64(took.Milliseconds()), n/3), "<", m[1])
			} else {
				return compare(n, "<", m[1])
			}
		}},
		{`cpu<(\d+)%`, false, func(r *run, m []string) string {
			return compare(100*r.cpu.Seconds()/max(r.took.Seconds(), 0.01), "<", m[1])
		}},
		{`open_from_ip<=(\d+)`, false, func(r *run, m []string) string {
			if len(r.opened) == 0 {
				return unobservable
			}
			return compare(float64(r.opened[0]), "<=", m[1])
		}},
		{`occurrences_expanded<=(\d+)`, false, func(r *run, m []string) string {
			days, _, _ := r.readCalendar()
			return compare(float64(days), "<=", m[1])
		}},
		{`auto_replies_sent==0`, false, func(r *run, _ []string) string {
			time.Sleep(200 * time.Millisecond)
			if n := len(r.host.Transactions()) + r.w.count(`SELECT count(*) FROM submission`); n > 0 {
				return fmt.Sprintf("%d letters left", n)
			}
			return ""
		}},
	}
}

// wireInvariants are about what was said, and when.
func wireInvariants() []invariant {
	return []invariant{
		{`reply_within_ms<(\d+)`, false, (*run).inTime},
		{`closed_within_ms<(\d+)`, false, func(r *run, m []string) string {
			if r.p == nil { // We are the client: we have given up, and the ledger says so.
				return compare(float64(r.took.Milliseconds()), "<", m[1])
			}
			if !r.closed {
				return "the connection is open"
			}
			r.p.wire.mu.Lock()
			took := r.p.wire.closedAt.Sub(r.p.wire.began) * time.Duration(max(r.w.setup.Shrink, 1))
			r.p.wire.mu.Unlock()
			return compare(float64(took.Milliseconds()), "<", m[1])
		}},
		{`closed_after<=(\d+)`, false, func(r *run, m []string) string {
			if !r.closed {
				return "the connection is open"
			}
			n := len(r.smtp.said())
			if r.p.door.imap {
				n = len(r.imap.responses)
			}
			return compare(float64(n), "<=", m[1])
		}},
		{`closed_or_bounded`, false, func(r *run, _ []string) string {
			if !r.closed && !r.p.done() {
				return "the connection is open and wants more"
			}
			return ""
		}},
		{`attempts_answered<=(\d+)`, false, func(r *run, m []string) string {
			n := 0
			for _, x := range r.smtp.said() {
				if x.code == 535 {
					n++
				}
			}
			for _, x := range r.imap.responses {
				if x.word() == "NO" {
					n++
				}
			}
			return compare(float64(n), "<=", m[1])
		}},
		{`accepted_rcpt` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			n := 0
			for _, e := range r.smtp.exchanges {
				if e.verb == "RCPT" && e.code()/100 == 2 {
					n++
				}
			}
			return compare(float64(n), m[1], m[2])
		}},
		{`replies_after_data==(\d+)`, false, func(r *run, m []string) string {
			e, _ := r.smtp.first("BODY")
			return compare(float64(len(e.replies)), "==", m[1])
		}},
		{`reply_matches:(.*)`, false, func(r *run, m []string) string {
			e, _ := r.phase()
			if !regexp.MustCompile(m[1]).MatchString(e.last().text()) {
				return fmt.Sprintf("it is %q", e.last().text())
			}
			return ""
		}},
		{`reply_has_no_bare_cr`, false, func(r *run, _ []string) string {
			b, _ := r.p.wire.said()
			if bytes.ContainsRune(bytes.ReplaceAll(b, []byte("\r\n"), nil), '\r') {
				return "it has"
			}
			return ""
		}},
		{`reply_has_no:(.*)`, false, func(r *run, m []string) string {
			if b, _ := r.p.wire.said(); bytes.Contains(b, []byte(m[1])) {
				return "it has"
			}
			return ""
		}},
		{`ehlo_before_tls_has_no:(.*)`, false, func(r *run, m []string) string {
			for _, e := range r.smtp.exchanges {
				if e.verb == "EHLO" && strings.Contains(e.last().text(), m[1]) {
					return "it has"
				}
			}
			return ""
		}},
		{`no_event:(.*)`, false, (*run).noEvent},
		{`median_ms_difference<(\d+)%_over_(\d+)`, false, (*run).sameTime},
		{`imap_connection_stays`, false, func(r *run, _ []string) string {
			if r.c.Protocol == "imap" {
				if r.closed {
					return "it was closed"
				}
				return ""
			}
			return r.every(func(shown) string { return "" }) // A reader of what came.
		}},
		{`other_sessions_p99_ms<(\d+)`, false, func(r *run, m []string) string {
			return r.meanwhile(m[1])
		}},
		{`seq_map_consistent|uids_strictly_ascending_within_uidvalidity`, false, (*run).ascending},
	}
}

// inTime measures from the last octet of the tested command to its reply.
func (r *run) inTime(m []string) string {
	var sent, said time.Time
	w := r.p.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.p.door.imap {
		for i, tag := range r.imap.tags {
			if setUp(tag) {
				continue
			}
			for _, x := range r.imap.responses {
				if x.tag == tag || x.word() == "BYE" || x.tag == "*" && x.word() == "BAD" {
					sent, said = at(w.sentAt, r.imap.ends[i]), x.at
				}
			}
			break
		}
	} else if e, ok := r.phase(); ok && len(e.replies) > 0 {
		sent, said = at(w.sentAt, e.end), e.replies[0].at
	}
	if said.IsZero() {
		return "there was none"
	}
	return compare(float64(said.Sub(sent).Milliseconds()), "<", m[1])
}

// phase is the exchange that the row is about.
func (r *run) phase() (exchange, bool) {
	if r.c.mentions(forcedError) {
		if e, ok := r.smtp.first("BODY"); ok {
			return e, true
		}
	}
	return r.smtp.phase(r.c.Phase)
}

// noEvent checks that something did not happen: a command was not obeyed ("MAIL"), an
// address was not taken, a mailbox was not made, octets of a body, chunk or literal
// were not commands.
func (r *run) noEvent(m []string) string {
	name := m[1]
	switch {
	case strings.HasSuffix(name, "_as_command"):
		for _, x := range r.smtp.extra {
			if x.code != 421 {
				return fmt.Sprintf("%q was said to it", x.text())
			}
		}
		for _, x := range r.imap.responses {
			if x.tag != "*" && x.tag != "+" && !slices.Contains(r.imap.tags, x.tag) {
				return fmt.Sprintf("%q was said to it", x)
			}
		}
	case name == strings.ToUpper(name) && !strings.Contains(name, "@"):
		for _, e := range r.smtp.exchanges {
			if e.verb == name && e.code()/100 == 2 && e.whole {
				return fmt.Sprintf("%s was obeyed: %q", name, e.last().text())
			}
			for _, x := range e.replies[min(1, len(e.replies)):] {
				if e.verb != name && e.verb != "AUTH" && x.code == 250 && r.smtp.open {
					return fmt.Sprintf("%s was obeyed: %q", name, x.text())
				}
			}
		}
		for _, x := range r.smtp.extra {
			if x.code/100 == 2 || x.code == 354 {
				return fmt.Sprintf("%s was obeyed: %q", name, x.text())
			}
		}
	case strings.Contains(name, "@"):
		n := r.w.count(`SELECT count(*) FROM delivery d JOIN address a USING (person_id) WHERE a.address = ?`, name) +
			r.w.count(`SELECT count(*) FROM recipient WHERE address = ?`, name)
		if n != 0 {
			return fmt.Sprintf("%d letters were taken for it", n)
		}
	default:
		if n := r.w.count(`SELECT count(*) FROM mailbox WHERE name LIKE ?`, "%"+name+"%"); n != 0 {
			return "there is a mailbox of that name"
		}
		if n := r.w.count(`SELECT count(*) FROM event WHERE kind = ?`, name); n != 0 {
			return "the ledger has it"
		}
	}
	return ""
}

// sameTime compares a wrong password with an unknown name: text, and the medians of
// how long the answers take.
func (r *run) sameTime(m []string) string {
	limit, _ := strconv.ParseFloat(m[1], 64)
	// alice:bad, nobody1:bad, and bob:bad, which tells how much a busy machine blurs.
	tries := []string{"AGFsaWNlAGJhZA==", "AG5vYm9keTEAYmFk", "AGJvYgBiYWQ="}
	took := make([][]time.Duration, len(tries))
	said := map[string]bool{}
	const rounds = 40
	for i := range rounds * len(tries) {
		k := i % len(tries)
		d, text, err := r.timeLogin(tries[k], fmt.Sprintf("127.2.%d.%d", k, i/len(tries)+1))
		if err != nil {
			return err.Error()
		}
		took[k] = append(took[k], d)
		said[text] = true
	}
	for i := range took {
		slices.Sort(took[i])
	}
	apart := func(i, j int) float64 {
		a, b := took[i][rounds/2].Seconds(), took[j][rounds/2].Seconds()
		return 100 * (max(a, b) - min(a, b)) / max(a, b)
	}
	diff, blur := apart(0, 1), apart(0, 2)
	switch {
	case len(said) != 1:
		return fmt.Sprintf("%d different answers", len(said))
	case diff >= limit && diff < 2*blur+limit:
		return unobservable + fmt.Sprintf(" (%.0f %%, but %.0f %% between two who exist: the machine is busy)", diff, blur)
	case diff >= limit:
		return fmt.Sprintf("%.0f %% over %d tries", diff, rounds)
	}
	return ""
}

// timeLogin measures how long the answer to one initial response takes.
func (r *run) timeLogin(initial, source string) (took time.Duration, said string, err error) {
	c, err := dialTLS(r.w.doors["submissions"], source, r.w.trust)
	if err != nil {
		return 0, "", err
	}
	defer c.close()
	c.listen()
	c.write([]byte("EHLO client.test\r\n"))
	c.settle(patience, patience, func() bool { return len(readSMTP(c, false).said()) == 2 })
	t := time.Now()
	c.write([]byte("AUTH PLAIN " + initial + "\r\n"))
	c.settle(patience, patience, func() bool { return len(readSMTP(c, false).said()) == 3 })
	took = time.Since(t)
	if e, ok := readSMTP(c, false).first("AUTH"); ok {
		said = e.last().text()
	}
	return took, said, nil
}

// meanwhile plays the row again while somebody else works, and compares the slowest of
// his hundred commands.
func (r *run) meanwhile(limit string) string {
	var group sync.WaitGroup
	group.Go(func() {
		if p, err := r.c.play(r.w, whole()); err == nil {
			p.wire.close()
		}
	})
	defer group.Wait()
	time.Sleep(50 * time.Millisecond)
	c, err := r.w.login("bob")
	if err != nil {
		return err.Error()
	}
	defer c.close()
	var took []time.Duration
	for i := range 100 {
		t := time.Now()
		if _, ok := c.command(fmt.Sprintf("m%d", i), "STATUS INBOX (MESSAGES UNSEEN)"); !ok {
			return "his command fails: " + lastLine(c)
		}
		took = append(took, time.Since(t))
		time.Sleep(2 * time.Millisecond)
	}
	slices.Sort(took)
	return compare(float64(took[98].Milliseconds()), "<", limit)
}

// ascending checks the UIDs of every mailbox.
func (r *run) ascending([]string) string {
	if n := r.w.count(`SELECT count(*) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE e.uid >= b.uidnext`); n != 0 {
		return fmt.Sprintf("%d UIDs are not below UIDNEXT", n)
	}
	if n := r.w.count(`SELECT count(*) FROM entry e JOIN expunged x ON x.mailbox_id = e.mailbox_id AND x.uid = e.uid`); n != 0 {
		return fmt.Sprintf("%d UIDs were used twice", n)
	}
	return ""
}

// relayInvariants are about what the smarthost was told.
func relayInvariants() []invariant {
	commands := func(r *run, prefix string) int {
		n := 0
		for _, c := range r.host.Commands() {
			if strings.HasPrefix(strings.ToUpper(c), prefix) {
				n++
			}
		}
		return n
	}
	return []invariant{
		{`nothing_relayed|no_data_sent`, false, func(r *run, _ []string) string {
			if n := len(r.host.Transactions()); n > 0 {
				return fmt.Sprintf("%d messages were", n)
			}
			return ""
		}},
		{`smarthost_sees_no:(.*)`, false, func(r *run, m []string) string {
			time.Sleep(100 * time.Millisecond)
			for _, c := range r.host.Commands() {
				if strings.Contains(strings.ToLower(c), strings.ToLower(m[1])) {
					return fmt.Sprintf("it sees %q", c)
				}
			}
			return ""
		}},
		{`no_auth_sent`, false, func(r *run, _ []string) string {
			if commands(r, "AUTH") > 0 {
				return "it was"
			}
			return ""
		}},
		{`no_auth_sent_before_tls`, false, func(r *run, _ []string) string {
			for _, c := range r.host.Commands() {
				if up := strings.ToUpper(c); up == "STARTTLS" {
					return ""
				} else if strings.HasPrefix(up, "AUTH") {
					return "it was"
				}
			}
			return ""
		}},
		{`relayed_has_no:(.*)`, false, func(r *run, m []string) string {
			return r.relayed(func(head string) string {
				if strings.Contains(strings.ToLower("\n"+head), "\n"+strings.ToLower(m[1])+":") {
					return "it has"
				}
				return ""
			})
		}},
		{`ui_shows:(.*)`, false, func(r *run, m []string) string {
			return r.relayed(func(head string) string {
				if !strings.Contains(head, "<"+m[1]+">") && !strings.Contains(head, ": "+m[1]) {
					return "From does not have it"
				}
				return ""
			})
		}},
		{`ledger:(.*)`, false, func(r *run, m []string) string {
			if r.w.count(`SELECT count(*) FROM event WHERE kind = ? OR state = ?`, m[1], m[1]) < 1 {
				return "the ledger has none"
			}
			return ""
		}},
		{`dsn_is_valid_3464`, false, func(r *run, _ []string) string {
			if err := r.validReports(); err != nil {
				return err.Error()
			}
			return ""
		}},
		{`retries_use_same_message_id`, false, func(r *run, _ []string) string {
			if r.outcome().state == "deferred" {
				r.again()
			}
			ids := map[string]bool{}
			for _, t := range r.host.Transactions() {
				ids[t.Header("Message-ID")] = true
			}
			if len(ids) > 1 {
				return fmt.Sprintf("there are %d", len(ids))
			}
			return ""
		}},
		{`other_deliveries_p99_ms<(\d+)`, false, func(r *run, m []string) string {
			t := time.Now()
			if err := r.submit("boss@"+domain, "to a colleague", "x\r\n"); err != nil {
				return err.Error()
			}
			for end := t.Add(patience); time.Now().Before(end) && r.w.count(`SELECT count(*) FROM delivery`) < 1 &&
				r.w.count(`SELECT count(*) FROM recipient WHERE address LIKE 'boss@%'`) < 1; {
				time.Sleep(10 * time.Millisecond)
			}
			return compare(float64(time.Since(t).Milliseconds()), "<", m[1])
		}},
	}
}

// relayed waits for the message to leave and looks at its header.
func (r *run) relayed(look func(head string) string) string {
	for end := time.Now().Add(relayWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if list := r.host.Transactions(); len(list) > 0 {
			for _, t := range list {
				head, _, _ := bytes.Cut(t.Data, []byte("\r\n\r\n"))
				if bad := look(string(head)); bad != "" {
					return bad
				}
			}
			return ""
		}
	}
	return "nothing was relayed"
}

// outsideFiles are files beside the team's directory that were not there.
func (r *run) outsideFiles() []string {
	var out []string
	parent := filepath.Dir(r.w.setup.Dir)
	for name := range filesIn(parent) {
		if !r.w.before[name] {
			out = append(out, name)
		}
	}
	for name := range filesIn(r.w.setup.data()) {
		if !strings.HasPrefix(name, "tidepost.") && name != "control.sock" && name != "lock" && name != "LOCK" {
			out = append(out, "data/"+name)
		}
	}
	return out
}

// ipSeen reports whether an address stands in the log or in a stored header.
func (r *run) ipSeen(ip string) bool {
	if net.ParseIP(ip) == nil {
		return false
	}
	if bytes.Contains(r.w.log.Bytes(), []byte("ip="+ip+" ")) {
		return true
	}
	for _, head := range r.w.texts(`SELECT head FROM message`) {
		if strings.Contains(head, "["+ip+"]") {
			return true
		}
	}
	return false
}
