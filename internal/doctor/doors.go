package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
)

// server asks the running server for its status.
func (v *visit) server(ctx context.Context) {
	const check = "server"
	s, err := gateway.ReadStatus(ctx, v.Config.Server.Data)
	switch {
	case errors.Is(err, gateway.ErrNotRunning):
		v.fail(check, "tidepost serve (or systemctl start tidepost)", "is not running")
	case err != nil:
		v.fail(check, "Look into its log, or restart it.", "does not answer on its control socket: %v", err)
	default:
		v.status = &s
		v.ok(check, "runs as process %d since %s", s.PID, s.Started.UTC().Format("2006-01-02 15:04Z"))
	}
}

// A door is one listener as the doctor knocks at it.
type door struct {
	name     string
	addr     string // where the running server listens
	greeting string // how its first line begins
	start    string // what asks for TLS; "" is TLS from the first octet
	lmtp     bool
}

func doorsOf(l config.Listen) []door {
	return []door{
		{name: "submission", addr: l.Submission, greeting: "220 ", start: "STARTTLS\r\n"},
		{name: "submissions", addr: l.Submissions, greeting: "220 "},
		{name: "inbound", addr: l.Inbound, greeting: "220 ", start: "STARTTLS\r\n"},
		{name: "lmtp", addr: l.LMTP, greeting: "220 ", lmtp: true},
		{name: "connector", addr: l.Connector, greeting: "220 ", start: "STARTTLS\r\n"},
		{name: "imap", addr: l.IMAP, greeting: "* OK", start: "a STARTTLS\r\n"},
		{name: "imaps", addr: l.IMAPS, greeting: "* OK"},
	}
}

// doors knocks at every door that is configured.
func (v *visit) doors(ctx context.Context) {
	if v.status == nil {
		return
	}
	for _, d := range doorsOf(v.Config.Listen) {
		if d.addr == "" {
			continue
		}
		check := "door " + d.name
		addr, ok := v.status.Listen[d.name]
		if !ok {
			v.fail(check, "Restart the server: the configuration has changed since it started.", "is configured on %s, but the server does not have it", d.addr)
			continue
		}
		d.addr = addr
		said, err := v.knock(ctx, d)
		if err != nil {
			v.fail(check, "Look into the log of the server.", "%s: %v", addr, err)
			continue
		}
		v.ok(check, "%s: %s", addr, said)
	}
}

// knock reads the greeting and, where the door has TLS, begins it.
func (v *visit) knock(ctx context.Context, d door) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	conn, err := dial(ctx, d.addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(checkTime)); err != nil {
		return "", err
	}
	secure := func(c net.Conn) (*tls.Conn, error) {
		// Whose certificate it is, is a check of its own.
		t := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: v.Config.Server.Hostname, MinVersion: tls.VersionTLS12}) //nolint:gosec // see above
		return t, t.HandshakeContext(ctx)
	}
	if d.start == "" && !d.lmtp {
		t, err := secure(conn)
		if err != nil {
			return "", fmt.Errorf("TLS: %w", err)
		}
		_, err = expect(bufio.NewReader(t), d.greeting)
		return tls.VersionName(t.ConnectionState().Version), err
	}
	r := bufio.NewReader(conn)
	if _, err := expect(r, d.greeting); err != nil {
		return "", err
	}
	if d.lmtp || v.Config.TLS.Cert == "" && !v.Config.TLS.ACME {
		return "answers, without TLS", nil
	}
	if err := askTLS(conn, r, d); err != nil {
		return "", err
	}
	t, err := secure(conn)
	if err != nil {
		return "", fmt.Errorf("STARTTLS: %w", err)
	}
	return "STARTTLS, " + tls.VersionName(t.ConnectionState().Version), nil
}

// askTLS says what comes before a handshake.
func askTLS(conn net.Conn, r *bufio.Reader, d door) error {
	if d.greeting == "220 " {
		if _, err := conn.Write([]byte("EHLO doctor.invalid\r\n")); err != nil {
			return err
		}
		for {
			line, err := expect(r, "250")
			if err != nil {
				return err
			}
			if strings.HasPrefix(line, "250 ") {
				break
			}
		}
	}
	if _, err := conn.Write([]byte(d.start)); err != nil {
		return err
	}
	want := "220"
	if d.greeting != "220 " {
		want = "a OK"
	}
	_, err := expect(r, want)
	return err
}

// expect reads a line that must begin with a prefix.
func expect(r *bufio.Reader, prefix string) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if !strings.HasPrefix(line, prefix) {
		return "", fmt.Errorf("expected %q, it says %q", prefix, line)
	}
	return line, nil
}

// dial connects to where a server on this machine says that it listens: "[::]" is
// every address, a path is a unix socket.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	if strings.Contains(addr, "/") {
		return d.DialContext(ctx, "unix", addr)
	}
	return d.DialContext(ctx, "tcp", reachable(addr))
}

// reachable turns the address of every interface into one of this machine.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	switch ip := net.ParseIP(host); {
	case host == "" || ip != nil && ip.IsUnspecified() && ip.To4() != nil, ip != nil && ip.IsUnspecified():
		return net.JoinHostPort("localhost", port)
	}
	return addr
}

// expirySoon is when a certificate that ends must be looked at.
const expirySoon = 14 * 24 * time.Hour

// certificate looks at the name and the end of the certificate.
func (v *visit) certificate() {
	const check = "certificate"
	t, host := v.Config.TLS, v.Config.Server.Hostname
	switch {
	case t.ACME:
		v.ok(check, "fetched and renewed by ACME for %s", host)
		return
	case t.Cert == "":
		v.warn(check, "Set tls.cert and tls.key, or tls.acme.", "there is none: passwords travel in clear")
		return
	}
	leaf, err := readCertificate(t.Cert)
	if err != nil {
		v.fail(check, "Put a PEM certificate there and send SIGHUP.", "%v", err)
		return
	}
	left, do := leaf.NotAfter.Sub(v.Now()), "Renew it and send SIGHUP."
	until := leaf.NotAfter.UTC().Format("2006-01-02")
	switch err := leaf.VerifyHostname(host); {
	case left <= 0:
		v.fail(check, do, "%s ended on %s", t.Cert, until)
	case err != nil:
		v.fail(check, "Mail clients will refuse it: get one for "+host+".", "%s is for other names: %v", t.Cert, err)
	case v.Now().Before(leaf.NotBefore):
		v.fail(check, "Look at the clock, or get another.", "%s begins on %s", t.Cert, leaf.NotBefore.UTC().Format("2006-01-02"))
	case left < expirySoon:
		v.warn(check, do, "%s ends on %s, in %d days", t.Cert, until, int(left/(24*time.Hour)))
	case leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil:
		v.warn(check, "Good for trying out; get one that clients trust, or set tls.acme = true.", "%s is self-signed: every mail client asks first", t.Cert)
	default:
		v.ok(check, "for %s until %s", host, until)
	}
}

func readCertificate(path string) (*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return leaf, nil
}
