package gateway

import (
	"context"
	"fmt"
	"net"
	"time"

	"tidepost/config"
	"tidepost/people"
	"tidepost/store"
)

// A PersonWaits is what waits of one person, or of nobody: Tidepost's own letters.
type PersonWaits struct {
	Name       string    `json:"name,omitempty"`
	Address    string    `json:"address,omitempty"`
	Held       int       `json:"held"`                // mails that wait to leave
	Frozen     int       `json:"frozen,omitempty"`    // of them: marked as deleted, or stopped; they stay
	First      time.Time `json:"first,omitzero"`      // when the first of them leaves
	Deliveries int       `json:"next_delivery"`       // messages that wait to appear
	Person     int64     `json:"person_id,omitempty"` // 0: nobody
}

// WhatWaits says what waits to leave and to appear, for everybody for whom anything does.
func (d *Desk) WhatWaits(ctx context.Context) ([]PersonWaits, error) {
	var counts []store.WaitingCounts
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		counts, err = tx.CountsWaiting()
		return err
	})
	if err != nil {
		return nil, err
	}
	out := []PersonWaits{}
	for _, c := range counts {
		w := PersonWaits{Held: c.Held, Frozen: c.Frozen, First: c.First, Deliveries: c.Deliveries, Person: c.PersonID}
		if p, ok := d.People.ByID(c.PersonID); ok {
			w.Name, w.Address = p.Name, p.Address.String()
		}
		out = append(out, w)
	}
	return out, nil
}

// RollBack has hold, batch and coach off for everything new, whatever the settings are;
// on ends that. The running server, if there is one, hears of it before RollBack returns.
func (d *Desk) RollBack(ctx context.Context, on bool, now time.Time, by string) error {
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		if on {
			return people.RollOn(tx, now, by)
		}
		return people.RollBack(tx, now, by)
	})
	if err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return d.Announce(ctx)
}

// Drained says how many mails have not left that are not held: being sent, or tried again
// later. Nothing more has to be waited for when neither is left.
func (d *Desk) Drained(ctx context.Context, now time.Time) (sending, later int, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Unfinished(now)
		sending, later = list.Now, list.Later
		return err
	})
	return sending, later, err
}

// PutBack lists what somebody has to put back by hand for mail to go past Tidepost, in the
// order in which it is best done.
func PutBack(cfg *config.Config) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, domain := range cfg.Server.Domains {
		if cfg.Listen.Inbound != "" {
			add("MX of %s: the server that had it before, in place of %s. Lower its TTL first.", domain, cfg.Server.Hostname)
		}
	}
	if cfg.Listen.LMTP != "" {
		add("The transport of your MTA that hands mail to %s by LMTP: its own mailboxes.", cfg.Listen.LMTP)
	}
	clients(cfg, add)
	if cfg.Relay.Mode == "smarthost" && cfg.Relay.Host != "" {
		add("The account of this machine at %s, once nothing leaves here any more.", net.JoinHostPort(cfg.Relay.Host, fmt.Sprint(cfg.Relay.Port)))
	}
	for _, domain := range cfg.Server.Domains {
		add("SPF of %s: take %s out once nothing leaves here any more.", domain, cfg.Server.Hostname)
	}
	if cfg.DKIM.Selector != "" {
		add("DKIM: %s._domainkey.%s may go a week after the last mail that it signed.", cfg.DKIM.Selector, cfg.DKIM.Domain)
	}
	for _, domain := range cfg.Server.Domains {
		add("Set-up of mail programs, if you published it: autoconfig.%[1]s, autodiscover.%[1]s, and SRV records _submission, _submissions, _imap and _imaps of %[1]s.", domain)
	}
	add("Links and pages on your web that tell people of %s, or of folders of Tidepost.", cfg.Server.Hostname)
	if cfg.Monitor.Listen != "" {
		add("Prometheus, and whatever else asks %s.", cfg.Monitor.Listen)
	}
	add("In tidepost.toml, if Tidepost stays as a plain server: hold.mode, batch.mode and coach.mode = \"off\".")
	return out
}

// clients names what mail programs use.
func clients(cfg *config.Config, add func(string, ...any)) {
	for _, door := range []struct{ what, listen, security string }{
		{"Outgoing server", cfg.Listen.Submissions, "TLS"}, {"Outgoing server", cfg.Listen.Submission, "STARTTLS"},
		{"Incoming server (IMAP)", cfg.Listen.IMAPS, "TLS"}, {"Incoming server (IMAP)", cfg.Listen.IMAP, "STARTTLS"},
	} {
		if _, port, err := net.SplitHostPort(door.listen); err == nil {
			add("%s in mail programs: where it was before, in place of %s port %s (%s).", door.what, cfg.Server.Hostname, port, door.security)
		}
	}
}
