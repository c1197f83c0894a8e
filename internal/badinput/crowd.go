package badinput

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// crowd plays a row of many sessions.
func (r *run) crowd() {
	if s, ok := r.c.step(sessions); ok {
		if s.name == "in turn" {
			r.inTurn(s)
		} else {
			r.atOnce(s)
		}
		return
	}
	s, _ := r.c.step(rate)
	r.atRate(s)
}

// inTurn plays one session behind the other.
func (r *run) inTurn(s Step) {
	refused := 0
	for range s.n {
		p, err := r.one(s.each)
		if err != nil {
			r.miss("connect: %v", err)
			return
		}
		r.p = p
		r.read()
		_, closed := p.wire.said()
		r.closed = closed
		if e, bad := r.smtp.refusal(); bad || closed && len(r.smtp.said()) < 2 || e.code() >= 400 {
			refused++
		}
		p.wire.close()
	}
	r.growth, r.cpu = r.w.used()
	if r.c.refused() || r.c.allows(closes) {
		if refused == 0 {
			r.miss("none of %d sessions was refused", s.n)
		}
	} else {
		r.misses = append(r.misses, r.judge()...)
	}
}

// one plays the octets of one session as a row of its own.
func (r *run) one(each *Step) (*player, error) {
	c := *r.c
	c.Steps = nil
	if each != nil {
		c.Steps = []Step{*each}
	}
	return c.play(r.w, whole())
}

// A caller is one connection of a crowd.
type caller struct {
	wire *wire
	said string // first reply
	took time.Duration
}

// call connects, sends, and waits for the first reply.
func (r *run) call(source string, send []byte) (caller, error) {
	d := r.c.door(r.w)
	t := time.Now()
	w, err := dial(d.addr, source, r.w.trust)
	if err != nil {
		return caller{}, err
	}
	if d.implicit {
		w.startTLS(0)
	}
	w.listen()
	w.write(send)
	w.settle(patience, patience, func() bool { b, _ := w.said(); return bytes.Contains(b, []byte("\n")) })
	b, _ := w.said()
	first, _, _ := bytes.Cut(b, []byte("\r\n"))
	return caller{w, string(first), time.Since(t)}, nil
}

// atOnce holds many connections open; more than the limits allow must be refused,
// while somebody else is served.
func (r *run) atOnce(s Step) {
	var list []caller
	defer func() {
		for _, c := range list {
			c.wire.close()
		}
	}()
	let, refused := 0, 0
	for i := range s.n {
		source := "127.0.0.9"
		if strings.Contains(strings.ToLower(s.text), "many") || strings.Contains(strings.ToLower(s.text), "each") {
			source = fmt.Sprintf("127.1.%d.%d", i/250, i%250+1)
		}
		var send []byte
		if s.each != nil {
			send = s.each.data
		}
		c, err := r.call(source, send)
		if err != nil {
			r.miss("connect: %v", err)
			return
		}
		list = append(list, c)
		if strings.HasPrefix(c.said, "2") || strings.HasPrefix(c.said, "* OK") {
			let++
		} else {
			refused++
		}
	}
	r.growth, r.cpu = r.w.used()
	r.opened = append(r.opened, let)
	if r.w.setup.FileLimit > 0 {
		// Nobody can be served without descriptors; when the crowd has gone, everybody.
		for _, c := range list {
			c.wire.close()
		}
		time.Sleep(quiet)
	}
	if c, err := r.call("127.0.0.77", nil); err != nil || !strings.HasPrefix(c.said, "2") && !strings.HasPrefix(c.said, "* OK") {
		r.miss("somebody else is not let in meanwhile: %q %v", c.said, err)
	} else {
		c.wire.close()
	}
	r.judgeCrowd(s.n, let, refused, list)
}

func (r *run) judgeCrowd(n, let, refused int, list []caller) {
	if r.c.refused() || r.c.allows(closes) {
		if refused == 0 {
			r.miss("all of %d connections were let in", n)
		}
		for _, c := range list {
			if c.said == "" || strings.HasPrefix(c.said, "2") || strings.HasPrefix(c.said, "*") {
				continue
			}
			if !r.c.allows(rejects, rejects5) && !strings.HasPrefix(c.said, "4") {
				r.miss("a refused connection was told %q", c.said)
				return
			}
		}
		return
	}
	if let == 0 {
		r.miss("none of %d connections was let in", n)
	}
}

// atRate opens and closes connections from one address, so many a second.
func (r *run) atRate(s Step) {
	seconds := min(s.wait, 3*time.Second) // A rate shows itself in that time.
	var mu sync.Mutex
	var group sync.WaitGroup
	let, refused := 0, 0
	busy := make(chan struct{}, 200)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	cpu := r.w.cpu()
	for sent := 0; time.Since(began) < seconds; {
		<-tick.C
		for due := int(float64(s.n) * time.Since(began).Seconds()); sent < due; sent++ {
			busy <- struct{}{}
			group.Go(func() {
				defer func() { <-busy }()
				c, err := r.call("127.0.0.9", nil)
				if err != nil {
					return
				}
				mu.Lock()
				if strings.HasPrefix(c.said, "2") {
					let++
				} else {
					refused++
				}
				mu.Unlock()
				c.wire.close()
			})
		}
	}
	group.Wait()
	r.took = time.Since(began)
	r.cpu = r.w.cpu() - cpu
	r.growth, _ = r.w.used()
	if r.c.refused() && refused == 0 {
		r.miss("all of %d connections in %v were let in", let, r.took.Round(time.Millisecond))
	}
}

// together plays a row that tells what happens to a mailbox while a session reads it:
// one session fetches all the time, others append and expunge. Nobody is told of an
// EXPUNGE inside FETCH, of an EXISTS between the lines of one, and sequence numbers
// stay what they were told to be (RFC 9051 §5.5, §7.5.1).
func (r *run) together() {
	if r.c.tells("release", "recall", "cancel") {
		r.race()
		return
	}
	reader, err := r.w.login("alice")
	if err != nil {
		r.miss("%v", err)
		return
	}
	defer reader.close()
	if _, ok := reader.command("r0", "SELECT INBOX"); !ok {
		r.miss("select: %s", lastLine(reader))
		return
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for _, work := range []func(*wire, int) bool{appendOne, expungeOne} {
		group.Go(func() {
			c, err := r.w.login("alice")
			if err != nil {
				return
			}
			defer c.close()
			c.command("s0", "SELECT INBOX")
			for i := 0; work(c, i); i++ {
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := range 40 {
		if _, ok := reader.command("f"+strconv.Itoa(i), "FETCH 1:* (FLAGS BODY.PEEK[])"); !ok && !strings.Contains(lastLine(reader), "EXPUNGEISSUED") {
			r.miss("fetch: %s", lastLine(reader))
			break
		}
		if _, ok := reader.command("n"+strconv.Itoa(i), "NOOP"); !ok {
			r.miss("noop: %s", lastLine(reader))
			break
		}
	}
	close(stop)
	group.Wait()
	r.inStep(readIMAP(reader).responses)
}

func appendOne(c *wire, i int) bool {
	m := "From: bob@" + domain + "\r\nSubject: while you read\r\n\r\nx\r\n"
	_, ok := c.command("p"+strconv.Itoa(i), fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(m), m))
	return ok
}

func expungeOne(c *wire, i int) bool {
	c.command("d"+strconv.Itoa(i), "STORE 1 +FLAGS.SILENT (\\Deleted)")
	_, ok := c.command("x"+strconv.Itoa(i), "EXPUNGE")
	return ok
}

// inStep follows what a session was told.
func (r *run) inStep(list []response) {
	count, seen, told := 0, 0, false // messages; FETCH lines since the last answer; EXISTS among them
	for _, x := range list {
		f := strings.Fields(x.text)
		if x.tag != "*" {
			seen, told = 0, false
			continue
		}
		if len(f) < 2 {
			continue
		}
		n, err := strconv.Atoi(f[0])
		if err != nil {
			continue
		}
		switch f[1] {
		case "EXISTS":
			if n < count {
				r.miss("EXISTS falls from %d to %d", count, n)
				return
			}
			count, told = n, seen > 0
		case "EXPUNGE":
			if n > count || n < 1 {
				r.miss("EXPUNGE %d of %d", n, count)
				return
			}
			if seen > 0 {
				r.miss("EXPUNGE inside FETCH")
				return
			}
			count--
		case "FETCH":
			if n > count {
				r.miss("FETCH %d of %d", n, count)
				return
			}
			if !strings.Contains(x.text, "BODY[") {
				continue // News of flags, no line of the answer.
			}
			if told {
				r.miss("EXISTS stands between the lines of FETCH")
				return
			}
			seen++
		}
	}
	if count == 0 {
		r.miss("the session saw nothing")
	}
}
