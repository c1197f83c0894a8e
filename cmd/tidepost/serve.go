package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"tidepost/config"
	"tidepost/internal/doctor"
	"tidepost/internal/gateway"
)

// serveCmd runs the gateway.
type serveCmd struct {
	AllowRoot bool `help:"Serve ports below 1024 as root; better: a user of its own with CAP_NET_BIND_SERVICE."`
}

// Run implements the command.
func (c *serveCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	log := newLogger(cfg.Log, a.err)
	if os.Geteuid() == 0 {
		if !c.AllowRoot && wantsRoot(cfg.Listen) {
			return errRoot
		}
		log.Warn("running as root: nothing here needs it")
	}
	if doctor.BareMX(cfg) {
		log.Warn("listen.inbound is open to the internet and nothing keeps spam away: name the provider or rspamd in front (inbound.trusted_authserv, inbound.trusted_networks), or close it; doctor refuses this", "listen", cfg.Listen.Inbound)
	}
	g, err := gateway.Open(cfg, log)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // A second signal ends the program at once.
	go reloads(ctx, g, log)
	go tuneGC(ctx, memoryCap(log))
	log.Info("serving", "version", version, "hostname", cfg.Server.Hostname, "config", a.config)
	return g.Run(ctx)
}

var errRoot = errors.New("refusing to serve ports below 1024 as root: run as a user of its own with CAP_NET_BIND_SERVICE " +
	"(the systemd unit does), or say --allow-root")

// wantsRoot reports whether a door has a privileged port: the one reason why somebody
// would start the server as root. High ports as root are for containers and trying out.
func wantsRoot(l config.Listen) bool {
	for _, addr := range []string{l.Submission, l.Submissions, l.Inbound, l.LMTP, l.IMAP, l.IMAPS, l.Connector} {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			continue // shut, or a unix socket
		}
		if n, err := strconv.Atoi(port); err == nil && n > 0 && n < 1024 {
			return true
		}
	}
	return false
}

// reloads reads certificates and people again at every SIGHUP.
func reloads(ctx context.Context, g interface{ Reload(context.Context) error }, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, gateway.Hangup())
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			if err := g.Reload(ctx); err != nil {
				log.Error("reload; what was in use stays in use", "err", err)
			} else {
				log.Info("reloaded")
			}
		}
	}
}
