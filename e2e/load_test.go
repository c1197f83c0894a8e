package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
	"tidepost/internal/testkit"
)

// A load is traffic on an installation.
type load struct {
	*server
	*traffic.Traffic
}

// underLoad makes an installation for runs that end and start the server again. With an
// undo time there is always mail about to leave, without one mail leaves as it is
// accepted.
func underLoad(t *testing.T, undo time.Duration) *load {
	t.Helper()
	outside := t.TempDir() // of the data directory
	upstream := filepath.Join(outside, "upstream")
	s := setup(t, options{
		people:    []person{awake("ana"), awake("tom", "--tides", hoursFrom("Europe/London", 10)[len("daily "):][:5]), asleep("mei")},
		config:    map[string]string{"hold.undo": strconv.Quote(undo.String()), "log.level": `"info"`, "relay.connections": "8"},
		smarthost: testkit.SmarthostOptions{Log: upstream},
	})
	// A reply that takes its time: kills fall between the end of a mail and its 250.
	s.smarthost.Script(testkit.Rule{Verb: "EOD", Delay: 20 * time.Millisecond})
	return &load{s, traffic.New(t, traffic.Options{
		Addr: s.addr, Password: password, Journal: filepath.Join(outside, "journal"), Upstream: upstream,
		Database: filepath.Join(s.data, "tidepost.db"), Wait: undo,
	})}
}

// Judge lets the program look at what a killed server has left, as its next start would:
// express mail lies in the database without rows of its own until then. Then everything
// is compared.
func (l *load) Judge(settled bool, kills int) reconcile.Facts {
	l.t.Helper()
	l.sound()
	return l.Traffic.Judge(settled, kills)
}

// settle waits until everything that may leave has left.
func (l *load) settle() {
	l.t.Helper()
	until(l.t, 2*time.Minute, func() error {
		var list []queued
		l.ask(&list, "queue", "list", "--limit", "10000")
		for _, q := range list {
			for _, r := range q.Recipients {
				if r.Address != traffic.Mei && !slices.Contains([]string{"delivered", "bounced", "cancelled", "expired"}, r.State) {
					return fmt.Errorf("<%s> to %s is still %s", q.MessageID, r.Address, r.State)
				}
			}
		}
		return nil
	})
}

// readers compares what is read over IMAP with what should have arrived: every
// acknowledged mail once, in some folder, and drafts of what was taken back.
func (l *load) readers(f reconcile.Facts) {
	l.t.Helper()
	r := l.reader(l.t, "ana")
	drafts, waiting := map[string]int{}, map[string]int{}
	for _, mid := range r.mids("Drafts") {
		drafts[mid]++
	}
	for _, mid := range r.mids("Scheduled") {
		waiting[mid]++
	}
	for _, s := range f.Sent {
		d, w := drafts[s.ID], waiting[s.ID]
		if want := 1; !s.Returned.IsZero() && traffic.ByMove(s.ID) && d != want || d > want || w > want || d+w == 2 {
			l.t.Errorf("<%s>, taken back %v, is %d times in Drafts and %d times in Scheduled", s.ID, !s.Returned.IsZero(), d, w)
		}
	}
	for _, name := range []string{"ana", "tom", "mei"} {
		r := l.reader(l.t, name)
		have := map[string]int{}
		for _, folder := range []string{"INBOX", "Next delivery"} {
			for _, mid := range r.mids(folder) {
				if strings.HasSuffix(mid, "@load.example") {
					have[mid]++
				}
			}
		}
		for _, s := range f.Sent {
			for _, g := range s.To {
				if g.Address != name+"@team.example" {
					continue
				}
				n := have[s.ID]
				switch {
				case g.Way == reconcile.Held && n != 0:
					l.t.Errorf("%s has <%s>, which is held", name, s.ID)
				case g.Way != reconcile.Held && n > 1, g.Way != reconcile.Held && n == 0 && !s.Acked.IsZero():
					l.t.Errorf("%s sees <%s> %d times", name, s.ID, n)
				}
			}
		}
	}
}
