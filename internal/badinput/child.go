package badinput

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tidepost/config"
	"tidepost/internal/gateway"
)

// A setup is how the gateway of one row is configured; it goes to the child as JSON.
type setup struct {
	Dir       string // of certificate, key, data
	HostPort  int    // of the smarthost
	HostTLS   bool   // STARTTLS and login are demanded of it
	Shrink    int    // time-outs are this many times shorter
	Lenient   bool   // failed logins do not lock: their time is measured
	Trusted   bool   // loopback is an inside network: connection limits do not count
	FileLimit uint64 // open files; 0: as inherited
	Hold      bool   // mail to colleagues waits
}

func (s setup) data() string { return filepath.Join(s.Dir, "data") }

// config is what `tidepost.toml` would say, but for time-outs below its minimum.
func (s setup) config() (*config.Config, error) {
	c := config.Default()
	c.Server = config.Server{Hostname: hostname, Domains: []string{domain}, Data: s.data(), Admin: "boss@" + domain}
	const any = "127.0.0.1:0"
	c.Listen = config.Listen{Submission: any, Submissions: any, Inbound: any, LMTP: any, IMAP: any, IMAPS: any}
	c.TLS.Cert, c.TLS.Key = filepath.Join(s.Dir, "cert.pem"), filepath.Join(s.Dir, "key.pem")
	c.Relay.Host, c.Relay.Port, c.Relay.TLS = "127.0.0.1", s.HostPort, "none"
	if s.HostTLS {
		secret, err := config.ReadSecret(filepath.Join(s.Dir, "relay.secret"))
		if err != nil {
			return nil, err
		}
		c.Relay.TLS, c.Relay.User, c.Relay.Password, c.Relay.CAFile = "starttls", "relay", secret, filepath.Join(s.Dir, "ca.pem")
	}
	c.Hold.Undo, c.Hold.Spread = 0, 0
	if !s.Hold {
		c.Hold.Mode = config.Off
	}
	c.Batch.Outside = "tide" // So that mail from strangers is in the digest.
	c.Limits.MessageSize = maxSize
	if !s.Trusted {
		c.Limits.InsideNetworks = nil
	}
	if s.Lenient {
		c.Limits.LoginTries, c.Limits.LoginLockout = 100_000, time.Millisecond
	}
	if n := time.Duration(s.Shrink); n > 1 {
		c.Limits.IdleLogin /= n
		c.Limits.IdleSMTP /= n
		c.Limits.IdleIMAP /= n
		c.Limits.IdleData /= n
	}
	c.Store.Reserve = 1 << 20
	return c, nil
}

// Child is the gateway process of a row: it reads a setup from in, says on out where
// it listens, and serves until in ends.
func Child(in io.Reader, out io.Writer) error {
	var s setup
	dec := json.NewDecoder(in)
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("read setup: %w", err)
	}
	if s.FileLimit > 0 {
		lim := unix.Rlimit{Cur: s.FileLimit, Max: s.FileLimit}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
			return fmt.Errorf("limit open files: %w", err)
		}
	}
	cfg, err := s.config()
	if err != nil {
		return err
	}
	g, err := gateway.Open(cfg, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-g.Ready():
	}
	if err := json.NewEncoder(out).Encode(g.Status().Listen); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, dec.Buffered())
		_, _ = io.Copy(io.Discard, in)
		stop()
	}()
	return <-ended
}
