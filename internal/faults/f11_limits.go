package faults

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
	l.size = 10
	l.wrap = []string{"prlimit", "--nofile=200:200", "--"}
	l.start()
	var greeted int
	rounds := t.dose(3, 10)
	for range rounds {
		c, err := l.connect("submissions")
		if err != nil {
			t.Fatalf("before the crowd: %v", err)
		}
		var conns []net.Conn
		conns, greeted = l.idlers(400, "imap")
		for range 50 {
			s, text := l.make(reconcile.Outside, reconcile.Here)
			if err := l.send(c, s, text, "submissions"); err != nil {
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
			c, err := l.connect("submissions")
			if err == nil {
				c.Close()
			}
			return err
		})
	}
	f := l.verdict(0)
	t.say("%d times 400 clients at 200 descriptors (%d greeted): %d mails acknowledged and delivered meanwhile", rounds, greeted, countAcked(f))
}

// littleMemory lets the server stand hostile input in a control group of 256 MB.
func littleMemory(t *T) {
	group := filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("tidepost-faults-%d", os.Getpid()))
	t.need(true, "sh")
	if err := os.Mkdir(group, 0o755); err != nil { //nolint:gosec // of the kernel
		t.Skipf("no memory control group (version 1) here: %v", err)
	}
	l := underLoad(install(t, setup{}))
	l.Cleanup(func() { l.kill(); _ = os.Remove(group) })
	if err := os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte("268435456"), 0o600); err != nil {
		t.Skipf("memory cannot be limited: %v", err)
	}
	l.size = 10
	l.wrap = []string{"sh", "-c", `echo $$ > ` + group + `/cgroup.procs && exec "$@"`, "sh"}
	l.start()
	time.Sleep(time.Second)
	stop := time.Now().Add(time.Duration(t.dose(40, 900)) * time.Second)
	var all sync.WaitGroup
	count := make([]int, len(attacks()))
	var mu sync.Mutex
	for i, attack := range attacks() {
		for range 4 {
			all.Go(func() {
				for time.Now().Before(stop) && l.running() {
					attack(l)
					mu.Lock()
					count[i]++
					mu.Unlock()
				}
			})
		}
	}
	l.begin()
	all.Wait()
	l.halt()
	if !l.running() {
		t.Fatalf("the server has ended, for want of memory")
	}
	most := readNumber(t, filepath.Join(group, "memory.max_usage_in_bytes"))
	anon := l.memory("VmHWM")
	if control, err := os.ReadFile(filepath.Join(group, "memory.oom_control")); err == nil && !strings.Contains(string(control), "oom_kill 0") {
		t.Errorf("the kernel killed for want of memory: %s", control)
	}
	f := l.verdict(0)
	t.say("256 MB, %v hostile inputs of %d kinds: no kill; peak of the process %d MB (with page cache %d MB); %d good mails meanwhile",
		sum(count), len(count), anon>>20, most>>20, countAcked(f))
}

func sum(list []int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}

func readNumber(t *T, path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// memory reads a line of the server's status, in octets.
func (s *site) memory(name string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(line, ":"); ok && k == name {
			n, err := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			if err != nil {
				s.Fatal(err)
			}
			return n << 10
		}
	}
	s.Fatalf("no %s in the status of the server", name)
	return 0
}

// attacks are inputs that want memory: each opens a connection, speaks and goes.
func attacks() []func(*load) {
	inbound := func(text func(i int) string, lines int) func(*load) {
		return func(l *load) {
			l.shout("inbound", "EHLO x.example\r\nMAIL FROM:<x@outside.example>\r\nRCPT TO:<"+ana+">\r\nDATA\r\nFrom: x@outside.example\r\n", text, lines, "\r\n.\r\n")
		}
	}
	long := strings.Repeat("x", 64<<10)
	noise := make([]byte, 48<<10)
	_, _ = rand.Read(noise) // never fails
	wrapped := base64.StdEncoding.EncodeToString(noise)
	return []func(*load){
		func(l *load) { l.shout("inbound", "", func(int) string { return long }, 200, "") },                     // a command without end
		func(l *load) { l.shout("imap", "a LOGIN {100000000}\r\n", func(int) string { return long }, 200, "") }, // a literal before login
		func(l *load) {
			l.shout("imap", "a SEARCH "+strings.Repeat("OR ", 10000), func(int) string { return "(" }, 100000, "\r\n")
		},
		inbound(func(i int) string { return fmt.Sprintf("X-%d: %s\r\n", i, strings.Repeat("h", 900)) }, 10_000), // a header without end
		inbound(func(int) string { return long + "\r\n" }, 300),                                                 // lines of 64 KiB
		inbound(func(i int) string { return nested(i) }, 2000),                                                  // parts in parts
		inbound(func(i int) string { return "To: " + strings.Repeat("a@b.example, ", 70) + "\r\n" }, 2000),      // addresses without end
		inbound(func(i int) string { return fmt.Sprintf("%s\r\n", wrapped[i%100*76:i%100*76+76]) }, 300_000),    // 23 MB of body
		func(l *load) {
			l.shout("submission", "EHLO x\r\n", func(i int) string { return "AUTH PLAIN AGFuYQB4\r\n" }, 50, "")
		},
	}
}

func nested(i int) string {
	if i == 0 {
		return "Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
	}
	return fmt.Sprintf("--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i-1, i)
}

// shout sends without listening; the server may close whenever it likes.
func (l *load) shout(door, begin string, text func(int) string, times int, end string) {
	c, err := net.DialTimeout("tcp", l.addr(door), 5*time.Second)
	if err != nil {
		time.Sleep(50 * time.Millisecond)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { // read, or the server waits for us
		buf := make([]byte, 4096)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}()
	if _, err := c.Write([]byte(begin)); err != nil {
		return
	}
	time.Sleep(50 * time.Millisecond)
	for i := range times {
		if _, err := c.Write([]byte(text(i))); err != nil {
			return
		}
	}
	_, _ = c.Write([]byte(end))
	time.Sleep(200 * time.Millisecond)
}
