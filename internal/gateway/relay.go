package gateway

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"tidepost/config"
	"tidepost/mail"
	"tidepost/metrics"
	"tidepost/queue"
	"tidepost/relay"
)

// relayOptions turns the file's section into the relay's options.
func relayOptions(cfg *config.Config) (relay.Options, error) {
	return routeOptions(cfg, "relay", cfg.Relay)
}

// alarmOptions are the same for the second route.
func alarmOptions(cfg *config.Config) (relay.Options, error) {
	return routeOptions(cfg, "alarm", cfg.Alarm)
}

func routeOptions(cfg *config.Config, section string, r config.Relay) (relay.Options, error) {
	o := relay.Options{
		Mode:       relay.Mode(r.Mode),
		Host:       r.Host,
		Port:       r.Port,
		ServerName: r.ServerName,
		User:       r.User,
		Password:   relay.Secret(r.Password.Reveal()),
		ClearAuth:  cfg.Listen.AllowCleartextLogin,
		HeloName:   cfg.Server.Hostname,
		Self:       cfg.Server.Domains,
		MaxConns:   r.Connections,
	}
	if o.Mode == relay.ModeSmarthost {
		o.TLS = relay.TLSMode(r.TLS)
	}
	if r.CAFile != "" {
		pem, err := os.ReadFile(r.CAFile)
		if err != nil {
			return o, fmt.Errorf("read %s.ca_file: %w", section, err)
		}
		o.RootCAs = x509.NewCertPool()
		if !o.RootCAs.AppendCertsFromPEM(pem) {
			return o, fmt.Errorf("read %s.ca_file: %s holds no certificate", section, r.CAFile)
		}
	}
	return o, o.Validate()
}

// A sender gives queue's jobs to the relay. The two packages name the same things
// but do not know each other.
type sender struct {
	client  *relay.Client
	metrics *metrics.Set
	reach   *reach
}

// Send implements queue.Sender.
func (s sender) Send(ctx context.Context, job queue.Job) []queue.Result {
	results := s.client.Send(ctx, relay.Job{
		From: job.From, Recipients: job.Recipients, EnvID: job.EnvID, Ret: job.Ret,
		UTF8: job.UTF8, EightBit: job.EightBit, Size: job.Size, Open: job.Open,
	})
	out := make([]queue.Result, len(results))
	for i, r := range results {
		out[i] = queue.Result{
			Delivered: r.Delivered, Reply: r.Reply, Said: r.Said, Remote: r.Remote, TLS: r.TLS,
			DSN: r.DSN, AfterDot: r.AfterDot, Trouble: string(r.Trouble), Alarm: r.Alarm(),
		}
		outcome := counted(r.Delivered, r.Said, r.Reply.Code)
		s.metrics.Attempt(outcome, 1)
		s.reach.saw(outcome != metrics.Unreachable, time.Now())
	}
	return out
}

// Route implements queue.Router.
func (s sender) Route(a mail.Address) string { return s.client.Route(a) }
