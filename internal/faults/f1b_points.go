package faults

import (
	"fmt"
	"maps"
	"net/smtp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/internal/testkit"
)

// slowEnd is a reply to the end of a mail that takes its time, so that kills fall
// between the two.
func slowEnd() testkit.Rule { return testkit.Rule{Verb: "EOD", Delay: 20 * time.Millisecond} }

// A script is what a server does while it is hit.
type script struct {
	name    string
	express bool           // mail leaves as it is taken
	rules   []testkit.Rule // of the smarthost
	prepare func(l *load)  // before counting begins
	step    func(l *load, c *smtp.Client) error
	after   func(l *load) // once all is over
}

func scripts() []script {
	send := func(ways ...reconcile.Way) func(*load, *smtp.Client) error {
		return func(l *load, c *smtp.Client) error {
			s, text := l.Make(ways...)
			return l.Send(c, s, text, "submissions")
		}
	}
	return []script{
		{name: "accept", step: send(reconcile.Held)},
		{name: "release", step: send(reconcile.Outside, reconcile.Here)},
		{name: "express", express: true, step: send(reconcile.Outside, reconcile.Here)},
		{name: "cancel", prepare: (*load).keepSome, step: (*load).takeBack},
		{name: "bounce", rules: []testkit.Rule{{Verb: "RCPT", Reply: "550 5.1.1 Nobody here"}}, step: send(reconcile.Outside), after: (*load).oneReportEach},
		{name: "tide", prepare: (*load).fillTide, step: (*load).tide, after: (*load).oneCopyEach},
	}
}

// killAtCalls kills the server at the n-th call that changes a file or tells somebody
// something, for every n, in each script.
func killAtCalls(t *T) {
	if err := canTrace(); err != nil {
		t.Skipf("%v", err)
	}
	n := t.dose(40, 200)
	covered := sweep(t, n, func(l *load, sc script, at int) string { return l.pointKill(sc, at) }, func(l *load, sc script, kills int) {
		l.start()
		l.settle(2 * time.Minute)
		l.stop()
		l.Judge(sc.name != "bounce", kills)
		if sc.after != nil {
			sc.after(l)
		}
	})
	t.say("6 scripts, n = 1..%d, %d points, all of them hit", n, covered)
}

// sweep runs every script with every n, two scripts at a time, and prints what was hit.
func sweep(t *T, n int, hit func(*load, script, int) string, end func(*load, script, int)) int {
	var mu sync.Mutex
	covered := 0
	turns := make(chan struct{}, 2)
	var all sync.WaitGroup
	for _, sc := range scripts() {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			l := underLoad(install(t, setup{}))
			if sc.express {
				l.express()
			}
			l.smarthost.Script(append(slices.Clone(sc.rules), slowEnd())...)
			var list []string
			for at := 1; at <= n && !t.Failed(); at++ {
				list = append(list, fmt.Sprintf("%d:%s", at, hit(l, sc, at)))
			}
			t.Logf("%s %s", sc.name, strings.Join(list, " "))
			if !t.Failed() {
				l.wrap = nil
				end(l, sc, n)
			}
			mu.Lock()
			covered += len(list)
			mu.Unlock()
		})
	}
	all.Wait()
	return covered
}

// arm lets the tracer count from now on.
func (s *site) arm() {
	if err := s.proc.Process.Signal(syscall.SIGUSR1); err != nil {
		s.Fatalf("arm the tracer: %v", err)
	}
}

// pointKill runs a script until the server is killed at its n-th call, and returns the
// call.
func (l *load) pointKill(sc script, n int) string {
	l.trace(point{n: n, calls: changing})
	l.start()
	if sc.prepare != nil {
		sc.prepare(l)
	}
	l.arm()
	deadline := time.Now().Add(patience)
	for l.running() {
		l.play(sc)
		if time.Now().After(deadline) {
			l.kill()
			l.Fatalf("%s: call %d never came", sc.name, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
	what := l.hit()
	l.ended(0)
	l.kill()
	if what == "" {
		l.Fatalf("%s: the server ended, and not at call %d:\n%s", sc.name, n, l.tail())
	}
	if n%10 == 0 {
		l.Judge(false, n)
	}
	call, _, _ := strings.Cut(what, " ")
	return call
}

// play does the step of a script over one connection until that breaks.
func (l *load) play(sc script) {
	c, err := l.Connect("submissions")
	if err != nil {
		return
	}
	defer c.Close()
	for l.running() {
		if err := sc.step(l, c); err != nil {
			return
		}
	}
}

// keepSome makes held mail that can be taken back.
func (l *load) keepSome() {
	c, err := l.Connect("submissions")
	if err != nil {
		l.Fatal(err)
	}
	defer c.Close()
	for len(l.Held) < 20 {
		s, text := l.Make(reconcile.Held)
		if err := l.Send(c, s, text, "submissions"); err != nil {
			l.Fatal(err)
		}
	}
}

// takeBack takes back what keepSome has made.
func (l *load) takeBack(*smtp.Client) error {
	c, err := l.Author()
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		select {
		case id := <-l.Held:
			if err := l.Recall(c, id); err != nil {
				return err
			}
		default:
			return l.holdMore()
		}
	}
}

// holdMore makes more mail that can be taken back.
func (l *load) holdMore() error {
	c, err := l.Connect("submissions")
	if err != nil {
		return err
	}
	defer c.Close()
	for range 10 {
		s, text := l.Make(reconcile.Held)
		if err := l.Send(c, s, text, "submissions"); err != nil {
			return err
		}
	}
	return nil
}

// fillTide sends Tom mail that waits for his tide.
func (l *load) fillTide() {
	c, err := l.Connect("lmtp")
	if err != nil {
		l.Fatal(err)
	}
	defer c.Close()
	for range 6 {
		s, text := l.Make(reconcile.Inbound)
		if err := l.Send(c, s, text, "lmtp"); err != nil {
			l.Fatal(err)
		}
	}
}

// tide lets all that waits be due.
func (l *load) tide(*smtp.Client) error {
	l.change(`UPDATE delivery SET due = ? WHERE state = 'waiting'`, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	resp, err := l.control().Post("http://control/kick", "", nil)
	if err != nil {
		return err
	}
	resp.Body.Close()
	for i := 0; i < 100 && l.running(); i++ {
		if l.count(`SELECT count(*) FROM delivery WHERE state = 'waiting'`) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	c, err := l.Connect("lmtp")
	if err != nil {
		return err
	}
	defer c.Close()
	for range 4 {
		s, text := l.Make(reconcile.Inbound)
		if err := l.Send(c, s, text, "lmtp"); err != nil {
			return err
		}
	}
	return nil
}

// oneCopyEach proves that each delivery shows once in the folders of its reader.
func (l *load) oneCopyEach() {
	if n := l.count(`SELECT count(*) FROM delivery d WHERE (SELECT count(*) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id
		WHERE e.message_id = d.message_id AND b.person_id = d.person_id) <> 1`); n > 0 {
		l.Errorf("%d deliveries do not show once", n)
	}
	if n := l.count(`SELECT count(*) FROM delivery WHERE state = 'published'`); n == 0 {
		l.Errorf("no tide has published anything")
	}
}

// oneReportEach proves that each mail that was refused was reported once to its author.
func (l *load) oneReportEach() {
	db := l.open("ro")
	defer db.Close()
	bounced := rows(l.T, db, func(scan func(...any) error) (mid string, err error) { return mid, scan(&mid) },
		`SELECT s.mid FROM submission s JOIN recipient r ON r.submission_id = s.id WHERE r.state = 'bounced' AND s.author_id IS NOT NULL`)
	reports := map[string]int{}
	for _, text := range rows(l.T, db, func(scan func(...any) error) (text string, err error) { return text, scan(&text) },
		`SELECT CAST(c.data AS TEXT) FROM entry e JOIN message m ON m.id = e.message_id JOIN chunk c ON c.id >> 16 = m.body_id
		 WHERE m.head LIKE '%multipart/report%'`) {
		for _, mid := range midsIn(text) {
			reports[mid]++
		}
	}
	for _, mid := range bounced {
		if reports[mid] != 1 {
			l.Errorf("<%s> bounced and was reported %d times", mid, reports[mid])
		}
		delete(reports, mid)
	}
	for _, mid := range slices.Sorted(maps.Keys(reports)) {
		l.Errorf("<%s> was reported and has not bounced", mid)
	}
}

// midsIn finds the mails of a load that a report carries the header of.
func midsIn(report string) []string {
	var out []string
	for line := range strings.Lines(report) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, "Message-ID") {
			out = append(out, strings.Trim(strings.TrimSpace(v), "<>"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
