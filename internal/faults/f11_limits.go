package faults

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"tidepost/e2e/reconcile"
)

// idlers opens connections that say nothing, from many addresses of loopback, and
// returns how many were greeted.
func (s *site) idlers(n int, door string) (conns []net.Conn, greeted int) {
	var mu sync.Mutex
	var all sync.WaitGroup
	turns := make(chan struct{}, 50)
	for i := range n {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/200), byte(1+i%200))}}
			c, err := d.DialContext(s.ctx, "tcp", s.addr(door))
			if err != nil {
				return
			}
			hello := make([]byte, 200)
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			k, _ := c.Read(hello) // nothing read: not greeted
			_ = c.SetReadDeadline(time.Time{})
			mu.Lock()
			defer mu.Unlock()
			conns = append(conns, c)
			if strings.HasPrefix(string(hello[:k]), "* OK") || strings.HasPrefix(string(hello[:k]), "220 ") {
				greeted++
			}
		})
	}
	all.Wait()
	return conns, greeted
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		c.Close()
	}
}

// fewDescriptors gives the server 200 descriptors and 400 clients. What it has taken
// must still leave, and when the clients have gone all is as before.
func fewDescriptors(t *T) {
	t.need(false, "prlimit")
	l := underLoad(install(t, setup{}))
	l.Size = 10
	l.wrap = []string{"prlimit", "--nofile=200:200", "--"}
	l.start()
	var greeted int
	rounds := t.dose(3, 10)
	for range rounds {
		c, err := l.Connect("submissions")
		if err != nil {
			t.Fatalf("before the crowd: %v", err)
		}
		var conns []net.Conn
		conns, greeted = l.idlers(400, "imap")
		for range 50 {
			s, text := l.Make(reconcile.Outside, reconcile.Here)
			if err := l.Send(c, s, text, "submissions"); err != nil {
				t.Errorf("in the crowd: %v", err)
				break
			}
		}
		c.Close()
		l.until(30*time.Second, func() error {
			if n := l.waiting(); n > 0 {
				return fmt.Errorf("%d recipients do not leave in the crowd", n)
			}
			return nil
		})
		closeAll(conns)
		l.until(10*time.Second, func() error {
			c, err := l.Connect("submissions")
			if err == nil {
				c.Close()
			}
			return err
		})
	}
	f := l.verdict(0)
	t.say("%d times 400 clients at 200 descriptors (%d greeted): %d mails acknowledged and delivered meanwhile", rounds, greeted, countAcked(f))
}
