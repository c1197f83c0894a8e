package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/internal/testkit"
	"tidepost/mail"
)

// A zone is the DNS and the network of a test: domains with MX records, and
// hosts that listen.
type zone struct {
	mx    map[string][]*net.MX
	hosts map[string]*testkit.PipeListener
}

func (z *zone) LookupMX(_ context.Context, domain string) ([]*net.MX, error) {
	if domain == "broken.example" {
		return nil, &net.DNSError{Err: "server misbehaving", Name: domain, IsTemporary: true}
	}
	if list, ok := z.mx[domain]; ok {
		return list, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: domain, IsNotFound: true}
}

func (z *zone) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	name, _, _ := net.SplitHostPort(addr)
	switch {
	case z.hosts[name] != nil:
		return z.hosts[name].Dial(ctx)
	case strings.HasPrefix(name, "dead"):
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	case strings.HasPrefix(name, "odd"):
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "timeout", IsTimeout: true}}
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
}

func newZone(t *testing.T, hosts ...string) (*zone, map[string]*testkit.Smarthost) {
	z := &zone{mx: map[string][]*net.MX{}, hosts: map[string]*testkit.PipeListener{}}
	up := map[string]*testkit.Smarthost{}
	for i, h := range hosts {
		z.hosts[h] = testkit.NewPipeListener(fmt.Sprintf("192.0.2.%d:25", i+1))
		up[h] = testkit.NewSmarthost(t, testkit.SmarthostOptions{Listener: z.hosts[h], Name: h})
	}
	return z, up
}

func (z *zone) client() *Client {
	return New(Options{Mode: ModeMX, HeloName: "us.example", Self: []string{"also-us.example."}, Resolver: z, Dial: z.dial})
}

func TestMX(t *testing.T) {
	z, up := newZone(t, "mx1.example", "mx2.example", "plain.example", "192.0.2.77")
	mx := func(pref uint16, host string) *net.MX { return &net.MX{Host: host + ".", Pref: pref} }
	z.mx["one.example"] = []*net.MX{mx(20, "mx2.example"), mx(10, "mx1.example")}
	z.mx["second.example"] = []*net.MX{mx(10, "dead.example"), mx(15, "gone.example"), mx(17, "odd.example"), mx(20, "mx2.example")}
	z.mx["null.example"] = []*net.MX{{Host: "."}}
	z.mx["loop.example"] = []*net.MX{mx(10, "US.example"), mx(20, "mx2.example")}
	z.mx["backup.example"] = []*net.MX{mx(10, "mx1.example"), mx(20, "also-us.example"), mx(20, "mx2.example"), mx(30, "mx2.example")}
	z.mx["dead.example"] = []*net.MX{mx(10, "dead1.example"), mx(20, "dead2.example")}
	z.mx["gone.example"] = []*net.MX{mx(10, "nowhere.example")}
	z.mx["odd.example"] = []*net.MX{mx(10, "odd.example")}
	z.mx["empty.example"] = []*net.MX{}
	z.mx["xn--bcher-kva.example"] = []*net.MX{mx(10, "mx1.example")}
	c := z.client()
	defer c.Close()
	for _, tc := range []struct{ to, want, remote string }{
		{"a@one.example", "250 2.0.0 delivered said", "mx1.example"},
		{"a@second.example", "250 2.0.0 delivered said", "mx2.example"},
		{"a@plain.example", "250 2.0.0 delivered said", "plain.example"},
		{"a@bücher.example", "250 2.0.0 delivered said", "mx1.example"},
		{"a@backup.example", "250 2.0.0 delivered said", "mx1.example"},
		{"a@[192.0.2.77]", "250 2.0.0 delivered said", "192.0.2.77"},
		{"a@null.example", "556 5.1.10 dns", ""},
		{"a@loop.example", "554 5.4.6 mail", ""},
		{"a@dead.example", "451 4.4.1 connect", "dead2.example"},
		{"a@gone.example", "451 4.4.4 dns", "nowhere.example"},
		{"a@odd.example", "451 4.4.3 dns", "odd.example"},
		{"a@nxdomain.example", "550 5.1.2 dns", ""},
		{"a@broken.example", "451 4.4.3 dns", ""},
		{"a@empty.example", "451 4.4.4 dns", ""},
		{"postmaster", "550 5.1.2 mail", ""},
	} {
		r := c.Send(t.Context(), job("a: b\r\n\r\n", tc.to))[0]
		want(t, r, tc.want)
		if r.Remote != tc.remote {
			t.Errorf("%s: remote %q, want %q", tc.to, r.Remote, tc.remote)
		}
	}
	// One job for many domains: one result each, in order.
	rs := c.Send(t.Context(), job("a: b\r\n\r\n", "a@one.example", "a@null.example", "b@one.example", "a@second.example"))
	for i, line := range []string{"250 2.0.0 delivered said", "556 5.1.10 dns", "250 2.0.0 delivered said", "250 2.0.0 delivered said"} {
		want(t, rs[i], line)
	}
	for _, m := range up["mx2.example"].Transactions() {
		if slices.ContainsFunc(m.Recipients, func(f testkit.Forward) bool { return strings.HasSuffix(f.Address, "@backup.example") }) {
			t.Error("mail went to a host not better than ourselves")
		}
	}
	if got := c.Route(mail.Address{Local: "a", Domain: "Bücher.example"}); got != "xn--bcher-kva.example" {
		t.Errorf("route %q", got)
	}
	if !c.Check(t.Context()).Delivered {
		t.Error("check in mode mx")
	}
}

func TestEqualMXOfOursAreDropped(t *testing.T) {
	c := New(Options{Mode: ModeMX, HeloName: "us.example"})
	defer c.Close()
	for range 20 { // the order among equals is random
		_, f := c.rank("d.example", []*net.MX{{Host: "us.example.", Pref: 5}, {Host: "x.example.", Pref: 5}, {Host: "y.example.", Pref: 5}})
		if f == nil || f.reply.Enhanced != [3]int{5, 4, 6} {
			t.Fatalf("got %+v, want a loop", f)
		}
	}
}

func TestASlowDomainHoldsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, up := newZone(t, "slow.example", "fast.example")
		up["slow.example"].Script(testkit.Rule{Verb: "MAIL", Hang: true})
		c := z.client()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 3 {
				c.Send(t.Context(), job("a: b\r\n\r\n", "a@slow.example"))
			}
		}()
		synctest.Wait()
		start := time.Now()
		for range 30 {
			want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@fast.example"))[0], "250 2.0.0 delivered said")
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		<-done
		c.Close()
		for _, s := range up {
			s.Close()
		}
	})
}

func TestOwnAddressIsALoop(t *testing.T) {
	s := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	_, port := s.Addr()
	z := &zone{mx: map[string][]*net.MX{"x.example": {{Host: "127.0.0.1.", Pref: 1}}}}
	o := Options{Mode: ModeMX, HeloName: "us.example", Port: port, Resolver: z}
	c := New(o)
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "554 5.4.6 mail")
	c.Close()
	o.SameHost, o.LocalAddr = true, net.IPv4(127, 0, 0, 1)
	c = New(o)
	defer c.Close()
	want(t, c.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0], "250 2.0.0 delivered said")
}

func TestOpportunisticTLS(t *testing.T) {
	other := testkit.NewCA(t)
	for name, c := range map[string]struct {
		up   testkit.SmarthostOptions
		rule testkit.Rule
		want string
		tls  string
	}{
		"any certificate": {up: testkit.SmarthostOptions{TLS: other.Server("unrelated.example")}, want: "250 2.0.0 delivered said", tls: "TLS 1.3"},
		"not offered":     {want: "250 2.0.0 delivered said"},
		"offered, broken": {up: testkit.SmarthostOptions{TLS: other.Server("x")}, rule: testkit.Rule{Verb: "STARTTLS", Reply: "220 go", Close: true}, want: "454 4.7.5 tls"},
	} {
		t.Run(name, func(t *testing.T) {
			ln := testkit.NewPipeListener("192.0.2.1:25")
			c.up.Listener = ln
			s := testkit.NewSmarthost(t, c.up)
			if c.rule.Verb != "" {
				s.Script(c.rule)
			}
			z := &zone{hosts: map[string]*testkit.PipeListener{"x.example": ln}}
			client := z.client()
			defer client.Close()
			r := client.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0]
			want(t, r, c.want)
			if r.TLS != c.tls {
				t.Errorf("TLS %q, want %q", r.TLS, c.tls)
			}
		})
	}
}

func TestAddressLiterals(t *testing.T) {
	for in, want := range map[string]string{
		"[192.0.2.1]": "192.0.2.1", "[IPv6:2001:db8::1]": "2001:db8::1", "[ipv6:::1]": "::1",
		"192.0.2.1": "", "[x]": "", "[192.0.2.1": "", "[]": "",
	} {
		got, ok := addressLiteral(in)
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q %v, want %q", in, got, ok, want)
		}
	}
}
