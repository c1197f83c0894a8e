package guard

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		path string
		utf8 bool
		code int // 0: taken
	}{
		{"a@b.test", false, 0},
		{"a.b+c%d!e=f@x-y.b.test", false, 0},
		{"a@[127.0.0.1]", false, 0},
		{"a@[IPv6:::1]", false, 0},
		{"a@[ipv6:2001:db8::1]", false, 0},
		{"a@[IPv6:127.0.0.1]", false, 501},
		{"a@[::1]", false, 501},
		{"a@[127.0.0.1", false, 501},
		{"a@[x]", false, 501},
		{"a", false, 501},
		{"@b.test", false, 553},
		{"a@", false, 501},
		{"a@b..c", false, 501},
		{"a@-b.c", false, 501},
		{"a@b(c)", false, 501},
		{"a@{b}", false, 501},
		{"a@b@c", false, 553},
		{".a@b", false, 553},
		{`"a b"@c`, false, 553},
		{`"a\">b"@c`, false, 553},
		{strings.Repeat("a", 64) + "@b", false, 0},
		{strings.Repeat("a", 65) + "@b", false, 501},
		{"a@" + strings.Repeat("a", 64), false, 501},
		{"\u00e9@b", false, 553},
		{"\u00e9@b\u00fc.test", true, 0},
		{"a@b\uff0etest", true, 501},
		{"a@b\u2024test", true, 501},
		{"\xff@b", true, 553},
	} {
		got := 0
		if bad := checkPath(c.path, c.utf8); bad != nil {
			got = bad.code
		}
		if got != c.code {
			t.Errorf("%q utf8=%v: got %d, want %d", c.path, c.utf8, got, c.code)
		}
	}
}

func TestSplitPath(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"FROM:<a@b> SIZE=1", `"a@b" "SIZE=1" true`},
		{"from: <>", `"" "" true`},
		{`FROM:<"a\">b"@c>`, `"\"a\\\">b\"@c" "" true`},
		{"FROM:a@b", `"" "" false`},
		{"FROM:<a@b", `"" "" false`},
		{"FROM:<a@b>x", `"" "" false`},
		{"TO:<a@b>", `"" "" false`},
	} {
		path, rest, ok := splitPath(c.arg, "FROM:")
		if got := fmt.Sprintf("%q %q %v", path, rest, ok); got != c.want {
			t.Errorf("%q: got %s, want %s", c.arg, got, c.want)
		}
	}
}

func TestLoginsAreRememberedForAWhile(t *testing.T) {
	l := NewLogins()
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	var delays []time.Duration
	for range 8 {
		delays = append(delays, l.failed(at, here, "Ana"))
	}
	s := time.Second
	if diff := cmp.Diff([]time.Duration{0, 0, 0, s, 2 * s, 4 * s, 8 * s, 10 * s}, delays); diff != "" {
		t.Error(diff)
	}
	if l.failed(at, there, "ana") != 0 {
		t.Error("a stranger's failures delay a person elsewhere")
	}
	for range 30 {
		l.failed(at, here, "ana")
	}
	if l.allowed(at, here, "ANA") || !l.allowed(at, there, "ana") || !l.allowed(at, here, "mei") {
		t.Error("wrong logins are allowed")
	}
	if !l.allowed(at.Add(loginMemory+s), here, "ana") {
		t.Error("failures are never forgotten")
	}
	for i := range 100 {
		l.failed(at, here, fmt.Sprint(i))
	}
	if l.allowed(at, here, "mei") {
		t.Error("an address may guess names without end")
	}
	for i := range 2 * loginEntries {
		l.failed(at, here, fmt.Sprintf("n%d", i))
	}
	if len(l.seen) > loginEntries {
		t.Errorf("%d entries are kept", len(l.seen))
	}
}

// However output is cut into writes, the same leaves and the same is seen.
func TestLineScannerDoesNotDependOnWrites(t *testing.T) {
	text := "* OK hi\r\n* 1 FETCH (BODY[] {12}\r\na OK\r\n* OK\r\n X {0}\r\n)\r\na OK done\r\n* LIST () \"/\" " +
		strings.Repeat("x", 9000) + " {3}\r\n+ b\r\n+ go\r\n"
	run := func(cut int) (string, []string) {
		var s lineScanner
		var seen []string
		edit := func(line string) string { seen = append(seen, line); return line + "\r\n" }
		out := s.feed(nil, []byte(text[:cut]), edit)
		return string(s.feed(out, []byte(text[cut:]), edit)), seen
	}
	for cut := range text {
		out, seen := run(cut)
		if out != text {
			t.Fatalf("cut %d: got %q", cut, out)
		}
		if diff := cmp.Diff([]string{"* OK hi", "a OK done", "+ go"}, seen); diff != "" {
			t.Fatalf("cut %d: %s", cut, diff)
		}
	}
}

// The scanner ends where CRLF.CRLF first stands, and what it gives out is the text
// before it without the stuffed dots.
func TestScannerAgainstItsDefinition(t *testing.T) {
	octets := rapid.SliceOf(rapid.SampledFrom([]byte("\r\n.ax\x00")))
	rapid.Check(t, func(t *rapid.T) {
		text := octets.Draw(t, "text")
		end := bytes.Index(append([]byte("\r\n"), text...), []byte("\r\n.\r\n"))
		s := scanner{normalise: rapid.Bool().Draw(t, "lmtp")}
		out, taken := []byte(nil), 0
		for taken < len(text) && s.state != scanEnd {
			n := rapid.IntRange(1, len(text)-taken).Draw(t, "n")
			var k int
			out, k = s.scan(out, text[taken:taken+n])
			taken += k
		}
		if (s.state == scanEnd) != (end >= 0) || end >= 0 && taken != end+3 {
			t.Fatalf("ended %v after %d, want %d", s.state == scanEnd, taken, end+3)
		}
		if end < 0 {
			return
		}
		body := text[:max(end, 0)]
		clean := bytes.ReplaceAll(body, crlf, nil)
		if bad := bytes.ContainsAny(clean, "\r\n\x00"); bad != (s.defect != nil) {
			t.Fatalf("defect %v in %q", s.defect, body)
		}
		if s.refused() {
			return
		}
		got := string(out)
		if strings.ContainsAny(strings.ReplaceAll(got, "\r\n", ""), "\r\n\x00") {
			t.Fatalf("the session would see bare octets: %q", got)
		}
		if s.defect == nil && got != unstuff(string(body)) {
			t.Fatalf("got %q of %q", got, body)
		}
	})
}

func unstuff(s string) string {
	lines := strings.Split(s, "\r\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], ".")
	}
	return strings.Join(lines, "\r\n")
}

func TestLongBodyLineIsRefused(t *testing.T) {
	for _, c := range []struct {
		n    int
		lmtp bool
		want *DataDefect
	}{{maxBodyLine - 1, false, nil}, {maxBodyLine, false, defectLine}, {maxBodyLine, true, nil}} {
		s := scanner{normalise: c.lmtp}
		s.scan(nil, []byte("a\r\n"+strings.Repeat("x", c.n)+"\r\n.\r\n"))
		if s.defect != c.want || s.state != scanEnd {
			t.Errorf("%d: got %v", c.n, s.defect)
		}
	}
}

// The last words arrive although the peer went on sending.
func TestLastWordsSurviveAFlood(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip("no loopback:", err)
	}
	defer l.Close()
	gl := Listen(l, Limits{})
	go func() {
		conn, err := gl.Accept()
		if err != nil {
			return
		}
		s := NewSMTP(conn, SMTPOptions{Role: Inbound, Hostname: "mx"})
		_, _ = s.Write([]byte("220 mx\r\n"))
		_, _ = s.Read(make([]byte, 1))
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n"+strings.Repeat("x", 100<<10)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "220 mx\r\n421 4.7.0 This is not an HTTP server\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRateIsSavedUpAndBounded(t *testing.T) {
	l := Listen(nil, Limits{Rate: 10})
	home, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	let := 0
	for range 1000 {
		if !l.overRate(home, now) {
			let++
		}
	}
	if want := 10*int(rateBurst/time.Second) + 1; let != want {
		t.Errorf("%d connections at once, want %d", let, want)
	}
	if l.overRate(other, now) {
		t.Error("another address pays for it")
	}
	let = 0
	for i := range 1000 {
		if !l.overRate(home, now.Add(time.Duration(i)*10*time.Millisecond)) {
			let++
		}
	}
	if let < 95 || let > 105 {
		t.Errorf("%d connections in 10 s behind the burst, want 100", let)
	}
	if l.overRate(home, now.Add(time.Hour)) {
		t.Error("an hour later it is not forgotten")
	}
	for i := range 3 * maxRated {
		l.overRate(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if n := len(l.rated); n > maxRated {
		t.Errorf("%d addresses are remembered", n)
	}
}

func BenchmarkScanner(b *testing.B) {
	text := []byte(strings.Repeat(strings.Repeat("x", 74)+"\r\n", 1300) + ".\r\n")
	out := make([]byte, 0, len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s := scanner{max: 1 << 20}
		out, _ = s.scan(out[:0], text)
	}
}

// A person has no more connections by logging in at another door, nor an address by
// knocking there.
func TestPersonsAndAddressesAreCountedOverAllDoors(t *testing.T) {
	lim := Limits{Shared: NewPlaces(100), PerAddress: 3, PerPerson: 2}
	var doors [2]*Listener
	for i := range doors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		doors[i] = Listen(l, lim)
	}
	knock := func(door int) *counted {
		peer, err := net.Dial("tcp", doors[door].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { peer.Close() })
		conn, err := doors[door].Listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return doors[door].admit(conn)
	}
	a, b, c := knock(0), knock(1), knock(0)
	if a == nil || b == nil || c == nil {
		t.Fatal("a connection within the limits is refused")
	}
	if knock(1) != nil {
		t.Error("the fourth connection of an address is let in at another door")
	}
	if !a.setPerson("ana") || !b.setPerson("ana") {
		t.Fatal("a login within the limits is refused")
	}
	if c.setPerson("ana") {
		t.Error("the third login of a person is let in")
	}
	if !c.setPerson("tom") || !a.setPerson("ana") {
		t.Error("somebody else, or a second login of the same connection, is refused")
	}
	d := knock(1)
	if d == nil {
		t.Fatal("connections after login still count for their address")
	}
	if d.setPerson("ana") {
		t.Error("the third login of a person is let in at another door")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	_ = b.Close() // gives back once
	if !d.setPerson("ana") || knock(1).setPerson("ana") {
		t.Error("what one has given back, one other gets")
	}
}
