package gateway

import (
	"context"
	"time"

	"tidepost/config"
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
	var err error
	if o.RootCAs, err = authorities(r.CAFile, section+".ca_file"); err != nil {
		return o, err
	}
	if r.OAuthFile != "" {
		o.User, o.Login = "", noLogin
	}
	return o, o.Validate()
}

// A sender gives queue's jobs to the relay. The two packages name the same things
// but do not know each other.
type sender struct{ g *Gateway }

// Send implements queue.Sender.
func (s sender) Send(ctx context.Context, job queue.Job) []queue.Result {
	w := s.g.relay.of(job.Author, job.From)
	handed := relay.Job{
		From: job.From, Recipients: job.Recipients, EnvID: job.EnvID, Ret: job.Ret,
		UTF8: job.UTF8, EightBit: job.EightBit, Size: job.Size, Open: job.Open,
	}
	results, rests := w.rests(handed, time.Now())
	if !rests {
		results = w.client.Send(ctx, handed)
		s.saw(w, results, time.Now())
	}
	out := make([]queue.Result, len(results))
	for i, r := range results {
		out[i] = queue.Result{
			Delivered: r.Delivered, Reply: r.Reply, Said: r.Said, Remote: r.Remote, TLS: r.TLS,
			DSN: r.DSN, AfterDot: r.AfterDot, Trouble: string(r.Trouble),
			Alarm: r.Alarm() && w.person == 0, Via: w.via,
		}
		outcome := counted(r.Delivered, r.Said, r.Reply.Code)
		s.g.metrics.Attempt(outcome, 1)
		if w == s.g.relay.team {
			s.g.reach.saw(outcome != metrics.Unreachable, time.Now())
		}
	}
	return out
}
