// Package doctor looks whether an installation works: files, database, people, doors,
// certificate, smarthost, DNS, clock, zone data, and a mail that is held, listed and
// cancelled. Every check says what it found and, unless all is well, what to do.
//
// Invariants:
//   - A check never changes anything but for the probe, whose account and mail are
//     its own: no person ever sees it, and the ledger stays whole.
//   - What the network does not answer (DNS, far away) is a warning, not a failure:
//     doctor must be of use on a machine without a way out.
//   - Every check is bounded in time.
package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
)

// A Level is the outcome of a check.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn" // works, but somebody should look
	Fail Level = "fail" // does not work
)

// A Finding is what one check found.
type Finding struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	Text  string `json:"text"`         // what was found
	Do    string `json:"do,omitempty"` // what to do about it; "" if nothing
}

// Options say how the doctor looks.
type Options struct {
	Config   *config.Config
	Resolver Resolver // default: the system's
	NoProbe  bool     // leave the probe out
	Deep     bool     // look at every page of the database
	Offline  bool     // ask nothing beyond this machine: no DNS, no smarthost
	Known    bool     // believe what is known of logins elsewhere, and do not log in
	Now      func() time.Time
	Log      *slog.Logger
	// Told, if not nil, hears of each finding as it is made.
	Told func(Finding)
}

// checkTime bounds each check that talks to somebody.
const checkTime = 20 * time.Second

// A visit is one run.
type visit struct {
	Options
	desk   *gateway.Desk   // nil: the database cannot be opened
	status *gateway.Status // nil: no server is running
	found  []Finding
	about  string // whose accounts; "": nobody's
}

// Run makes all checks, in an order in which each can rely on those before, and
// returns what they found.
func Run(ctx context.Context, o Options) []Finding {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &visit{Options: o}
	v.ok("configuration", "%s, domains %v", o.Config.Server.Hostname, o.Config.Server.Domains)
	v.dataDirectory()
	v.database(ctx)
	if v.desk != nil {
		defer v.desk.Close()
		v.people(ctx)
		v.pause()
		v.folders(ctx)
	}
	v.server(ctx)
	v.doors(ctx)
	v.inbound()
	v.connector(ctx)
	v.certificate()
	if !o.Offline {
		v.relay(ctx)
		v.providers(ctx)
		v.alarms(ctx)
		v.dns(ctx)
		v.dmarc(ctx)
	}
	v.accounts(ctx)
	v.clock(ctx)
	v.zones()
	if !o.NoProbe && v.desk != nil {
		v.probe(ctx)
	}
	return v.found
}

// Worst is the worst level among findings.
func Worst(found []Finding) Level {
	worst := OK
	for _, f := range found {
		if f.Level == Fail || f.Level == Warn && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

func (v *visit) say(f Finding) {
	v.found = append(v.found, f)
	if v.Told != nil {
		v.Told(f)
	}
}

func (v *visit) ok(check, format string, args ...any) {
	v.say(Finding{Check: check, Level: OK, Text: fmt.Sprintf(format, args...)})
}

func (v *visit) warn(check, do, format string, args ...any) {
	v.say(Finding{Check: check, Level: Warn, Text: fmt.Sprintf(format, args...), Do: do})
}

func (v *visit) fail(check, do, format string, args ...any) {
	v.say(Finding{Check: check, Level: Fail, Text: fmt.Sprintf(format, args...), Do: do})
}
