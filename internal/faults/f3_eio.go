package faults

import (
	"fmt"
	"slices"
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
	l.Size = 10 // A larger one is stored, and synced, before it is complete.
	var list []string
	for at := 1; at <= n && !t.Failed(); at++ {
		if at == n/2+1 {
			l.express()
		}
		list = append(list, fmt.Sprintf("%d:%s", at, l.failSync(at)))
	}
	t.Logf("%s", strings.Join(list, " "))
	l.wrap = nil
	l.start()
	l.settle(time.Minute)
	l.stop()
	f := l.Judge(true, n)
	if l.doubted == 0 {
		t.Errorf("no mail was ever in doubt: nothing was proved")
	}
	t.say("EIO at sync 1..%d: %d mails in doubt, none of them acknowledged, ended with an error each time; %d others acknowledged, all there", n, l.doubted, countAcked(f))
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
	doubt := inDoubt(what)
	l.falseAcks(doubt)
	l.doubted += len(doubt)
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

// inDoubt are the mails whose first way to the disk was the sync that has failed.
func inDoubt(what string) []string {
	for word := range strings.FieldsSeq(what) {
		if list, ok := strings.CutPrefix(word, "doubt="); ok && list != "" {
			return strings.Split(list, ",")
		}
	}
	return nil
}

// untilHit sends one mail after the other until the sync has failed.
func (l *load) untilHit() {
	c, err := l.Connect("submissions")
	if err != nil {
		return
	}
	defer c.Close()
	for l.hit() == "" {
		s, text := l.Make(l.way())
		if err := l.Send(c, s, text, "submissions"); err != nil {
			return
		}
	}
	if harmless(l.hit()) {
		return
	}
	// Nothing may be acknowledged from now on.
	s, text := l.Make(l.way())
	if l.Send(c, s, text, "submissions") == nil {
		l.Errorf("<%s> was sent after the sync had failed, and acknowledged", s.ID)
	}
}

// way is how the mails go: held, or express to the outside.
func (l *load) way() reconcile.Way {
	if l.Wait == 0 {
		return reconcile.Outside
	}
	return reconcile.Held
}

// falseAcks counts the mails that were acknowledged although the sync that was to bring
// them to the disk for the first time had failed. What the server says has nothing to
// do with it: the tracer has read from the log what was in doubt.
func (l *load) falseAcks(doubt []string) {
	if len(doubt) == 0 {
		return
	}
	for _, s := range l.Journal() {
		if !s.Acked.IsZero() && slices.Contains(doubt, s.ID) {
			l.Errorf("<%s> was acknowledged, and its sync had failed", s.ID)
		}
	}
}
