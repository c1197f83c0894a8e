package faults

import (
	"fmt"
	"net/smtp"
	"strings"
	"time"

	"tidepost/e2e/reconcile"
)

// failSyncs lets the n-th sync fail, for every n: no mail may be acknowledged behind
// it, the server ends with an error, and starts clean.
func failSyncs(t *T) {
	if err := canTrace(); err != nil {
		t.Skipf("%v", err)
	}
	n := t.dose(40, 500)
	l := underLoad(install(t, setup{}))
	var list []string
	for at := 1; at <= n && !t.Failed(); at++ {
		list = append(list, fmt.Sprintf("%d:%s", at, l.failSync(at)))
	}
	t.Logf("%s", strings.Join(list, " "))
	l.wrap = nil
	l.start()
	l.settle(time.Minute)
	l.stop()
	l.sound()
	f := l.judge(true, n)
	t.say("EIO at sync 1..%d: 0 false 250, ended with an error each time; %d mails acknowledged, all there", n, countAcked(f))
}

func countAcked(f reconcile.Facts) int {
	n := 0
	for _, s := range f.Sent {
		if !s.Acked.IsZero() {
			n++
		}
	}
	return n
}

// failSync sends until the n-th sync has failed and the server has ended of it.
func (l *load) failSync(n int) string {
	l.trace(point{n: n, calls: syncing, eio: true})
	l.start()
	l.arm()
	for deadline := time.Now().Add(patience); l.hit() == "" && time.Now().Before(deadline) && l.running(); {
		l.untilHit()
	}
	what := l.hit()
	if what == "" {
		l.Fatalf("sync %d never came", n)
	}
	if harmless(what) {
		l.kill()
		return "(" + strings.Fields(what)[1] + ", harmless)"
	}
	err, ended := l.ended(stopTime)
	switch {
	case !ended:
		l.Errorf("sync %d (%s) failed, and the server goes on", n, what)
		l.kill()
	case err == nil:
		l.Errorf("sync %d (%s) failed, and the server ended with exit code 0", n, what)
	}
	l.kill()
	call := strings.Fields(what)
	return call[0] + "(" + call[1] + ")"
}

// harmless reports whether nothing depends on the sync that has failed, and SQLite takes
// no notice: its own sync of the directory, which the server has synced before it took
// mail; and the syncs of a checkpoint, whose pages stay in the WAL and are written
// again. The second sync of the WAL in a row is such a one: there is nothing new in it.
func harmless(what string) bool {
	f := strings.Fields(what)
	return len(f) > 1 && (f[1] == "data" || f[1] == "tidepost.db" || f[1] == "tidepost.db-wal" && f[len(f)-1] == "again")
}

// untilHit sends one mail after the other; one that was on its way when the sync
// failed must not be acknowledged.
func (l *load) untilHit() {
	c, err := l.connect("submissions")
	if err != nil {
		return
	}
	defer c.Close()
	for l.hit() == "" {
		s, text := l.make(reconcile.Held)
		if err := l.sendOrFail(c, s, text); err != nil {
			return
		}
	}
	if harmless(l.hit()) {
		return
	}
	// Nothing may be acknowledged from now on.
	s, text := l.make(reconcile.Held)
	if l.send(c, s, text, "submissions") == nil {
		l.Errorf("<%s> was sent after the sync had failed, and acknowledged", s.ID)
	}
}

// sendOrFail sends a mail; to acknowledge it although its sync failed is wrong. If there
// was another sync since it was begun, that may have been its own: the server writes its
// index behind every mail.
func (l *load) sendOrFail(c *smtp.Client, s reconcile.Sent, text string) error {
	if err := l.send(c, s, text, "submissions"); err != nil {
		return err
	}
	what := l.hit()
	if what == "" || harmless(what) {
		return nil
	}
	prev, err := time.Parse(time.RFC3339Nano, strings.Fields(what)[2])
	if err != nil {
		l.Fatalf("report of the tracer: %v", err)
	}
	if prev.Before(s.At) {
		l.Errorf("<%s> was acknowledged, but its sync had failed: %s", s.ID, what)
	}
	return nil
}
