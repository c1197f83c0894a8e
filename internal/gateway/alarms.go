package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/relay"
)

const (
	// alarmStep is how often somebody looks whether all is well.
	alarmStep = time.Minute
	// alarmTime bounds one attempt to tell, on each route.
	alarmTime = 45 * time.Second
	// alarmAgain is how long trouble that comes and goes is told of once only.
	alarmAgain = time.Hour
	// maxAlarms bounds what waits to be told.
	maxAlarms = 50
)

// A trouble is something that the admin must know.
type trouble struct {
	name   string // what it is about: "disk", "smarthost"
	detail string
	since  time.Time
	over   bool // it is well again
}

// An alarmer tells the admin of trouble at an address outside, over a second route: the
// first may be the trouble. Trouble is told once, and that it is over once; what cannot
// be told is told a minute later.
type alarmer struct {
	to     mail.Mailbox
	from   mail.Address
	host   string
	routes []route                                            // in the order in which they are tried
	look   func(ctx context.Context, now time.Time) []trouble // what is not well now
	log    *slog.Logger
	raised chan struct{} // somebody raised an alarm

	mu     sync.Mutex // guards below
	events []trouble  // raised and not yet told

	// step only:
	known map[string]*trouble // states, by name; not over
	told  map[string]time.Time
	wait  []trouble // to be told
}

// A route is one way out.
type route struct {
	name string
	send func(ctx context.Context, job relay.Job) []relay.Result
}

// newAlarmer returns nil if nobody is to be told.
func (g *Gateway) newAlarmer() (*alarmer, error) {
	admin, err := mail.ParsePath(g.cfg.Server.Admin, true)
	if err != nil || slices.Contains(g.cfg.Server.Domains, strings.ToLower(admin.Domain)) {
		return nil, nil //nolint:nilerr,nilnil // There is none, or none outside; config says so.
	}
	a := &alarmer{
		to: mail.Mailbox{Address: admin}, from: mail.Address{Local: "tidepost", Domain: g.cfg.Server.Domains[0]}, host: g.cfg.Server.Hostname,
		log: g.log.With("part", "alarm"), raised: make(chan struct{}, 1), known: map[string]*trouble{}, told: map[string]time.Time{},
	}
	second, err := alarmOptions(g.cfg)
	if err != nil {
		return nil, err
	}
	second.Dial = g.site.Dial
	if g.site.Resolver != nil {
		second.Resolver = g.site.Resolver
	}
	if g.cfg.Alarm.Mode == "smarthost" || !g.site.noDNS {
		a.routes = append(a.routes, route{"alarm", func(ctx context.Context, job relay.Job) []relay.Result {
			c := relay.New(second)
			defer c.Close()
			return c.Send(ctx, job)
		}})
	}
	a.routes = append(a.routes, route{"relay", g.relay.Send})
	seen := &census{db: g.db}
	a.look = func(ctx context.Context, now time.Time) []trouble { return notWell(g.health(ctx, seen, now)) }
	return a, nil
}

// notWell picks what is not well.
func notWell(h Health) (out []trouble) {
	for _, c := range h.Checks {
		switch {
		case c.OK:
		case len(c.parts) > 0:
			out = append(out, c.parts...)
		default:
			out = append(out, trouble{name: c.Name, detail: c.Detail})
		}
	}
	return out
}

// raise takes in an alarm that somebody else raises. It does not block.
func (a *alarmer) raise(what, detail string) {
	if a == nil {
		return
	}
	a.mu.Lock()
	if len(a.events) < maxAlarms {
		a.events = append(a.events, trouble{name: what, detail: detail})
	}
	a.mu.Unlock()
	select {
	case a.raised <- struct{}{}:
	default:
	}
}

// run looks and tells until ctx ends.
func (a *alarmer) run(ctx context.Context) {
	if a == nil {
		return
	}
	timer := time.NewTimer(alarmStep)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.raised:
		case <-timer.C:
		}
		a.step(ctx, time.Now())
		timer.Reset(alarmStep)
	}
}

// last tells why the server ends by itself. run has returned.
func (a *alarmer) last(cause error) {
	if a == nil || cause == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	a.look = func(context.Context, time.Time) []trouble { return []trouble{{name: "server", detail: cause.Error()}} }
	a.step(ctx, time.Now())
}

// step looks what is not well, and tells what has not been told.
func (a *alarmer) step(ctx context.Context, now time.Time) {
	a.notice(ctx, now)
	if len(a.wait) == 0 {
		return
	}
	head, body, err := a.letter(now)
	if err != nil {
		a.log.Error("write an alarm", "err", err)
		return
	}
	for _, r := range a.routes {
		attempt, cancel := context.WithTimeout(ctx, alarmTime)
		results := r.send(attempt, relay.Job{
			Recipients: []mail.Recipient{{Address: a.to.Address}}, Size: int64(len(head) + len(body)),
			Open: func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(bytes.NewReader(head), bytes.NewReader(body))), nil
			},
		})
		cancel()
		if len(results) == 1 && results[0].Delivered {
			a.log.Info("admin told", "route", r.name, "to", a.to.Address.String(), "troubles", len(a.wait))
			a.wait = nil
			return
		}
		if len(results) == 1 {
			a.log.Warn("admin not told", "route", r.name, "reply", results[0].Reply.Text)
		}
	}
}

// notice takes in what is new: trouble, and that it is over.
func (a *alarmer) notice(ctx context.Context, now time.Time) {
	a.mu.Lock()
	events := a.events
	a.events = nil
	a.mu.Unlock()
	for _, t := range events {
		if at, ok := a.told[t.name]; !ok || now.Sub(at) >= alarmAgain || now.Before(at) {
			t.since, a.told[t.name] = now, now
			a.wait = append(a.wait, t)
		}
	}
	bad := a.look(ctx, now)
	if ctx.Err() != nil {
		return // It stops: what cannot be seen any more is not trouble.
	}
	for _, t := range bad {
		if known := a.known[t.name]; known != nil {
			known.detail = t.detail
			continue
		}
		t.since = now
		a.known[t.name] = &t
	}
	for name, t := range a.known {
		at, told := a.told["state "+name]
		over := !slices.ContainsFunc(bad, func(b trouble) bool { return b.name == name })
		switch {
		case over && told && !at.Before(t.since):
			t.over = true
			a.wait = append(a.wait, *t)
			delete(a.known, name)
		case over:
			delete(a.known, name)
		case !told || at.Before(t.since) && now.Sub(at) >= alarmAgain:
			a.told["state "+name] = now
			a.wait = append(a.wait, *t)
		}
	}
	if len(a.wait) > maxAlarms {
		a.wait = a.wait[len(a.wait)-maxAlarms:]
	}
}

// letter says what waits to be told. It is marked as every letter of ours, and comes
// from the null reverse-path: nobody answers it with another.
func (a *alarmer) letter(now time.Time) (head, body []byte, err error) {
	slices.SortStableFunc(a.wait, func(x, y trouble) int { return x.since.Compare(y.since) })
	var names []string
	var text strings.Builder
	well := true
	for _, t := range a.wait {
		what := t.name
		if t.over {
			what += " is well again"
		}
		well = well && t.over
		if !slices.Contains(names, what) {
			names = append(names, what)
		}
		if t.over {
			fmt.Fprintf(&text, "%s is well again (it was not since %s).\n", t.name, stampOf(t.since))
		} else {
			fmt.Fprintf(&text, "%s, since %s: %s\n", t.name, stampOf(t.since), t.detail)
		}
	}
	if !well {
		fmt.Fprintf(&text, "\n\"tidepost doctor\" on %s says more, and what to do.\n", a.host)
	}
	mid, err := mail.NewMessageID(rand.Reader, a.from.Domain)
	if err != nil {
		return nil, nil, err
	}
	return mail.Compose(mail.Letter{
		From: mail.Mailbox{Name: "Tidepost on " + a.host, Address: a.from}, To: []mail.Mailbox{a.to}, Date: now.UTC(), MessageID: mid,
		Subject: fmt.Sprintf("Tidepost on %s: %s", a.host, inSubject(names)),
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-generated", Raw: true}, {Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: digest.LoopField, Value: a.from.Domain, Raw: true},
		},
		Text: text.String(),
	}, rand.Reader)
}

// inSubject names the first few.
func inSubject(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func stampOf(t time.Time) string { return t.UTC().Format("Mon 2 Jan 15:04 UTC") }
