package relay

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/internal/testkit"
)

// The rows of the bad-input catalogue where the smarthost misbehaves, and the
// places a partition can hit (connect, MAIL, DATA, behind the end mark, QUIT).
func TestHostileSmarthost(t *testing.T) {
	type rules = []testkit.Rule
	for name, c := range map[string]struct {
		rules rules
		want  string
	}{
		"host-endless-banner":     {rules{{Verb: "CONNECT", Raw: strings.Repeat("220-x\r\n", 100000)}}, "451 4.5.0 protocol"},
		"host-long-line":          {rules{{Verb: "CONNECT", Raw: "220 " + strings.Repeat("x", 1<<20)}}, "451 4.5.0 protocol"},
		"host-250-then-close":     {rules{{Verb: "EOD", Close: true}}, "451 4.4.2 after-dot protocol"},
		"host-421-mid":            {rules{{Verb: "RCPT", Reply: "421 bye"}}, "421 4.0.0 said"},
		"host-354-early":          {rules{{Verb: "RCPT", Reply: "354"}}, "451 4.5.0 protocol"},
		"host-code-999":           {rules{{Verb: "EHLO", Reply: "999 x"}}, "451 4.5.0 protocol"},
		"host-text-inject":        {rules{{Verb: "RCPT", Raw: "550 5.1.1 x\x1b[2J\r\nSubject: y\r\n"}}, "550 5.1.1 said"},
		"an early final reply":    {rules{{Verb: "DATA", Raw: "354 go\r\n250 ok\r\n"}}, "451 4.5.0 protocol"},
		"250 to DATA":             {rules{{Verb: "DATA", Reply: "250 ok"}}, "451 4.5.0 protocol"},
		"354 to the end mark":     {rules{{Verb: "EOD", Reply: "354 more"}}, "451 4.5.0 after-dot protocol"},
		"garbage to the end mark": {rules{{Verb: "EOD", Reply: "lorem"}}, "451 4.5.0 after-dot protocol"},
		"421 to the end mark":     {rules{{Verb: "EOD", Reply: "421 4.3.2 down", Close: true}}, "421 4.3.2 said"},
		"421 to MAIL":             {rules{{Verb: "MAIL", Reply: "421 4.3.2 down", Close: true}}, "421 4.3.2 said"},
		"554 greeting":            {rules{{Verb: "CONNECT", Reply: "554 5.7.1 go away"}}, "451 4.3.2 protocol"},
		"EHLO and HELO refused":   {rules{{Verb: "EHLO", Reply: "550 no"}, {Verb: "HELO", Reply: "550 no"}}, "451 4.3.2 protocol"},
		"dropped at connect":      {rules{{Verb: "CONNECT", Close: true}}, "451 4.4.2 protocol"},
		"dropped at EHLO":         {rules{{Verb: "EHLO", Close: true}}, "451 4.4.2 protocol"},
		"dropped at MAIL":         {rules{{Verb: "MAIL", Close: true}}, "451 4.4.2 protocol"},
		"dropped at RCPT":         {rules{{Verb: "RCPT", Close: true}}, "451 4.4.2 protocol"},
		"dropped at DATA":         {rules{{Verb: "DATA", Close: true}}, "451 4.4.2 protocol"},
		"dropped at QUIT":         {rules{{Verb: "QUIT", Close: true}}, "250 2.0.0 delivered said"},
		"mixed codes":             {rules{{Verb: "RCPT", Raw: "550-a\r\n250 b\r\n"}}, "451 4.5.0 protocol"},
		"200 lines":               {rules{{Verb: "EOD", Raw: strings.Repeat("250-x\r\n", 199) + "250 x\r\n"}}, "250 2.0.0 delivered said"},
		"200 lines of refusal":    {rules{{Verb: "RCPT", Raw: strings.Repeat("550-5.1.1 x\r\n", 199) + "550 5.1.1 x\r\n"}}, "550 5.1.1 said"},
		"2500 lines":              {rules{{Verb: "EOD", Raw: strings.Repeat("250-x\r\n", 2499) + "250 x\r\n"}}, "451 4.5.0 after-dot protocol"},
	} {
		for _, pipelining := range []string{"PIPELINING", "X"} {
			t.Run(name+"/"+pipelining, func(t *testing.T) {
				s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Extensions: []string{pipelining}})
				s.Script(c.rules...)
				client := newClient(t, s, nil)
				r := client.Send(t.Context(), job("a: b\r\n\r\nbody\r\n", "a@x.example"))[0]
				want(t, r, c.want)
				if r.Remote == "" {
					t.Error("no remote named")
				}
				client.Close()
				s.Close()
				if list := s.Transactions(); len(list) > 1 {
					t.Errorf("%d end marks for one mail", len(list))
				}
			})
		}
	}
}

func TestHELOServesHostsWithoutEHLO(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	s.Script(testkit.Rule{Verb: "EHLO", Reply: "502 5.5.1 unknown"})
	c := newClient(t, s, nil)
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "250 2.0.0 delivered said")
	if got := strings.Join(s.Commands(), "|"); got != "EHLO tide.example|HELO tide.example|MAIL FROM:<ana@team.example>|RCPT TO:<a@x.example>|DATA" {
		t.Errorf("got %s", got)
	}
}

func TestRefusalInMidBodyIsHeard(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	s.Script(testkit.Rule{Verb: "BODY", Match: "stop", Reply: "552 5.3.4 Too big"})
	c := newClient(t, s, nil)
	text := "a: b\r\n\r\nstop\r\n" + strings.Repeat("more text\r\n", 100000)
	r := c.Send(t.Context(), job(text, "a@x.example"))[0]
	if r.Reply.Code != 552 && r.Reply.Code != 451 || r.Delivered || r.AfterDot {
		t.Errorf("got %+v", r)
	}
	if len(s.Transactions()) != 0 {
		t.Error("an end mark was seen")
	}
}

// Time-outs, in virtual time: each phase ends at its own limit.
func TestSlowSmarthost(t *testing.T) {
	for _, c := range []struct {
		name string
		rule testkit.Rule
		want string
		took time.Duration
	}{
		{"silent banner", testkit.Rule{Verb: "CONNECT", Hang: true}, "451 4.4.2 protocol", 5 * time.Minute},
		{"host-slow-1bps", testkit.Rule{Verb: "CONNECT", Raw: strings.Repeat("220-x\r\n", 90) + "220 x\r\n", Pace: time.Second}, "451 4.4.2 protocol", 5 * time.Minute},
		{"silent MAIL", testkit.Rule{Verb: "MAIL", Hang: true}, "451 4.4.2 protocol", 5 * time.Minute},
		{"silent DATA", testkit.Rule{Verb: "DATA", Hang: true}, "451 4.4.2 protocol", 2 * time.Minute},
		{"silent body", testkit.Rule{Verb: "BODY", Hang: true}, "451 4.4.2 after-dot protocol", 10 * time.Minute},
		{"silent end", testkit.Rule{Verb: "EOD", Hang: true}, "451 4.4.2 after-dot protocol", 10 * time.Minute},
		{"late but good", testkit.Rule{Verb: "EOD", Delay: 9 * time.Minute}, "250 2.0.0 delivered said", 9 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := testkit.NewPipeListener("192.0.2.1:25")
				s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Listener: ln})
				defer s.Close()
				s.Script(c.rule)
				client := newClient(t, s, func(o *Options) { o.Dial = ln.DialContext })
				defer client.Close()
				start := time.Now()
				r := client.Send(t.Context(), job("a: b\r\n\r\nbody\r\n", "a@x.example"))[0]
				want(t, r, c.want)
				if took := time.Since(start); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestTrickledBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := testkit.NewPipeListener("192.0.2.1:25")
		go func() { // takes one octet of a body a second
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			io.WriteString(c, "220 x\r\n")
			buf := make([]byte, 4096)
			for _, answer := range []string{"250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"} {
				c.Read(buf)
				io.WriteString(c, answer)
			}
			for {
				if _, err := c.Read(buf[:1]); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		c := New(Options{Host: "192.0.2.1", TLS: TLSNone, Dial: ln.DialContext})
		defer c.Close()
		start := time.Now()
		r := c.Send(t.Context(), job("a: b\r\n\r\n"+strings.Repeat("text\r\n", 100000), "a@x.example"))[0]
		want(t, r, "451 4.4.2 protocol")
		if took := time.Since(start); took > 4*time.Minute {
			t.Errorf("took %v", took)
		}
		ln.Close()
	})
}

func TestStopWaitsForTheReplyToAnEndMark(t *testing.T) {
	for _, c := range []struct {
		name string
		rule testkit.Rule
		want string
		took time.Duration
	}{
		{"in MAIL", testkit.Rule{Verb: "MAIL", Hang: true}, "451 4.3.2 stopped", time.Minute},
		{"end mark, reply in time", testkit.Rule{Verb: "EOD", Delay: 70 * time.Second}, "250 2.0.0 delivered said", 70 * time.Second},
		{"end mark, no reply", testkit.Rule{Verb: "EOD", Hang: true}, "451 4.3.2 after-dot stopped", 75 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln := testkit.NewPipeListener("192.0.2.1:25")
				s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Listener: ln})
				defer s.Close()
				s.Script(c.rule)
				client := newClient(t, s, func(o *Options) { o.Dial = ln.DialContext })
				defer client.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				want(t, client.Send(ctx, job("a: b\r\n\r\n", "a@x.example"))[0], c.want)
				if took := time.Since(start); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestIdleConnectionsEndAndSlotsTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := testkit.NewPipeListener("192.0.2.1:25")
		s := testkit.NewSmarthost(t, testkit.SmarthostOptions{Listener: ln})
		defer s.Close()
		client := newClient(t, s, func(o *Options) { o.Dial, o.MaxConns = ln.DialContext, 1 })
		defer client.Close()
		send := func() Result { return client.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0] }
		want(t, send(), "250 2.0.0 delivered said")
		time.Sleep(29 * time.Second)
		want(t, send(), "250 2.0.0 delivered said")
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if cmds := s.Commands(); cmds[len(cmds)-1] != "QUIT" {
			t.Errorf("last command %q, want QUIT", cmds[len(cmds)-1])
		}
		s.Script(testkit.Rule{Verb: "MAIL", Hang: true, Times: 1})
		done := make(chan Result)
		go func() { done <- send() }()
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		want(t, client.Send(ctx, job("a: b\r\n\r\n", "a@x.example"))[0], "451 4.3.2 stopped")
		time.Sleep(time.Second)
		want(t, <-done, "451 4.4.2 protocol")
		if got := time.Since(start); got != 5*time.Minute {
			t.Errorf("took %v", got)
		}
	})
}

func TestDialEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Host: "h", TLS: TLSNone, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		defer c.Close()
		start := time.Now()
		want(t, c.Send(t.Context(), job("a: b\r\n", "a@x.example"))[0], "451 4.4.1 connect")
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("took %v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		want(t, c.Send(ctx, job("a: b\r\n", "a@x.example"))[0], "451 4.3.2 stopped")
	})
}
