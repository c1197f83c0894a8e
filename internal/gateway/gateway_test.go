package gateway

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/people"
	"tidepost/store"
)

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// configuration is a whole one on free loopback ports.
func configuration(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Default()
	cfg.Server.Hostname, cfg.Server.Domains = "mx.team.example", []string{"team.example"}
	cfg.Server.Data = filepath.Join(dir, "data")
	if err := os.Mkdir(cfg.Server.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg.TLS.Cert, cfg.TLS.Key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	if err := SelfSigned(cfg.TLS.Cert, cfg.TLS.Key, []string{"mx.team.example", "127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	l := &cfg.Listen
	l.Submission, l.Submissions, l.Inbound = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	l.IMAP, l.IMAPS, l.LMTP = "127.0.0.1:0", "127.0.0.1:0", filepath.Join(dir, "lmtp.sock")
	cfg.Relay.Host = "127.0.0.1"
	return cfg
}

// start runs a gateway until the test ends.
func start(t *testing.T, cfg *config.Config) *Gateway {
	t.Helper()
	g, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	select {
	case <-g.Ready():
	case err := <-done:
		t.Fatalf("Run: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return g
}

// greeting dials a door and returns its first line.
func greeting(t *testing.T, addr net.Addr, conf *tls.Config) string {
	t.Helper()
	var c net.Conn
	var err error
	if conf != nil {
		c, err = tls.Dial(addr.Network(), addr.String(), conf)
	} else {
		c, err = net.Dial(addr.Network(), addr.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestEveryDoorAnswers(t *testing.T) {
	cfg := configuration(t)
	g := start(t, cfg)
	pool := x509.NewCertPool()
	cert, err := os.ReadFile(cfg.TLS.Cert)
	if err != nil || !pool.AppendCertsFromPEM(cert) {
		t.Fatal(err)
	}
	secure := &tls.Config{RootCAs: pool, ServerName: "mx.team.example"}
	for door, want := range map[string]struct {
		conf *tls.Config
		line string
	}{
		"submission": {nil, "220 mx.team.example"}, "submissions": {secure, "220 mx.team.example"},
		"inbound": {nil, "220 mx.team.example"}, "lmtp": {nil, "220 mx.team.example"},
		"imap": {nil, "* OK "}, "imaps": {secure, "* OK "},
	} {
		addr := g.Addr(door)
		if addr == nil {
			t.Errorf("%s does not listen", door)
			continue
		}
		if got := greeting(t, addr, want.conf); !strings.HasPrefix(got, want.line) {
			t.Errorf("%s says %q, want %q", door, got, want.line)
		}
	}
	if g.Addr("nothing") != nil {
		t.Error("an unknown door has an address")
	}
	info, err := os.Stat(cfg.Listen.LMTP)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("LMTP socket: %v, %v", info, err)
	}
}

func TestControl(t *testing.T) {
	cfg := configuration(t)
	ctx := context.Background()
	if _, err := ReadStatus(ctx, cfg.Server.Data); !errors.Is(err, ErrNotRunning) {
		t.Errorf("status without a server: %v", err)
	}
	if err := Kick(ctx, cfg.Server.Data); !errors.Is(err, ErrNotRunning) {
		t.Errorf("kick without a server: %v", err)
	}
	g := start(t, cfg)
	s, err := ReadStatus(ctx, cfg.Server.Data)
	if err != nil || s.PID != os.Getpid() || s.Hostname != "mx.team.example" || s.Listen["imap"] != g.Addr("imap").String() || s.Zones == "" {
		t.Errorf("status = %+v, %v", s, err)
	}
	if err := Kick(ctx, cfg.Server.Data); err != nil {
		t.Error(err)
	}
	// A second server on the same data must not start.
	other, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(ctx); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server: %v", err)
	}
	if info, err := os.Stat(filepath.Join(cfg.Server.Data, socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("control socket: %v, %v", info, err)
	}
}

func TestReloadReadsCertificateAndPeople(t *testing.T) {
	cfg := configuration(t)
	g := start(t, cfg)
	db, err := store.Open(cfg.Server.Data) // As the command line would, beside the server.
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e := people.NewEditor(db, cfg.Server.Domains, rand.Reader)
	_, err = e.Add(context.Background(), people.Request{Fields: map[people.Field]string{
		people.FieldAddress: "ana@team.example", people.FieldName: "Ana", people.FieldZone: "Europe/London"}}, t0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cfg.TLS.Cert); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cfg.TLS.Key); err != nil {
		t.Fatal(err)
	}
	if err := Reload(context.Background(), cfg.Server.Data); err == nil {
		t.Error("a certificate that is gone was not reported")
	}
	if len(g.dir.All()) != 1 {
		t.Error("people were not reloaded")
	}
	if err := SelfSigned(cfg.TLS.Cert, cfg.TLS.Key, []string{"new.team.example"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := Reload(context.Background(), cfg.Server.Data); err != nil {
		t.Fatal(err)
	}
	c, err := tls.Dial("tcp", g.Addr("imaps").String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if name := c.ConnectionState().PeerCertificates[0].Subject.CommonName; name != "new.team.example" {
		t.Errorf("certificate of %q after the reload", name)
	}
}

// Waiting mail is planned anew at a start with other settings, and only then.
func TestPlanAnew(t *testing.T) {
	cfg := configuration(t)
	g, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer g.db.Close()
	ctx := context.Background()
	planned := func() (s string) {
		t.Helper()
		if err := g.planAnew(ctx); err != nil {
			t.Fatal(err)
		}
		err := g.db.View(ctx, func(tx *store.Tx) (err error) { s, err = tx.Meta(keyPlanned); return err })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := planned()
	if first == "" || planned() != first {
		t.Errorf("planned with %q", first)
	}
	cfg.Hold.Grace *= 2
	if planned() == first {
		t.Error("other settings left no trace")
	}
}

func TestPostmasterIsTheAdminIfLocal(t *testing.T) {
	cfg := configuration(t)
	cfg.Server.Admin = "ops@elsewhere.example"
	g := start(t, cfg)
	if a := g.postmaster(); !a.IsNull() {
		t.Errorf("postmaster = %v, who is not here", a)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*config.Config){
		"load certificate": func(c *config.Config) { c.TLS.Cert = "/nonexistent" },
		"relay.ca_file":    func(c *config.Config) { c.Relay.CAFile = "/nonexistent" },
		"holds no cert":    func(c *config.Config) { c.Relay.CAFile = c.TLS.Key },
		"DKIM key":         func(c *config.Config) { c.DKIM.KeyFile = "/nonexistent" },
		"no PEM block":     func(c *config.Config) { c.DKIM.KeyFile = filepath.Join(c.Server.Data, "..", "junk") },
		"data directory":   func(c *config.Config) { c.Server.Data = "/nonexistent/dir" },
	} {
		cfg := configuration(t)
		if err := os.WriteFile(filepath.Join(cfg.Server.Data, "..", "junk"), []byte("junk"), 0o600); err != nil {
			t.Fatal(err)
		}
		spoil(cfg)
		if _, err := Open(cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunRefusesATakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := configuration(t)
	cfg.Listen.IMAP = l.Addr().String()
	g, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "listen.imap") {
		t.Errorf("Run = %v", err)
	}
}

func TestTLSDoorNeedsACertificate(t *testing.T) {
	cfg := configuration(t)
	cfg.TLS.Cert, cfg.TLS.Key = "", ""
	g, err := Open(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Run = %v", err)
	}
}

func TestReadKey(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.key")
	if err := writePEM(file, 0o600, "PRIVATE KEY", der); err != nil {
		t.Fatal(err)
	}
	cfg := configuration(t)
	cfg.DKIM = config.DKIM{Selector: "s1", Domain: "team.example", KeyFile: file}
	s, err := dkimSigner(cfg)
	if err != nil || s.Key == nil || s.Selector != "s1" {
		t.Errorf("signer = %+v, %v", s, err)
	}
	if err := writePEM(file, 0o600, "PRIVATE KEY", der); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key was overwritten: %v", err)
	}
}

func TestRoomKeepsTheReserve(t *testing.T) {
	if r := (&room{dir: t.TempDir(), reserve: 0}); !r.enough() {
		t.Error("no room with an empty reserve")
	}
	if r := (&room{dir: t.TempDir(), reserve: 1 << 60}); r.enough() {
		t.Error("room although the reserve is larger than the disk")
	}
}

func TestACMENeedsNoFiles(t *testing.T) {
	cfg := configuration(t)
	cfg.TLS = config.TLS{ACME: true, ACMEDir: "https://acme.invalid/dir", ACMEEmail: "ops@team.example"}
	conf, reload, err := tlsConfig(cfg)
	if err != nil || reload != nil || conf.GetCertificate == nil {
		t.Errorf("tlsConfig = %v, %v", conf, err)
	}
	if _, err := conf.GetCertificate(&tls.ClientHelloInfo{ServerName: "other.example"}); err == nil {
		t.Error("a certificate for a foreign name")
	}
}

func TestCertificateExpires(t *testing.T) {
	cfg := configuration(t)
	c := &certificate{cert: cfg.TLS.Cert, key: cfg.TLS.Key}
	if !c.expires().IsZero() {
		t.Error("an end before anything was read")
	}
	if err := c.reload(); err != nil || time.Until(c.expires()) < 9*365*24*time.Hour {
		t.Errorf("ends %v, %v", c.expires(), err)
	}
	data, err := os.ReadFile(cfg.TLS.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block == nil {
		t.Error("no PEM")
	}
}

func TestPlacesLeaveDescriptors(t *testing.T) {
	for _, c := range []struct {
		connections, relay int
		descriptors        uint64
		want               int
	}{
		{12000, 20, 65536, 12000},
		{12000, 20, 1024, 940},
		{12000, 8, 200, 128},
		{100, 8, 200, 100},
		{12000, 20, 64, 10},
		{12000, 20, 1<<64 - 1, 12000}, // no limit
	} {
		if got := placesFor(c.connections, c.relay, c.descriptors); got != c.want {
			t.Errorf("placesFor(%d, %d, %d) = %d, want %d", c.connections, c.relay, c.descriptors, got, c.want)
		}
	}
}
