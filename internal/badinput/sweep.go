package badinput

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxSwept is how long a row may be, in octets, to be cut at each of them.
const maxSwept = 600

// openings are what stands for a dialogue that is not the row's own.
var openings = strings.NewReplacer("{TLS}", "", "{AUTH}", "")

// short reports whether a row is plain octets, few enough to be chopped and cut, and
// how many.
func (c *Case) short() (n int, ok bool) {
	for _, s := range c.Steps {
		switch s.kind {
		case octets:
			n += len(openings.Replace(string(s.data)))
		case pause, closeWrite, note:
		default:
			return 0, false
		}
	}
	return n, n > 0 && n <= maxSwept && c.Protocol != "mime"
}

// sweep plays a row octet by octet, which must change nothing, and cut at each octet,
// which must do no harm: what is stored is what was acknowledged, no octet of a body
// is a command, the session ends.
func (r *run) sweep(k *Catalogue, res *Result) {
	n, ok := r.c.short()
	if !ok || r.p == nil {
		return
	}
	single := &run{c: r.c, ctx: r.ctx}
	end, err := k.open(single)
	defer end()
	if err != nil {
		r.miss("octet by octet: set up: %v", err)
		return
	}
	how := whole()
	how.single = true
	if single.p, err = r.c.play(single.w, how); err != nil {
		r.miss("octet by octet: %v", err)
		return
	}
	_, single.closed = single.p.wire.said()
	if single.forced() {
		_, single.closed = single.p.wire.said()
	}
	single.read()
	for _, m := range append(single.judge(), single.kept()...) {
		r.miss("octet by octet: %s", m)
	}
	single.p.wire.close()
	res.SingleDone = true
	r.cuts(k, res, single.w, n)
}

// A tally counts over all cuts of a row.
type tally struct {
	acknowledged atomic.Int64
	played       atomic.Int64
	mu           sync.Mutex
	wrong        string
}

func (t *tally) miss(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.wrong == "" {
		t.wrong = fmt.Sprintf(format, args...)
	}
}

// cuts ends the wire behind every octet, in peace and in turn with a reset, as many as
// the time allows, spread evenly.
func (r *run) cuts(k *Catalogue, res *Result, w *world, n int) {
	before := int64(len(w.received()) + len(w.submitted()))
	boxes := w.texts(`SELECT name FROM mailbox ORDER BY id`)
	var t tally
	var group sync.WaitGroup
	work := make(chan int)
	end := time.Now().Add(k.Sweep)
	for i := range 4 {
		group.Go(func() {
			for cut := range work {
				r.cut(w, cut, fmt.Sprintf("127.3.%d.%d", i, cut%250+1), &t)
			}
		})
	}
	stride := 1
	for stride*stride < n { // A coarse grid first, then what lies between.
		stride *= 2
	}
	seen := map[int]bool{}
	for ; stride >= 1 && time.Now().Before(end); stride /= 2 {
		for cut := 0; cut < n && time.Now().Before(end); cut += stride {
			if !seen[cut] {
				seen[cut] = true
				work <- cut
			}
		}
	}
	close(work)
	group.Wait()
	res.Cuts = int(t.played.Load())
	time.Sleep(100 * time.Millisecond)
	stored := int64(len(w.received())+len(w.submitted())) - before
	if got := t.acknowledged.Load(); stored < got {
		t.miss("%d messages were acknowledged, %d are stored", got, stored)
	}
	if name, ok := r.c.invariant("no_event:"); ok && strings.Contains(name, "@") {
		if w.count(`SELECT count(*) FROM delivery d JOIN address a USING (person_id) WHERE a.address = ?`, name) > 0 {
			t.miss("a letter was taken for %s", name)
		}
	}
	if r.p.door.imap && !r.c.allows(accepts, anything) {
		for _, b := range w.texts(`SELECT name FROM mailbox ORDER BY id`)[len(boxes):] {
			if !r.c.mentions("CREATE " + b) {
				t.miss("a mailbox %q was made", b)
			}
		}
	}
	if !w.alive() {
		t.miss("the gateway has died: %s", w.log.String())
	}
	if t.wrong != "" {
		r.miss("cut: %s", t.wrong)
	}
	if err := w.stop(); err != nil {
		r.miss("cut: the gateway ends with %v", err)
	} else if strings.Contains(w.log.String(), "panic") {
		r.miss("cut: the log has a panic")
	}
}

// cut plays the row up to one octet and looks at that one session.
func (r *run) cut(w *world, cut int, source string, t *tally) {
	abrupt := cut%2 == 1
	p, err := r.c.play(w, manner{cut: cut, abrupt: abrupt, source: source})
	if err != nil {
		t.miss("at %d: connect: %v", cut, err)
		return
	}
	defer p.wire.close()
	t.played.Add(1)
	if _, closed := p.wire.said(); !closed && !abrupt {
		t.miss("at %d: the session does not end", cut)
	}
	if p.door.imap {
		return
	}
	d := readSMTP(p.wire, p.door.lmtp)
	t.acknowledged.Add(int64(d.accepted()))
	for _, x := range d.extra {
		if x.code != 421 && !abrupt {
			t.miss("at %d: a reply that no command asked for: %q", cut, x.text())
		}
	}
}
