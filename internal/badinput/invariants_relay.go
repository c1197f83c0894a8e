package badinput

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

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
		{`smarthost_sees:(.*)`, false, func(r *run, m []string) string {
			for end := time.Now().Add(relayWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				for _, c := range r.host.Commands() {
					if strings.Contains(strings.ToLower(c), strings.ToLower(m[1])) {
						return ""
					}
				}
			}
			return "it does not"
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
		{`relayed_has:(.*)`, false, func(r *run, m []string) string {
			return r.relayed(func(head string) string {
				if !strings.Contains(strings.ToLower("\n"+head), strings.ToLower(m[1])) {
					return "it has not"
				}
				return ""
			})
		}},
		{`(?:recipient_)?state(?:==|:)(.*)`, false, func(r *run, m []string) string {
			if got := r.outcome().state; got != m[1] {
				return "it is " + got
			}
			return ""
		}},
		{`dsn_has_no:(.*)`, false, func(r *run, m []string) string {
			for _, raw := range r.reports() {
				if bytes.Contains(bytes.ToLower(raw), bytes.ToLower([]byte(m[1]))) {
					return "it has"
				}
			}
			return ""
		}},
		{`dsn_has:(.*)`, false, func(r *run, m []string) string {
			for _, raw := range r.reports() {
				if bytes.Contains(bytes.ToLower(raw), bytes.ToLower([]byte(m[1]))) {
					return ""
				}
			}
			return "it has not"
		}},
		{`ledger_has_no:(.*)`, false, func(r *run, m []string) string {
			if r.w.count(`SELECT count(*) FROM event WHERE kind = ? OR state = ?`, m[1], m[1]) > 0 {
				return "it has"
			}
			return ""
		}},
		{`ui_shows:(.*)`, false, func(r *run, m []string) string {
			return r.relayed(func(head string) string {
				if !strings.Contains(head, "<"+m[1]+">") && !strings.Contains(head, ": "+m[1]) {
					return "From does not have it"
				}
				return ""
			})
		}},
		{`ledger(?:_has)?:(.*)`, false, func(r *run, m []string) string {
			if r.w.count(`SELECT count(*) FROM event WHERE kind = ? OR state = ?`, m[1], m[1]) < 1 {
				return "the ledger has none"
			}
			return ""
		}},
		{`(?:dsn|bounce|report)_is_valid(?:_3464)?`, false, func(r *run, _ []string) string {
			if err := r.validReports(); err != nil {
				return err.Error()
			}
			return ""
		}},
		{`(?:retries_use_)?same_message_id`, false, func(r *run, _ []string) string {
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
		if !strings.HasPrefix(name, "tidepost.") && name != "control.sock" && name != "people.roll" && name != "lock" && name != "LOCK" {
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
