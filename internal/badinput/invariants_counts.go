package badinput

import (
	"fmt"
	"time"
)

func countInvariants() []invariant {
	return []invariant{
		{`nothing_queued|nothing_accepted`, false, func(r *run, _ []string) string {
			if n := r.queued(); n > 0 {
				return fmt.Sprintf("%d messages are", n)
			}
			return ""
		}},
		{`queued` + cmp + `(\d+)`, false, func(r *run, m []string) string { return compare(float64(r.queued()), m[1], m[2]) }},
		{`deliveries` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			if r.c.Protocol != "smarthost" {
				return compare(float64(r.w.count(`SELECT count(*) FROM delivery`)), m[1], m[2])
			}
			if r.outcome().state == "deferred" {
				r.again()
			}
			return compare(float64(len(r.host.Delivered())), m[1], m[2])
		}},
		{`rss_growth_(mib|mb|kib|kb)(<=?)(\d+)`, false, func(r *run, m []string) string {
			return compare(float64(r.growth)/map[byte]float64{'m': 1 << 20, 'k': 1 << 10}[m[1][0]], m[2], m[3])
		}},
		{`cpu_(?:s|seconds)(<=?)(\d+)`, false, func(r *run, m []string) string { return compare(r.cpu.Seconds(), m[1], m[2]) }},
		{`cpu_ms(<=?)(\d+)`, false, func(r *run, m []string) string {
			if n := float64(r.cpu.Milliseconds()); r.c.has(calendar) {
				// Three letters are taken; what the calendar costs is its reading.
				_, took, _ := r.readCalendar()
				return compare(max(float64(took.Milliseconds()), n/3), m[1], m[2])
			} else {
				return compare(n, m[1], m[2])
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
		{`auto_replies_sent` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			time.Sleep(200 * time.Millisecond)
			return compare(float64(len(r.host.Transactions())+r.w.count(`SELECT count(*) FROM submission`)), m[1], m[2])
		}},
		{`reports` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			time.Sleep(200 * time.Millisecond)
			return compare(float64(len(r.reports())), m[1], m[2])
		}},
		{`attempts` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			return compare(float64(r.w.count(`SELECT coalesce(max(attempts), 0) FROM recipient`)), m[1], m[2])
		}},
		{`mailboxes` + cmp + `(\d+)`, false, func(r *run, m []string) string {
			return compare(float64(r.w.count(`SELECT count(*) FROM mailbox WHERE kind = 'user'`)), m[1], m[2])
		}},
	}
}
