package badinput

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
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
	all = append(all, replyInvariants()...)
	all = append(all, storeInvariants()...)
	all = append(all, relayInvariants()...)
	all = append(all, alwaysInvariants()...)
	return append(all, lateInvariants()...)
}

// A spelling is another way to say what the language has a word for.
type spelling struct{ pattern, word string }

// spellings are tried in this order, each on what the one before has left.
func spellings() []spelling {
	return []spelling{
		{`^(.*[a-z_])=(\d+)$`, `$1==$2`},
		{`≤`, `<=`}, {`≥`, `>=`},
		{`^(?:stored|queue_length|messages_(?:stored|queued|accepted)|accepted(?:_messages)?|taken)` + cmp, `queued$1`},
		{`^no(?:t|thing|_messages?|_mail)?_(?:queued|stored|accepted|delivered|new_messages?)$`, `nothing_queued`},
		{`^(?:not|nothing|none|no)_(?:relayed|relay|sent|forwarded|leaves)$`, `nothing_relayed`},
		{`^(?:copies|delivered)` + cmp, `deliveries$1`},
		{`^(?:mem|memory|heap|rss)(?:_growth)?_(mib|mb|kib|kb)(<=?)`, `rss_growth_$1$2`},
		{`^(?:answer|answered|answers|response|responds|replied|replies|reply)_(?:with)?in_(ms|s)(<=?)`, `reply_within_$1$2`},
		{`^(?:close|closes|ends?|ended|closed|gone)_(?:with)?in_(ms|s)(<=?)`, `closed_within_$1$2`},
		{`^(?:dsns?|bounces?|reports?)(?:_sent)?` + cmp, `reports$1`},
		{`^no_(?:dsn|bounce|report|backscatter)(?:_sent)?$`, `reports==0`},
		{`^no_auto_repl(?:y|ies)(?:_sent)?$`, `auto_replies_sent==0`},
		{`^auto_repl(?:y|ies)(?:_sent)?` + cmp, `auto_replies_sent$1`},
		{`^(?:smarthost|relay|upstream)_(?:sees|saw|gets|got|hears|heard)_no(?:ne)?:`, `smarthost_sees_no:`},
		{`^(?:smarthost|relay|upstream)_(?:sees|saw|gets|got|hears|heard):`, `smarthost_sees:`},
		{`^(?:others?|other_(?:sessions|clients|people))_p99_ms<`, `other_sessions_p99_ms<`},
		{`^(?:other_(?:deliveries|mail|routes))_p99_ms<`, `other_deliveries_p99_ms<`},
		{`^capabilit(?:y|ies)_`, `ehlo_`},
		{`^no_(?:early_release|early|release_before_due)$|^not_early$`, `never_early`},
		{`^(?:once|only_once|no_duplicates?|not_twice|one_winner|released_once|sent_once)$`, `exactly_once`},
		{`_sanitized`, `_sanitised`},
	}
}

// spelled is an invariant in the words of the language.
func spelled(inv string) string {
	for _, s := range spellings() {
		inv = regexp.MustCompile(s.pattern).ReplaceAllString(inv, s.word)
	}
	return inv
}

// live looks at what is to be seen while the gateway runs.
func (r *run) live() { r.look(false) }

// afterwards looks at the rest.
func (r *run) afterwards() { r.look(true) }

// findInvariant finds who checks an invariant, and what its pattern matches.
func findInvariant(inv string) (invariant, []string, bool) {
	inv = spelled(inv)
	for _, k := range invariants() {
		if m := regexp.MustCompile("^(?:" + k.pattern + ")$").FindStringSubmatch(inv); m != nil {
			return k, m, true
		}
	}
	return invariant{}, nil, false
}

func (r *run) look(late bool) {
	for _, inv := range r.c.Invariants {
		k, m, ok := findInvariant(inv)
		if !ok && late {
			r.miss("%q is no invariant of the language", inv)
		}
		if !ok || k.late != late {
			continue
		}
		switch wrong := k.check(r, m); {
		case strings.HasPrefix(wrong, unobservable):
			r.open = append(r.open, inv+strings.TrimPrefix(wrong, unobservable))
		case wrong != "":
			r.miss("%s: %s", inv, wrong)
		}
	}
}

// wired lets a check see only rows that are octets at a door.
func wired(list []invariant) []invariant {
	for i, k := range list {
		check := k.check
		list[i].check = func(r *run, m []string) string {
			if r.p == nil {
				return unobservable + " (no connection of ours)"
			}
			return check(r, m)
		}
	}
	return list
}

// alwaysInvariants are looked at in every row; here are only their names.
func alwaysInvariants() []invariant {
	checked := func(*run, []string) string { return "" }
	unseen := func(*run, []string) string { return unobservable }
	return []invariant{
		{`no_panic|no_crash|server_(?:alive|lives|up)|process_alive|gateway_alive|log_has_no_(?:raw_control|panic|passwords?|secrets?)`, false, checked},
		{`(?:dialogue|session|connection)_(?:in_step|stays|usable|goes_on|alive)|in_step`, false, func(r *run, _ []string) string {
			if r.closed {
				return "it was closed"
			}
			return "" // Whether it obeys is looked at in every row.
		}},
		{`never_early|exactly_once`, false, func(r *run, _ []string) string {
			if r.raced {
				return "" // All of them were counted.
			}
			return r.once()
		}},
		{`(?:no_)?(?:goroutines?|fds?|descriptors?|threads?)(?:_leak.*|_back_to_base|` + cmp + `\d+)`, false, unseen},
		{`admin_.*|page_.*|ui_(?:escapes|csv).*|csv_.*`, false, func(*run, []string) string { return unobservable + " (no pages)" }},
		{`other_mail_arrives|neighbours_arrive|next_message_(?:ok|arrives)|both_arrive`, false, func(r *run, _ []string) string {
			before := len(r.w.received())
			if code, err := r.deliver(plainLetter("next")); err != nil || code != 250 {
				return fmt.Sprintf("the next letter was answered by %d (%v)", code, err)
			}
			return compare(float64(len(r.w.received())), "==", fmt.Sprint(before+1))
		}},
	}
}

// once checks that nothing was handed over or filed twice.
func (r *run) once() string {
	seen := map[string]bool{}
	for _, t := range r.host.Transactions() {
		for _, f := range t.Recipients {
			k := t.Header("Message-ID") + " " + f.Address
			if t.Code/100 == 2 && seen[k] {
				return "twice to " + f.Address
			}
			seen[k] = t.Code/100 == 2
		}
	}
	if n := r.w.count(`SELECT count(*) FROM (SELECT 1 FROM entry e JOIN mailbox b ON b.id = e.mailbox_id GROUP BY b.person_id, b.id, e.message_id HAVING count(*) > 1)`); n > 0 && r.c.Protocol != "imap" {
		return fmt.Sprintf("%d letters lie twice in a folder", n)
	}
	return ""
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

// queued is how many messages of the row were taken, by whichever door.
func (r *run) queued() int { return len(r.w.received()) + len(r.w.submitted()) - r.honest }
