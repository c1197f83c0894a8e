package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A fakeDNS answers from maps; what is not in them does not exist, unless it is down.
type fakeDNS struct {
	hosts, addrs, txt map[string][]string
	mx                map[string]string
	srv               map[string]net.SRV // by "service.domain"
	down              bool
}

func answer[T any](f fakeDNS, v T, found bool) (T, error) {
	switch {
	case f.down:
		return v, errors.New("i/o timeout")
	case !found:
		return v, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	return v, nil
}

func (f fakeDNS) LookupHost(_ context.Context, host string) ([]string, error) {
	v, ok := f.hosts[host]
	return answer(f, v, ok)
}

func (f fakeDNS) LookupAddr(_ context.Context, addr string) ([]string, error) {
	v, ok := f.addrs[addr]
	return answer(f, v, ok)
}

func (f fakeDNS) LookupMX(_ context.Context, domain string) ([]*net.MX, error) {
	v, ok := f.mx[domain]
	return answer(f, []*net.MX{{Host: v, Pref: 10}}, ok)
}

func (f fakeDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	v, ok := f.txt[name]
	return answer(f, v, ok)
}

func (f fakeDNS) LookupSRV(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
	v, ok := f.srv[service+"."+name]
	if !ok {
		_, err := answer(f, v, ok)
		return "", nil, err
	}
	return "", []*net.SRV{&v}, nil
}

// visitor returns a visit to an installation in a directory of its own.
func visitor(t *testing.T) *visit {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Hostname, cfg.Server.Domains = "mail.team.example", []string{"team.example"}
	cfg.Server.Data = filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(cfg.Server.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	return &visit{Options: Options{Config: cfg, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
}

// expectLast checks the newest finding.
func expectLast(t *testing.T, v *visit, level Level, text string) {
	t.Helper()
	if len(v.found) == 0 {
		t.Fatalf("nothing was found, expected %s %q", level, text)
	}
	f := v.found[len(v.found)-1]
	if f.Level != level || !strings.Contains(f.Text+" "+f.Do, text) {
		t.Errorf("found %+v, expected %s with %q", f, level, text)
	}
}

func TestDNS(t *testing.T) {
	public := map[string][]string{"mail.team.example": {"192.0.2.7"}}
	for _, c := range []struct {
		name  string
		dns   fakeDNS
		mode  string
		check string
		level Level
		text  string
	}{
		{"no name", fakeDNS{}, "smarthost", "dns name", Warn, "no such record"},
		{"offline", fakeDNS{down: true}, "smarthost", "dns name", Warn, "offline?"},
		{"name", fakeDNS{hosts: public}, "smarthost", "dns name", OK, "192.0.2.7"},
		{"no way back", fakeDNS{hosts: public}, "mx", "dns name", Warn, "PTR"},
		{"way back", fakeDNS{hosts: public, addrs: map[string][]string{"192.0.2.7": {"Mail.Team.Example."}}}, "mx", "dns name", OK, "192.0.2.7"},
		{"private", fakeDNS{hosts: map[string][]string{"mail.team.example": {"10.0.0.7"}}}, "mx", "dns name", OK, "10.0.0.7"},
		{"no mx", fakeDNS{}, "smarthost", "dns team.example", Warn, "no MX"},
		{"no spf", fakeDNS{mx: map[string]string{"team.example": "mx.team.example."}}, "smarthost", "dns team.example", Warn, "no SPF record"},
		{"spf", fakeDNS{mx: map[string]string{"team.example": "mx.team.example."}, txt: map[string][]string{"team.example": {"x", "v=spf1 mx -all"}}},
			"smarthost", "dns team.example", OK, "MX mx.team.example, SPF"},
		{"no srv", fakeDNS{}, "smarthost", "dns clients team.example", Warn, "no _submissions._tcp, _imaps._tcp"},
		{"srv elsewhere", fakeDNS{srv: map[string]net.SRV{"submissions.team.example": {Target: "smtp.old.example.", Port: 465}}}, "smarthost", "dns clients team.example", Warn, "leads to smtp.old.example.:465"},
		{"srv", fakeDNS{srv: map[string]net.SRV{"submissions.team.example": {Target: "Mail.team.example.", Port: 465}, "imaps.team.example": {Target: "mail.team.example.", Port: 993}}},
			"smarthost", "dns clients team.example", OK, "find where"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visitor(t)
			v.Resolver, v.Config.Relay.Mode = c.dns, c.mode
			v.dns(context.Background())
			for _, f := range v.found {
				if f.Check == c.check {
					v.found = []Finding{f}
					expectLast(t, v, c.level, c.text)
					return
				}
			}
			t.Errorf("no check %s in %v", c.check, v.found)
		})
	}
}

func TestRelay(t *testing.T) {
	v := visitor(t)
	r := &v.Config.Relay
	r.Mode = "mx"
	v.relay(context.Background())
	expectLast(t, v, OK, "MX of each domain")

	host := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"tide": "post"}})
	r.Mode, r.TLS = "smarthost", "none"
	r.Host, r.Port = host.Addr()
	v.relay(context.Background())
	expectLast(t, v, OK, "takes our mail (no TLS, no login)")

	v.Config.Listen.AllowCleartextLogin = true
	r.User, r.Password = "tide", config.NewSecret("wrong")
	v.relay(context.Background())
	expectLast(t, v, Fail, "relay.password_file")
	r.Password = config.NewSecret("post")
	v.relay(context.Background())
	expectLast(t, v, OK, "login as tide")

	host.Close()
	v.relay(context.Background())
	expectLast(t, v, Fail, "relay.host")
	r.CAFile = "/nonexistent"
	v.relay(context.Background())
	expectLast(t, v, Fail, "ca_file")
}

func TestAlarms(t *testing.T) {
	v := visitor(t)
	v.alarms(context.Background())
	expectLast(t, v, Warn, "nobody is told")
	v.Config.Server.Admin = "admin@else.example"
	v.alarms(context.Background())
	expectLast(t, v, OK, "straight to the MX")

	host := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	a := &v.Config.Alarm
	a.Mode, a.TLS = "smarthost", "none"
	a.Host, a.Port = host.Addr()
	v.alarms(context.Background())
	expectLast(t, v, OK, "by 127.0.0.1")
	v.Config.Relay.Host = a.Host
	v.alarms(context.Background())
	expectLast(t, v, Warn, "its own trouble")
	host.Close()
	v.alarms(context.Background())
	expectLast(t, v, Fail, "told to nobody")
	a.CAFile = "/nowhere"
	v.alarms(context.Background())
	expectLast(t, v, Fail, "alarm.ca_file")
}

func TestCertificate(t *testing.T) {
	ca := testkit.NewCA(t)
	dir := t.TempDir()
	file := func(c tls.Certificate) string {
		pem, _, err := testkit.CertPEM(c)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "cert.pem")
		if err := os.WriteFile(path, pem, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	v := visitor(t)
	v.certificate()
	expectLast(t, v, Warn, "there is none")
	good := ca.Issue("mail.team.example")
	v.Config.TLS.Cert = file(good)
	v.certificate()
	expectLast(t, v, OK, "for mail.team.example until")
	end := good.Leaf
	v.Now = func() time.Time { return end.NotAfter.Add(-5 * 24 * time.Hour) }
	v.certificate()
	expectLast(t, v, Warn, "in 5 days")
	v.Now = func() time.Time { return end.NotBefore.Add(-time.Hour) }
	v.certificate()
	expectLast(t, v, Fail, "begins on")
	v.Now = time.Now
	file(ca.Issue("other.example"))
	v.certificate()
	expectLast(t, v, Fail, "is for other names")
	file(ca.IssueExpired("mail.team.example"))
	v.certificate()
	expectLast(t, v, Fail, "ended on")
	for _, bad := range []string{"no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if err := os.WriteFile(v.Config.TLS.Cert, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		v.certificate()
		expectLast(t, v, Fail, "cert.pem")
	}
	v.Config.TLS.Cert = "/nonexistent"
	v.certificate()
	expectLast(t, v, Fail, "no such file")
	v.Config.TLS.ACME = true
	v.certificate()
	expectLast(t, v, OK, "ACME")
}

func TestFiles(t *testing.T) {
	v := visitor(t)
	v.dataDirectory()
	expectLast(t, v, OK, "free")
	v.Config.Store.Reserve = 1 << 62
	v.dataDirectory()
	expectLast(t, v, Fail, "Make room")
	if err := os.Chmod(v.Config.Server.Data, 0o750); err != nil {
		t.Fatal(err)
	}
	v.dataDirectory()
	expectLast(t, v, Fail, "mode 0750")
	v.Config.Server.Data = filepath.Join(t.TempDir(), "none")
	v.dataDirectory()
	expectLast(t, v, Fail, "does not exist")
	v.database(context.Background())
	if len(v.found) != 4 || v.desk != nil {
		t.Errorf("a database was opened where there is none: %v", v.found)
	}
	if _, err := os.Stat(v.Config.Server.Data); err == nil {
		t.Error("the doctor made a directory")
	}
}

func TestDamagedDatabase(t *testing.T) {
	v := visitor(t)
	if err := os.WriteFile(filepath.Join(v.Config.Server.Data, store.File), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	v.database(context.Background())
	expectLast(t, v, Fail, "restore the last backup")
}

func TestPeopleAndClock(t *testing.T) {
	ctx, v := context.Background(), visitor(t)
	v.database(ctx)
	expectLast(t, v, OK, "sound, schema")
	t.Cleanup(func() { v.desk.Close() })
	v.people(ctx)
	expectLast(t, v, Warn, "nobody is in the team")
	v.clock(ctx)
	if f := v.found[len(v.found)-1]; f.Level == Fail {
		t.Errorf("clock of an empty ledger: %+v", f)
	}

	now := time.Now()
	edit := people.NewEditor(v.desk.DB, v.Config.Server.Domains, rand.Reader)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		r := people.Request{Fields: map[people.Field]string{people.FieldAddress: name + "@team.example", people.FieldZone: "Europe/London"}}
		if _, err := edit.Add(ctx, r, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.desk.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	v.people(ctx)
	expectLast(t, v, Warn, "e@team.example and 1 more")
	v.Now = func() time.Time { return now.Add(-time.Hour) }
	v.clock(ctx)
	expectLast(t, v, Fail, "Set the clock right")
}

// A door that says the wrong thing, or nothing, is told apart from one that is well.
func TestDoors(t *testing.T) {
	ctx, v := context.Background(), visitor(t)
	v.Config.Listen = config.Listen{Submission: ":587", IMAP: ":143", IMAPS: ":993", LMTP: "/run/lmtp"}
	v.Config.TLS.Cert = "set"
	v.doors(ctx)
	if len(v.found) != 0 {
		t.Fatalf("doors of a server that does not run: %v", v.found)
	}
	speak := func(lines string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Write([]byte(lines))
				c.(*net.TCPConn).CloseWrite()
			}
		}()
		return l.Addr().String()
	}
	v.status = &gateway.Status{Listen: map[string]string{
		"submission": speak("220 hello\r\n250-x\r\n250 y\r\n454 no TLS today\r\n"),
		"imap":       speak("* BYE go away\r\n"),
		"imaps":      speak("220 this is no TLS\r\n"),
	}}
	v.doors(ctx)
	want := map[string]string{"door submission": "454 no TLS today", "door imap": "* BYE", "door imaps": "TLS", "door lmtp": "does not have it"}
	for _, f := range v.found {
		if f.Level != Fail || !strings.Contains(f.Text, want[f.Check]) {
			t.Errorf("found %+v, expected %q", f, want[f.Check])
		}
		delete(want, f.Check)
	}
	if len(want) != 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:25": "localhost:25", "[::]:25": "localhost:25", ":25": "localhost:25",
		"127.0.0.1:25": "127.0.0.1:25", "192.0.2.1:25": "192.0.2.1:25", "odd": "odd",
	} {
		if got := reachable(addr); got != want {
			t.Errorf("reachable(%q) = %q, expected %q", addr, got, want)
		}
	}
}

// A probe that was killed leaves an account and a waiting mail: the next one tidies up.
func TestProbeAfterAKill(t *testing.T) {
	ctx, v := context.Background(), visitor(t)
	v.database(ctx)
	t.Cleanup(func() { v.desk.Close() })
	a := mail.Address{Local: probeName, Domain: "team.example"}
	killed := errors.New("killed")
	edit := people.NewEditor(v.desk.DB, v.Config.Server.Domains, rand.Reader)
	r := people.Request{Fields: map[people.Field]string{people.FieldAddress: a.String(), people.FieldZone: "UTC"}}
	if _, err := edit.Add(ctx, r, v.Now()); err != nil {
		t.Fatal(err)
	}
	if err := v.desk.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	letter, mid, err := v.letter(a.String())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.probeSubmit(ctx, a, letter); err != nil {
		t.Fatal(err)
	}
	if err := v.cancelled(ctx, mid); err == nil {
		t.Error("a waiting mail counts as cancelled")
	}
	v.probe(ctx)
	expectLast(t, v, OK, "held, listed in Scheduled and cancelled")
	if err := v.cancelled(ctx, mid); err != nil {
		t.Errorf("mail of the killed probe: %v", err)
	}
	if _, _, ok := v.desk.People.ByAddress(a); ok {
		t.Error("the account of the probe is still there")
	}
	if err := v.withAccount(ctx, func(string, string) error { return killed }); !errors.Is(err, killed) {
		t.Errorf("error of the probe: %v", err)
	}
	rep, err := v.desk.DB.CheckLedger(ctx)
	if err != nil || len(rep.Findings) != 0 || rep.Now[store.Cancelled] != 2 {
		t.Errorf("ledger %+v, %v", rep, err)
	}
}

func TestRunAndWorst(t *testing.T) {
	v := visitor(t)
	var told int
	found := Run(context.Background(), Options{Config: v.Config, Offline: true, Told: func(Finding) { told++ }})
	if told != len(found) || Worst(found) != Fail {
		t.Errorf("told %d of %d, worst %s", told, len(found), Worst(found))
	}
	if Worst(nil) != OK || Worst([]Finding{{Level: Warn}, {Level: OK}}) != Warn {
		t.Error("Worst of nothing or of a warning")
	}
}

// The whole visit to a server that runs, by both ways into it.
func TestRunBesideAServer(t *testing.T) {
	for name, listen := range map[string]config.Listen{
		"starttls": {Submission: "127.0.0.1:0", IMAP: "127.0.0.1:0", Inbound: "127.0.0.1:0"},
		"implicit": {Submissions: "127.0.0.1:0", IMAPS: "127.0.0.1:0"},
		"clear":    {Submission: "127.0.0.1:0", IMAP: "127.0.0.1:0", AllowCleartextLogin: true},
		"half":     {Submission: "127.0.0.1:0"},
		"beside":   {Submission: "127.0.0.1:0"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := visitor(t).Config
			cfg.Listen = listen
			if name == "beside" {
				cfg.Web.IMAP = "imap.provider.example:993"
			}
			cfg.Relay.Host = "127.0.0.1"
			if !listen.AllowCleartextLogin {
				cfg.TLS.Cert, cfg.TLS.Key = filepath.Join(t.TempDir(), "c.pem"), filepath.Join(t.TempDir(), "k.pem")
				if err := gateway.SelfSigned(cfg.TLS.Cert, cfg.TLS.Key, []string{cfg.Server.Hostname}, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			serve(t, cfg)
			found := Run(context.Background(), Options{Config: cfg, Offline: true})
			var doors int
			for _, f := range found {
				switch {
				case name == "half" && f.Check == "probe":
					if f.Level != Fail || !strings.Contains(f.Text, "neither listen.imap nor listen.imaps is open") {
						t.Errorf("probe without a way to read: %+v", f)
					}
				case f.Level == Fail:
					t.Errorf("%+v", f)
				case strings.HasPrefix(f.Check, "door "):
					doors++
				}
			}
			if doors == 0 {
				t.Errorf("no door in %v", found)
			}
		})
	}
}

// serve runs a gateway until the test ends.
func serve(t *testing.T, cfg *config.Config) {
	t.Helper()
	g, err := gateway.Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	select {
	case <-g.Ready():
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
}
