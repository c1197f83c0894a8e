package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
	"tidepost/internal/testkit"
)

// hurry makes deferred mail due until everything has left: back-off takes minutes.
func (l *load) hurry(within time.Duration) {
	l.until(within, func() error {
		l.change(`UPDATE recipient SET due = ? WHERE state = 'deferred'`, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
		l.kick()
		if n := l.waiting(); n > 0 {
			return fmt.Errorf("%d recipients have not left", n)
		}
		return nil
	})
}

// sendMany sends mail to the outside over several sessions.
func (l *load) sendMany(n int) {
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			c, err := l.Connect("submissions")
			if err != nil {
				l.Errorf("connect: %v", err)
				return
			}
			defer c.Close()
			for range n / 5 {
				s, text := l.Make(reconcile.Outside)
				if err := l.Send(c, s, text, "submissions"); err != nil {
					l.Errorf("send: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

// partition cuts the way to the smarthost in every phase of a session, and heals it.
func partition(t *T) {
	rounds := t.dose(1, 20)
	l := underLoad(install(t, setup{}))
	l.Size = 10
	l.start()
	phases := []string{"CONNECT", "EHLO", "MAIL", "DATA", "BODY", "EOD", "QUIT"}
	for range rounds {
		for _, verb := range phases {
			before := len(l.smarthost.Transactions())
			l.smarthost.Script(testkit.Rule{Verb: verb, Hang: true, Times: 50})
			l.smarthost.DropAll() // so that there are new sessions
			l.sendMany(50)
			time.Sleep(undo + time.Second)
			l.smarthost.Reset()
			l.smarthost.DropAll()
			begin := time.Now()
			l.hurry(time.Minute)
			if again := len(l.smarthost.Transactions()) - before - 50; again > 0 && verb != "EOD" {
				t.Errorf("cut at %s: %d mails were sent again", verb, again)
			}
			t.Logf("cut at %s: drained in %s", verb, time.Since(begin).Round(time.Millisecond))
		}
	}
	packets := l.dropPackets(rounds)
	f := l.verdict(0)
	t.say("%d phases, %s each; %s; %d mails, 0 lost, %d repeats", len(phases), plural(rounds, "round"), packets, countAcked(f), traffic.Repeats(f))
}

// dropPackets lets all packets to and from the smarthost vanish for a while.
func (l *load) dropPackets(rounds int) string {
	_, port := l.smarthost.Addr()
	rule := func(op, side string) error {
		return l.system("iptables", "-w", op, "INPUT", "-i", "lo", "-p", "tcp", side, strconv.Itoa(port), "-j", "DROP")
	}
	if err := rule("-I", "--dport"); err != nil {
		l.Logf("no packets dropped: %v", err)
		return "packets not dropped: no iptables here"
	}
	_ = rule("-D", "--dport")
	for range rounds {
		for _, side := range []string{"--dport", "--sport"} {
			if err := rule("-I", side); err != nil {
				l.Errorf("drop packets: %v", err)
			}
		}
		l.sendMany(50)
		time.Sleep(4 * time.Second)
		for _, side := range []string{"--dport", "--sport"} {
			if err := rule("-D", side); err != nil {
				l.Errorf("let packets through: %v", err)
			}
		}
		l.hurry(time.Minute)
	}
	return "packets dropped for 5 s"
}

// slowHost looks that a smarthost that takes minutes keeps nobody else waiting.
func slowHost(t *T) {
	l := underLoad(install(t, setup{}))
	l.Size = 10
	n := t.dose(300, 3000)
	l.start()
	base := l.probe(n)
	l.smarthost.Script(testkit.Rule{Verb: "RCPT", Pace: time.Second}, testkit.Rule{Verb: "EOD", Delay: 30 * time.Second})
	l.sendMany(300)
	time.Sleep(undo + time.Second) // until all workers are busy
	slow := l.probe(n)
	if slow > base*11/10+20*time.Millisecond {
		t.Errorf("p99 of others is %s, without the slow smarthost %s", slow, base)
	}
	if n := l.waiting(); n < 250 {
		t.Errorf("the smarthost was not slow: only %d wait", n)
	}
	l.smarthost.Reset()
	l.smarthost.DropAll()
	l.hurry(time.Minute)
	l.verdict(0)
	t.say("reply 1 octet/s and 30 s: p99 of accepting and filing other mail %s, without %s", slow.Round(100*time.Microsecond), base.Round(100*time.Microsecond))
}

// probe sends mail that stays here and returns the p99 of its acceptance.
func (l *load) probe(n int) time.Duration {
	c, err := l.Connect("submissions")
	if err != nil {
		l.Fatal(err)
	}
	defer c.Close()
	var took []time.Duration
	for range n {
		s, text := l.Make([]reconcile.Way{reconcile.Held, reconcile.Here}[rand.IntN(2)])
		begin := time.Now()
		if err := l.Send(c, s, text, "submissions"); err != nil {
			l.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// odd are replies of a smarthost that is not well. Half a reply is not among them: it
// keeps a session until its time-out, minutes later.
func odd() []string {
	return []string{
		"421 4.3.2 going down", "450 4.2.0 later", "451 4.3.0 error", "452 4.3.1 full", "454 4.7.0 tls", "500 5.5.2 what", "550 5.1.1 nobody",
		"552 5.2.2 full", "554 5.7.1 no", "999 what", "25", "\x00\xff\x1b[2J", "550", "250", "250 2.0.0 ok\n550 5.0.0 no", "354 go",
		strings.Repeat("550-5.1.1 a long story\n", 199) + "550 5.1.1 nobody",
		strings.Repeat("250-2.0.0 a long story\n", 199) + "250 2.0.0 ok", strings.Repeat("x", 5000),
	}
}

// randomReplies lets the smarthost say anything anywhere. Every mail ends in one
// state, and its author is told once if that is not "delivered".
func randomReplies(t *T) {
	mails := t.dose(2000, 100_000)
	l := underLoad(install(t, setup{}))
	l.Size = 5
	l.start()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		replies := odd()
		verbs := []string{"CONNECT", "EHLO", "MAIL", "RCPT", "RCPT", "DATA", "EOD", "EOD", "RSET", "QUIT"}
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				l.smarthost.Reset()
				l.smarthost.Script(testkit.Rule{Verb: verbs[rand.IntN(len(verbs))], Reply: replies[rand.IntN(len(replies))],
					Times: 1 + rand.IntN(10), Close: rand.IntN(10) == 0})
			}
		}
	}()
	for sent := 0; sent < mails; sent += 500 {
		l.sendMany(min(500, mails-sent))
		l.change(`UPDATE recipient SET due = ? WHERE state = 'deferred'`, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
		l.kick()
	}
	time.Sleep(undo)
	close(stop)
	<-stopped
	l.smarthost.Reset()
	l.hurry(2 * time.Minute)
	l.stop()
	l.sound()
	l.Judge(false, 0)
	l.oneReportEach()
	bounced := l.count(`SELECT count(*) FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE r.state = 'bounced' AND s.author_id IS NOT NULL`)
	again := l.count(`SELECT count(*) FROM recipient WHERE attempts > 1`)
	if bounced == 0 || again == 0 {
		t.Errorf("%d bounced, %d were tried again: the replies did not bite", bounced, again)
	}
	t.say("%d mails: %d bounced with one report each, %d were tried again, all others delivered", mails, bounced, again)
}
