package relay

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"tidepost/internal/testkit"
)

func TestTLSAndLogin(t *testing.T) {
	ca := testkit.NewCA(t)
	good := ca.Server("127.0.0.1", "smarthost.example")
	old := ca.Server("127.0.0.1")
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	expired := &tls.Config{Certificates: []tls.Certificate{ca.IssueExpired("127.0.0.1")}}
	users := map[string]string{"ana": "secret-pw"}
	for name, c := range map[string]struct {
		upstream testkit.SmarthostOptions
		rules    []testkit.Rule
		change   func(*Options)
		want     string
		alarm    bool
	}{
		"starttls":         {upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, want: "250 2.0.0 delivered said"},
		"implicit":         {upstream: testkit.SmarthostOptions{TLS: good, Auth: users, Implicit: true}, change: func(o *Options) { o.TLS = TLSImplicit }, want: "250 2.0.0 delivered said"},
		"login":            {upstream: testkit.SmarthostOptions{TLS: good, Auth: users, Mechanisms: "LOGIN"}, want: "250 2.0.0 delivered said"},
		"other name":       {upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, change: func(o *Options) { o.ServerName = "smarthost.example" }, want: "250 2.0.0 delivered said"},
		"wrong name":       {upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, change: func(o *Options) { o.ServerName = "evil.example" }, want: "454 4.7.5 tls", alarm: true},
		"wrong authority":  {upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, change: func(o *Options) { o.RootCAs = testkit.NewCA(t).Pool() }, want: "454 4.7.5 tls", alarm: true},
		"expired":          {upstream: testkit.SmarthostOptions{TLS: expired, Auth: users}, want: "454 4.7.5 tls", alarm: true},
		"old version":      {upstream: testkit.SmarthostOptions{TLS: old, Auth: users}, want: "454 4.7.5 tls", alarm: true},
		"tls-client-strip": {upstream: testkit.SmarthostOptions{Auth: users}, want: "454 4.7.4 tls", alarm: true},
		"tls-client-inject": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users},
			rules:    []testkit.Rule{{Verb: "STARTTLS", Raw: "220 go\r\n250-x\r\n250 AUTH PLAIN LOGIN\r\n"}},
			want:     "454 4.7.5 tls", alarm: true,
		},
		"starttls refused": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, rules: []testkit.Rule{{Verb: "STARTTLS", Reply: "454 4.7.0 no"}},
			want: "454 4.7.4 tls", alarm: true,
		},
		"wrong password": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: map[string]string{"ana": "other"}}, want: "454 4.7.0 auth", alarm: true,
		},
		"no login offered": {upstream: testkit.SmarthostOptions{TLS: good}, want: "454 4.7.0 auth", alarm: true},
		"no known mechanism": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users, Mechanisms: "CRAM-MD5"}, want: "454 4.7.0 auth", alarm: true,
		},
		"login needed": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, change: func(o *Options) { o.User, o.Password = "", "" },
			want: "454 4.7.0 auth", alarm: true,
		},
		"endless login": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, rules: []testkit.Rule{{Verb: "AUTH", Reply: "334 AAAA"}},
			want: "454 4.7.0 auth", alarm: true,
		},
		"unreadable challenge": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, rules: []testkit.Rule{{Verb: "AUTH", Reply: "334 ?"}},
			want: "454 4.7.0 auth", alarm: true,
		},
		"421 to AUTH": {
			upstream: testkit.SmarthostOptions{TLS: good, Auth: users}, rules: []testkit.Rule{{Verb: "AUTH", Reply: "421 bye"}},
			want: "451 4.3.2 protocol",
		},
		"clear login on loopback": {
			upstream: testkit.SmarthostOptions{Auth: users}, change: func(o *Options) { o.TLS, o.ClearAuth = TLSNone, true },
			want: "250 2.0.0 delivered said",
		},
		"clear login elsewhere": {
			upstream: testkit.SmarthostOptions{Auth: users, Listener: testkit.NewPipeListener("192.0.2.1:25")},
			change:   func(o *Options) { o.TLS, o.ClearAuth = TLSNone, true },
			want:     "454 4.7.0 auth", alarm: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.NewSmarthost(t, c.upstream)
			s.Script(c.rules...)
			client := newClient(t, s, func(o *Options) {
				o.TLS, o.RootCAs, o.User, o.Password, o.ClearAuth = TLSStartTLS, ca.Pool(), "ana", "secret-pw", false
				if ln, ok := c.upstream.Listener.(*testkit.PipeListener); ok {
					o.Dial = ln.DialContext
				}
				if c.change != nil {
					c.change(o)
				}
			})
			check := client.Check(t.Context())
			r := client.Send(t.Context(), job("a: b\r\n\r\n", "a@x.example"))[0]
			want(t, r, c.want)
			if r.Alarm() != c.alarm {
				t.Errorf("alarm %v, want %v", r.Alarm(), c.alarm)
			}
			if check.Delivered != r.Delivered && name != "login needed" {
				t.Errorf("check says %+v", check)
			}
			cmds := s.Commands()
			if r.Trouble == TroubleTLS || name == "clear login elsewhere" {
				if slices.ContainsFunc(cmds, func(c string) bool { return !strings.HasPrefix(c, "EHLO") && c != "STARTTLS" && c != "QUIT" }) {
					t.Errorf("sent in clear: %q", cmds)
				}
			}
			if strings.Contains(r.Reply.Error(), "secret-pw") {
				t.Error("password in the reply")
			}
			if r.Delivered {
				list, err := s.WaitFor(t.Context(), 1)
				if err != nil {
					t.Fatal(err)
				}
				if list[0].User != "ana" || list[0].TLS != strings.HasPrefix(r.TLS, "TLS 1.3") {
					t.Errorf("got %+v, TLS %q", list[0], r.TLS)
				}
			}
		})
	}
}
