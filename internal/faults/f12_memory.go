package faults

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidepost/internal/badinput"
)

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
	l.Size, l.Alien = 10, true // Rows of the catalogues are mails, too, and some of them right.
	l.wrap = []string{"sh", "-c", `echo $$ > ` + group + `/cgroup.procs && exec "$@"`, "sh"}
	l.start()
	time.Sleep(time.Second)
	stop := time.Now().Add(time.Duration(t.dose(40, 900)) * time.Second)
	var all sync.WaitGroup
	kinds := append(attacks(), l.catalogue())
	count := make([]int, len(kinds))
	var mu sync.Mutex
	for i, attack := range kinds {
		workers := 4
		if i == len(kinds)-1 {
			workers = 12
		}
		for range workers {
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
	l.Begin()
	all.Wait()
	l.Halt()
	if !l.running() {
		t.Fatalf("the server has ended, for want of memory")
	}
	most := readNumber(t, filepath.Join(group, "memory.max_usage_in_bytes"))
	anon := l.memory("VmHWM")
	if control, err := os.ReadFile(filepath.Join(group, "memory.oom_control")); err == nil && !strings.Contains(string(control), "oom_kill 0") {
		t.Errorf("the kernel killed for want of memory: %s", control)
	}
	f := l.verdict(0)
	t.say("256 MB, %d hostile inputs, %d of them rows of the catalogues: no kill; peak of the process %d MB (with page cache %d MB); %d good mails meanwhile",
		sum(count), count[len(count)-1], anon>>20, most>>20, countAcked(f))
}

// dial opens a connection, with TLS at the doors that begin with it.
func (l *load) dial(door string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 5 * time.Second}
	if !strings.HasSuffix(door, "s") {
		return d.DialContext(l.ctx, "tcp", l.addr(door))
	}
	return tls.DialWithDialer(d, "tcp", l.addr(door), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
}

// catalogue throws the rows of the hostile catalogues, one after the other.
func (l *load) catalogue() func(*load) {
	type row struct {
		door, text string
	}
	var rows []row
	who := badinput.Names{Alice: ana, Bob: tom, Login: fmt.Sprintf("%s \"%s\"", ana, password),
		Plain: base64.StdEncoding.EncodeToString([]byte("\x00" + ana + "\x00" + password))}
	for _, path := range l.plan.Cases {
		f, err := os.Open(path)
		if err != nil {
			l.Fatalf("open catalogue: %v", err)
		}
		cases, err := badinput.Load(f)
		f.Close()
		if err != nil {
			l.Fatalf("%s: %v", path, err)
		}
		for i := range cases {
			if door, b, ok := cases[i].Octets(who); ok {
				rows = append(rows, row{door, string(b)})
			}
		}
	}
	if len(rows) == 0 {
		l.Fatalf("the catalogues %v have no rows", l.plan.Cases)
	}
	var next atomic.Int64
	return func(l *load) {
		r := rows[int(next.Add(1))%len(rows)]
		l.shout(r.door, "", func(int) string { return r.text }, 1, "")
	}
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
	c, err := l.dial(door)
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
