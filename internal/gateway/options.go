package gateway

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"tidepost/clocks"
	"tidepost/config"
	"tidepost/decisions"
	"tidepost/guard"
	"tidepost/imapd"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/queue"
	"tidepost/scheduler"
	"tidepost/standing"
	"tidepost/store"
	"tidepost/threading"
	"tidepost/trust"
)

// lists are the team's own part of the pass list.
func lists(cfg *config.Config) policies.Lists {
	return policies.Lists{
		Senders: cfg.Pass.Senders, Domains: cfg.Pass.Domains, Words: cfg.Pass.Words,
		UrgentFrom: cfg.Urgent.OutsideSenders,
	}
}

// policyModes are the team's settings of the policies of the coach.
func policyModes(cfg *config.Config) map[string]policies.Mode {
	out := map[string]policies.Mode{}
	for name, mode := range cfg.Coach.Policies {
		out[name] = policies.Mode(*mode)
	}
	return out
}

func (g *Gateway) clockOptions() clocks.Options {
	c := g.cfg.Clocks
	return clocks.Options{
		Targets: threading.Targets{
			Urgent:     scheduler.Target{Working: c.Urgent.Truncate(time.Minute)},
			Standard:   scheduler.Target{Days: c.StandardDays},
			FirstReply: scheduler.Target{Working: c.FirstReply.Truncate(time.Minute)},
		},
		IsRole: func(a mail.Address) bool {
			return g.dir.IsRole(a) || g.dir.IsLocalDomain(a.Domain) && slices.ContainsFunc(c.RoleNames, func(name string) bool { return strings.EqualFold(name, a.Local) })
		},
		Appears: func(p *people.Person, released time.Time) time.Time { return g.inbox.Appears(p, released) },
		OnLine:  func(tx *store.Tx, i clocks.Item, l threading.Line) error { return g.standing.OnLine(tx, i, l) },
		Wake:    g.wake,
		Log:     g.log.With("part", "clocks"),
	}
}

func (g *Gateway) standingOptions() standing.Options {
	return standing.Options{
		Put: func(tx *store.Tx, to *people.Person, l mail.Letter, now time.Time) (string, error) {
			return g.inbox.PutAtWork(tx, to, l, now)
		},
		Reload: func() {
			if err := g.dir.Reload(context.Background()); err != nil {
				g.log.Error("read people again", "err", err)
			}
		},
		Domain: g.cfg.Server.Domains[0],
		Log:    g.log.With("part", "standing"),
	}
}

func (g *Gateway) decisionOptions() decisions.Options {
	return decisions.Options{
		Domain: g.cfg.Server.Domains[0], TeamLists: g.cfg.Decided.TeamLists,
		Kick: g.wake, Rand: rand.Reader, Log: g.log.With("part", "decisions"),
	}
}

func (g *Gateway) inboxOptions() inbox.Options {
	cfg := g.cfg
	return inbox.Options{
		Domain:        cfg.Server.Domains[0],
		Hostname:      cfg.Server.Hostname,
		Batch:         people.Switch(cfg.Batch.Mode),
		Blocked:       g.standing.Blocked,
		Style:         people.Style(cfg.Batch.Style),
		OutsideAtTide: cfg.Batch.Outside == "tide",
		EveryTide:     cfg.Batch.DigestEveryTide,
		Pass:          lists(cfg),
		AlarmSenders:  cfg.Pass.AlarmSenders,
		MaxHold:       cfg.Hold.Cap,
		Quota:         cfg.Limits.MailboxSize,
		Clocks:        g.clocks,
		Decisions:     g.decisions,
		Kick:          g.wake,
		Trust:         trust.New(g.trustOptions()),
		DMARC:         cfg.Inbound.DMARC,
		Bypassed:      g.bypassed,
		OnReply: func(ctx context.Context, answered []string, to []*people.Person, now time.Time) {
			g.queue.FreeParents(ctx, answered, to, now)
		},
		Reply: func(tx *store.Tx, author *people.Person, to mail.Address, letter mail.Letter, now time.Time) error {
			return g.queue.Reply(tx, author, to, letter, now)
		},
		Forward: func(tx *store.Tx, f inbox.Forwarding) error { return g.queue.Forward(tx, f) },
		Rand:    rand.Reader,
		Log:     g.log.With("part", "inbox"),
	}
}

func (g *Gateway) queueOptions(signer queue.Signer) queue.Options {
	cfg := g.cfg
	return queue.Options{
		Hostname:       cfg.Server.Hostname,
		Domains:        cfg.Server.Domains,
		Mode:           people.Switch(cfg.Hold.Mode),
		Grace:          orNone(cfg.Hold.Grace),
		Undo:           cfg.Hold.Undo,
		Cap:            cfg.Hold.Cap,
		MaxExplicit:    cfg.Hold.MaxExplicit,
		OutsideDomains: cfg.Hold.OutsideDomains,
		Spread:         cfg.Hold.Spread,
		Budget:         orNone(cfg.Urgent.Budget),
		DateComposed:   cfg.Hold.Date == "composed",
		Pass:           lists(cfg),
		Coach:          people.Switch(cfg.Coach.Mode),
		CoachDelay:     cfg.Coach.Delay,
		CoachPolicies:  policyModes(cfg),
		GiveUp:         cfg.Retry.GiveUp,
		DelayedNotice:  cfg.Retry.DelayedNotice,
		Workers:        cfg.Relay.Connections,
		Clock:          scheduler.NewStepGuard(g.site.Uptime),
		DKIM:           signer,
		Clocks:         g.clocks,
		State: func(tx *store.Tx, thread int64, p *people.Person, now time.Time) (mail.Letter, error) {
			return g.standing.Letter(tx, thread, p, now)
		},
		FilesSent: g.filesSent,
		Mark:      g.marker(),
		Decisions: g.decisions,
		Alarm:     g.alarm,
		Wake:      g.wake,
		Jitter:    jitter(),
		Rand:      rand.Reader,
		Log:       g.log.With("part", "queue"),
	}
}

// orNone says "none" to package queue, where 0 is the default: whoever writes 0 into
// the configuration means it.
func orNone[T int | time.Duration](v T) T {
	if v == 0 {
		return -1
	}
	return v
}

func (g *Gateway) imapOptions() imapd.Options {
	cfg := g.cfg
	return imapd.Options{
		DB: g.db, People: g.dir, Auth: g.logins, Sessions: g.sessions, Queue: g.queue, Inbox: g.inbox, Metrics: g.metrics,
		Log: g.log.With("part", "imap"),
		Guard: guard.IMAPOptions{
			TLS: g.tls, Logins: g.throttle, MaxAppend: cfg.Limits.MessageSize,
			ID:              map[string]string{"name": "Tidepost"},
			Caps:            imapd.Caps(),
			GreetingTimeout: cfg.Limits.IdleLogin, IdleTimeout: cfg.Limits.IdleIMAP, DataTimeout: cfg.Limits.IdleData,
			AllowClearAuth: cfg.Listen.AllowCleartextLogin,
		},
		Limits: g.limits("* BYE Too many connections\r\n"),
	}
}

func (g *Gateway) limits(busy string) guard.Limits {
	l := g.cfg.Limits
	return guard.Limits{Shared: g.places, PerAddress: l.PerAddress, PerPerson: l.PerPerson, Rate: l.ConnectionRate,
		Inside: l.InsideNetworks, Busy: busy}
}

// descriptorsKept are for the database, the log, and whoever has just been accepted to
// be told that there is no place.
const descriptorsKept = 64

// placesFor is how many connections all doors may have open together: as configured,
// but never so many that nothing could be sent or stored any more.
func placesFor(connections, toSmarthost int, descriptors uint64) int {
	const least = 10
	spare := int64(min(descriptors, 1<<31)) - descriptorsKept - int64(toSmarthost)
	return int(max(least, min(int64(connections), spare)))
}

// descriptors is how many files this process may have open.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1 << 20 // The system will say.
	}
	return limit.Cur
}

// readKey reads a private key in PEM: PKCS #8 or PKCS #1.
func readKey(path string) (crypto.Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("read DKIM key %s: no PEM block", path)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key %s: %w", path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("read DKIM key %s: %T cannot sign", path, key)
	}
	return signer, nil
}
