package relay

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"tidepost/internal/testkit"
	"tidepost/mail"
)

// newClient returns a client of s; change may alter its options.
func newClient(t *testing.T, s *testkit.Smarthost, change func(*Options)) *Client {
	t.Helper()
	o := Options{TLS: TLSNone, HeloName: "tide.example"}
	o.Host, o.Port = s.Addr()
	if change != nil {
		change(&o)
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	c := New(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func addr(s string) mail.Address {
	local, domain, _ := strings.Cut(s, "@")
	return mail.Address{Local: local, Domain: domain}
}

func job(text string, to ...string) Job {
	j := Job{
		From: addr("ana@team.example"), Size: int64(len(text)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
	}
	for _, r := range to {
		j.Recipients = append(j.Recipients, mail.Recipient{Address: addr(r)})
	}
	return j
}

// want checks one result in the form "code e.e.e trouble flags".
func want(t *testing.T, r Result, line string) {
	t.Helper()
	got := fmt.Sprintf("%d %d.%d.%d", r.Reply.Code, r.Reply.Enhanced[0], r.Reply.Enhanced[1], r.Reply.Enhanced[2])
	for _, f := range []struct {
		on   bool
		word string
	}{{r.Delivered, "delivered"}, {r.Said, "said"}, {r.AfterDot, "after-dot"}, {r.Trouble != "", string(r.Trouble)}} {
		if f.on {
			got += " " + f.word
		}
	}
	if got != line {
		t.Errorf("%s: got %q, want %q (%s; %v)", r.Recipient, got, line, r.Reply.Text, r.Reply.Cause)
	}
	if strings.ContainsFunc(r.Reply.Text, func(c rune) bool { return c < ' ' }) {
		t.Errorf("reply text holds controls: %q", r.Reply.Text)
	}
}

func TestCorpusArrivesOctetForOctet(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	for i, m := range testkit.Samples() {
		j := job(m.Text, m.To...)
		j.From, j.EightBit = addr(m.From), !isASCII(m.Text)
		if m.From == "" {
			j.From = mail.Address{}
		}
		if i%2 == 1 { // octet by octet
			j.Open = func() (io.ReadCloser, error) {
				return io.NopCloser(iotest.OneByteReader(strings.NewReader(m.Text))), nil
			}
		}
		for _, r := range c.Send(t.Context(), j) {
			want(t, r, "250 2.0.0 delivered said")
		}
		list, err := s.WaitFor(t.Context(), i+1)
		if err != nil {
			t.Fatal(err)
		}
		got := list[i]
		if string(got.Data) != m.Text || got.From != m.From {
			t.Errorf("%s: got <%s> %q, want <%s> %q", m.Name, got.From, got.Data, m.From, m.Text)
		}
		if wantBody := j.EightBit; strings.Contains(strings.Join(got.FromParams, " "), "BODY=8BITMIME") != wantBody {
			t.Errorf("%s: MAIL parameters %q", m.Name, got.FromParams)
		}
	}
	if total, _ := s.Connections(); total != 1 {
		t.Errorf("%d connections, want one used again", total)
	}
}

func TestRepliesPerRecipient(t *testing.T) {
	for _, extensions := range [][]string{{"PIPELINING"}, {"X"}} {
		t.Run(extensions[0], func(t *testing.T) {
			s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Extensions: extensions})
			c := newClient(t, s, nil)
			s.Script(
				testkit.Rule{Verb: "RCPT", Match: "gone@", Reply: "550-5.1.1 No such\n550-5.1.1 user\n550 5.1.1 here"},
				testkit.Rule{Verb: "RCPT", Match: "busy@", Reply: "450 4.2.0 Greylisted"},
				testkit.Rule{Verb: "RCPT", Match: "old@", Reply: "553 sorry"},
				testkit.Rule{Verb: "RCPT", Match: "full@", Reply: "552 5.2.2 Over quota"},
			)
			rs := c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example", "gone@x.example", "busy@x.example", "old@x.example", "full@x.example"))
			want(t, rs[0], "250 2.0.0 delivered said")
			want(t, rs[1], "550 5.1.1 said")
			want(t, rs[2], "450 4.2.0 said")
			want(t, rs[3], "553 5.0.0 said")
			want(t, rs[4], "552 5.2.2 said")
			if got, want := rs[1].Reply.Text, "No such user here"; got != want {
				t.Errorf("text %q, want %q", got, want)
			}
			// Nobody accepted: nothing is sent, and the connection stays good.
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "gone@x.example"))[0], "550 5.1.1 said")
			s.Script(testkit.Rule{Verb: "MAIL", Reply: "552 5.3.4 too big", Times: 1})
			for _, r := range c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example", "gone@x.example")) {
				want(t, r, "552 5.3.4 said")
			}
			s.Script(testkit.Rule{Verb: "DATA", Reply: "451 4.3.0 later", Times: 1})
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example"))[0], "451 4.3.0 said")
			s.Script(testkit.Rule{Verb: "EOD", Reply: "554 5.7.1 spam", Times: 1})
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example"))[0], "554 5.7.1 said")
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example"))[0], "250 2.0.0 delivered said")
			if total, _ := s.Connections(); total != 1 {
				t.Errorf("%d connections, want 1", total)
			}
			if n := len(s.Transactions()); n != 3 {
				t.Errorf("%d end marks, want 3", n)
			}
		})
	}
}

func Test354ToNobodyIsEndedByTheMarkAlone(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	s.Script(testkit.Rule{Verb: "RCPT", Reply: "550 5.1.1 no", Times: 1}, testkit.Rule{Verb: "DATA", Reply: "354 go", Times: 1})
	want(t, c.Send(t.Context(), job("secret: b\r\n\r\n", "ok@x.example"))[0], "550 5.1.1 said")
	if list := s.Transactions(); len(list) != 1 || len(list[0].Data) != 0 {
		t.Errorf("got %+v, want one empty message", list)
	}
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "ok@x.example"))[0], "250 2.0.0 delivered said")
}

func TestManyRecipientsAreBatched(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	var to []string
	for i := range 250 {
		to = append(to, fmt.Sprintf("reader-%03d-%s@x.example", i, strings.Repeat("n", 40)))
	}
	s.Script(testkit.Rule{Verb: "RCPT", Match: "reader-00", Skip: 4, Times: 3, Reply: "452 4.5.3 Too many recipients"})
	s.Script(testkit.Rule{Verb: "RCPT", Match: "reader-10", Times: 1, Reply: "552 Too many recipients"})
	for _, r := range c.Send(t.Context(), job("a: b\r\n\r\nx\r\n", to...)) {
		want(t, r, "250 2.0.0 delivered said")
	}
	list, err := s.WaitFor(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, m := range list {
		if len(m.Recipients) > 100 {
			t.Errorf("%d recipients in a transaction", len(m.Recipients))
		}
		for _, r := range m.Recipients {
			seen[r.Address]++
		}
	}
	for _, r := range to {
		if seen[r] != 1 {
			t.Errorf("%s: sent %d times", r, seen[r])
		}
	}
	// With nobody let in, "too many" is only a deferral.
	s.Script(testkit.Rule{Verb: "RCPT", Reply: "552 5.5.3 Too many recipients", Times: 1})
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "z@x.example"))[0], "452 4.5.3 said")
}

func TestParameters(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	j := job("a: b\r\n\r\n", "mei@bücher.example", "tom@x.example", "zoë@x.example")
	j.EnvID, j.Ret = "id+1=2 x", "HDRS"
	j.Recipients[0].Notify, j.Recipients[0].ORcpt = "success,FAILURE", "rfc822;mei+a@b"
	j.Recipients[1].Notify, j.Recipients[1].ORcpt = "NEVER\r\nRSET", "bad"
	j.Recipients[2].Notify, j.Recipients[2].ORcpt = "NEVER", "utf-8;zoë@x"
	for _, r := range c.Send(t.Context(), j) {
		want(t, r, "250 2.0.0 delivered said")
		if !r.DSN {
			t.Error("DSN not noted")
		}
	}
	wantLines := []string{
		"EHLO tide.example",
		"MAIL FROM:<ana@team.example> SIZE=8 SMTPUTF8 RET=HDRS ENVID=id+2B1+3D2+20x",
		"RCPT TO:<mei@xn--bcher-kva.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;mei+2Ba@b",
		"RCPT TO:<tom@x.example>",
		"RCPT TO:<zoë@x.example> NOTIFY=NEVER ORCPT=utf-8;zoë@x",
		"DATA",
	}
	if got := strings.Join(s.Commands(), "\n"); got != strings.Join(wantLines, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(wantLines, "\n"))
	}
	if got, want := orcpt("rfc822;zoë+x@x", false), `utf-8;zo\x{EB}\x{2B}x@x`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatAHostCannotTake(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Extensions: []string{"SIZE 100"}})
	c := newClient(t, s, nil)
	big := job(strings.Repeat("x", 99)+"\r\n", "a@x.example")
	want(t, c.Send(t.Context(), big)[0], "552 5.3.4 mail")
	eight := job("a: \xff\r\n", "a@x.example")
	eight.EightBit = true
	want(t, c.Send(t.Context(), eight)[0], "554 5.6.3 mail")
	utf8 := job("a: b\r\n", "a@x.example")
	utf8.UTF8 = true
	want(t, c.Send(t.Context(), utf8)[0], "550 5.6.7 mail")
	mixed := c.Send(t.Context(), job("a: b\r\n", "zoë@x.example", "a@x.example"))
	want(t, mixed[0], "550 5.6.7 mail")
	want(t, mixed[1], "250 2.0.0 delivered said")
	if mixed[1].DSN {
		t.Error("DSN noted but not offered") // host-no-dsn: the caller writes "relayed"
	}
	bad := c.Send(t.Context(), job("a: b\r\n", "x>\r\nRSET@x.example", "a b@x.example", `"q"@x.example`, "a@x\r\nDATA", ""))
	for _, r := range bad {
		want(t, r, "553 5.1.3 mail")
	}
	spoof := job("a: b\r\n", "a@x.example")
	spoof.From = mail.Address{Local: "a>", Domain: "b"}
	want(t, c.Send(t.Context(), spoof)[0], "553 5.1.7 mail")
}

func TestHalfAMessageNeverGetsItsEndMark(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	text := "a: b\r\n\r\n" + strings.Repeat("line\r\n", 20000)
	source := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	for name, tc := range map[string]struct {
		open func() (io.ReadCloser, error)
		size int64
		want string
	}{
		"open fails":   {func() (io.ReadCloser, error) { return nil, io.ErrClosedPipe }, 0, "451 4.3.0 mail"},
		"read fails":   {source(io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrNoProgress))), 0, "451 4.3.0 mail"},
		"too short":    {source(strings.NewReader(text)), int64(len(text)) + 1, "451 4.3.0 mail"},
		"too long":     {source(strings.NewReader(text)), 5, "451 4.3.0 mail"},
		"bare LF":      {source(strings.NewReader(text + "x\n.\nMAIL FROM:<evil@x>\r\n")), 0, "554 5.6.0 mail"},
		"LF first":     {source(strings.NewReader("\n.\r\n")), 0, "554 5.6.0 mail"},
		"bare CR":      {source(strings.NewReader(text + "x\r.\r\n")), 0, "554 5.6.0 mail"},
		"CR CR LF":     {source(strings.NewReader(text + "x\r\r\n.\r\n")), 0, "554 5.6.0 mail"},
		"CR at end":    {source(strings.NewReader(text + "x\r")), 0, "554 5.6.0 mail"},
		"CR LF LF dot": {source(iotest.OneByteReader(strings.NewReader("x\r\n\n.\r\n"))), 0, "554 5.6.0 mail"},
	} {
		j := job(text, "a@x.example")
		j.Open, j.Size = tc.open, tc.size
		t.Log(name)
		want(t, c.Send(t.Context(), j)[0], tc.want)
	}
	if list := s.Transactions(); len(list) != 0 {
		t.Errorf("%d end marks seen, want none", len(list))
	}
	j := job("no line end", "a@x.example")
	want(t, c.Send(t.Context(), j)[0], "250 2.0.0 delivered said")
	if got := string(s.Transactions()[0].Data); got != "no line end\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestConnectionsAreBoundedAndShared(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, func(o *Options) { o.MaxConns = 3 })
	var wg sync.WaitGroup
	for range 60 {
		wg.Go(func() {
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "250 2.0.0 delivered said")
		})
	}
	wg.Wait()
	if _, most := s.Connections(); most > 3 {
		t.Errorf("%d connections at a time, want at most 3", most)
	}
	if list, err := s.WaitFor(t.Context(), 60); err != nil || len(list) != 60 {
		t.Errorf("%d mails, %v", len(list), err)
	}
	c.Close()
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "451 4.3.2 stopped")
	if len(c.pool.dests) != 0 {
		t.Errorf("%d destinations remembered after Close", len(c.pool.dests))
	}
}

func TestAConnectionEndedWhileKeptIsReplaced(t *testing.T) {
	const fine = "250 2.0.0 delivered said"
	for _, c := range []struct {
		name  string
		first string // what the first mail comes to
		rule  testkit.Rule
	}{
		{"gone", fine, testkit.Rule{Verb: "MAIL", Times: 1, Close: true}},
		{"gone with a word", fine, testkit.Rule{Verb: "MAIL", Times: 1, Reply: "421 4.4.2 idle too long", Close: true}},
		{"gone before RSET", "550 5.1.1 said", testkit.Rule{Verb: "RSET", Times: 1, Close: true}},
		{"gone with a word before RSET", "550 5.1.1 said", testkit.Rule{Verb: "RSET", Times: 1, Reply: "421 4.4.2 idle too long", Close: true}},
		{"no RSET there", "550 5.1.1 said", testkit.Rule{Verb: "RSET", Times: 1, Reply: "502 what"}},
		{"out of step", "550 5.1.1 said", testkit.Rule{Verb: "RSET", Times: 1, Raw: "250 ok\r\n250 and more\r\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
			s.Script(testkit.Rule{Verb: "RCPT", Match: "nobody", Reply: "550 5.1.1 who"})
			client := newClient(t, s, nil)
			to := "a@x.example"
			if c.first != fine {
				to = "nobody@x.example"
			}
			want(t, client.Send(t.Context(), job("a: b\r\n\r\n", to))[0], c.first)
			s.Script(c.rule)
			want(t, client.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], fine)
			if total, _ := s.Connections(); total != 2 {
				t.Errorf("%d connections, want 2", total)
			}
		})
	}
}

// All kept connections had ended: each is found out, and none is the mail's trouble.
func TestManyConnectionsEndedWhileKept(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	c := newClient(t, s, nil)
	s.Script(testkit.Rule{Verb: "EOD", Delay: 50 * time.Millisecond, Reply: "250 2.0.0 ok", Times: 5})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example")) })
	}
	wg.Wait()
	s.DropAll()
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "250 2.0.0 delivered said")
	if total, _ := s.Connections(); total != 6 {
		t.Errorf("%d connections, want 6", total)
	}
}

// A kept connection that says nothing costs its time-out once, not once for each.
func TestASilentKeptConnectionIsTheHostsTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := testkit.NewPipeListener("192.0.2.1:25")
		s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Listener: ln})
		defer s.Close()
		c := newClient(t, s, func(o *Options) { o.Dial = ln.DialContext })
		want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "250 2.0.0 delivered said")
		s.Script(testkit.Rule{Verb: "MAIL", Hang: true})
		begun := time.Now()
		want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "451 4.4.2 protocol")
		if took := time.Since(begun); took != 5*time.Minute {
			t.Errorf("it took %s", took)
		}
		c.Close()
	})
}

func TestValidate(t *testing.T) {
	for name, o := range map[string]Options{
		"mode":        {Mode: "x", Host: "h"},
		"host":        {},
		"mx login":    {Mode: ModeMX, User: "u", Password: "p"},
		"port":        {Host: "h", Port: 70000},
		"password":    {Host: "h", User: "u"},
		"clear":       {Host: "h", User: "u", Password: "p", TLS: TLSNone},
		"helo":        {Host: "h", HeloName: "a b"},
		"tls":         {Host: "h", TLS: "maybe"},
		"opportunity": {Host: "h", TLS: TLSOpportunistic},
		"mx implicit": {Mode: ModeMX, TLS: TLSImplicit},
	} {
		if o.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
		r := New(o).Send(context.Background(), job("a: b\r\n", "a@x.example"))[0]
		want(t, r, "451 4.3.5 stopped")
	}
	for _, o := range []Options{{Host: "h"}, {Host: "h", TLS: TLSImplicit}, {Mode: ModeMX}, {Host: "h", TLS: TLSNone, User: "u", Password: "p", ClearAuth: true}} {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	if p := (Options{Host: "h", TLS: TLSImplicit}).withDefaults().Port; p != 465 {
		t.Errorf("port %d", p)
	}
}

func TestSecretIsMasked(t *testing.T) {
	s := Secret("hunter2")
	for _, verb := range []string{"%v", "%s", "%d", "%x", "%q", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, struct{ P Secret }{s}); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e") || strings.Contains(got, "104") {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if b, _ := s.MarshalText(); string(b) != "***" || s.String() != "***" {
		t.Error("not masked")
	}
}

func TestRefusedConnection(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	c := New(Options{Host: "127.0.0.1", Port: port})
	defer c.Close()
	r := c.Send(t.Context(), job("a: b\r\n", "a@x.example"))[0]
	want(t, r, "451 4.4.1 connect")
	if r.Alarm() {
		t.Error("alarm for a host that is down")
	}
	if got := c.Check(t.Context()); got.Delivered || got.Trouble != TroubleConnect {
		t.Errorf("check: %+v", got)
	}
}
