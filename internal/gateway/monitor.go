package gateway

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"tidepost/metrics"
	"tidepost/people"
	"tidepost/reports"
	"tidepost/store"
)

const (
	// monitorPatience bounds what one question to the database may take.
	monitorPatience = 5 * time.Second
	// censusShare keeps counting below a twentieth of the time, censusRest is how long
	// a count is believed at least.
	censusShare = 20
	censusRest  = 5 * time.Second
	// overdueAfter is when a release or a tide is late, and when a smarthost that takes
	// nothing is trouble.
	overdueAfter = 5 * time.Minute
	// renewBefore is how long before its end a certificate should be new.
	renewBefore = 14 * 24 * time.Hour
)

// A census remembers the last count, however often somebody asks.
type census struct {
	db *store.DB

	mu    sync.Mutex
	last  store.Census
	until time.Time // the last count is believed until then
}

func (c *census) take(ctx context.Context) (store.Census, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	begin := time.Now()
	if begin.Before(c.until) {
		return c.last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, monitorPatience)
	defer cancel()
	var got store.Census
	err := c.db.View(ctx, func(tx *store.Tx) (err error) {
		got, err = tx.Census()
		return err
	})
	if err != nil {
		return got, err
	}
	took := time.Since(begin)
	c.last, c.until = got, begin.Add(max(censusRest, censusShare*took))
	return got, nil
}

// figures are what the database knows, as metrics (prometheus.Collector).
type figures struct {
	g      *Gateway
	census *census

	recipients, oldest, late, waiting, tideLate, advice, falseAlarms, questions, certificate, free, failing *prometheus.Desc
}

func newFigures(g *Gateway, c *census) *figures {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tidepost_"+name, help, labels, nil)
	}
	return &figures{
		g: g, census: c,
		recipients:  desc("queue_recipients", "Recipients of outgoing mail that waits, by state.", "state"),
		oldest:      desc("queue_oldest_seconds", "How long ago the oldest mail of that state was accepted.", "state"),
		late:        desc("release_late_seconds", "By how much the earliest due release is late.", "state"),
		waiting:     desc("tide_waiting_messages", "Incoming mail that waits for a tide."),
		tideLate:    desc("tide_late_seconds", "By how much the earliest due tide is late."),
		advice:      desc("coach_advice", "Lines of advice given, by policy.", "policy"),
		falseAlarms: desc("coach_false_alarms", "Lines of advice that were false alarms, by policy.", "policy"),
		questions:   desc("questions", "Open questions of the whole team, by how they stand; only figures of five people and more.", "state"),
		certificate: desc("certificate_expires_timestamp_seconds", "When the TLS certificate ends."),
		free:        desc("disk_free_bytes", "Free space where the database is."),
		failing:     desc("relay_failing_seconds", "For how long the next server has not been reached; 0 if the last attempt reached it."),
	}
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.recipients, f.oldest, f.late, f.waiting, f.tideLate, f.advice, f.falseAlarms, f.questions, f.certificate, f.free, f.failing} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	now := time.Now()
	gauge(f.failing, f.g.reach.failing(now).Seconds())
	if free, ok := f.g.room.free(); ok {
		gauge(f.free, float64(free))
	}
	if end := f.g.certificateEnds(); !end.IsZero() {
		gauge(f.certificate, float64(end.Unix()))
	}
	c, err := f.census.take(context.Background())
	if err != nil {
		out <- prometheus.NewInvalidMetric(f.recipients, err)
		return
	}
	for _, state := range []store.State{store.Held, store.Deferred, store.Sending} {
		r := c.Recipients[state]
		gauge(f.recipients, float64(r.Count), string(state))
		gauge(f.oldest, since(r.Oldest, now).Seconds(), string(state))
		if state != store.Sending {
			gauge(f.late, since(r.Due, now).Seconds(), string(state))
		}
	}
	gauge(f.waiting, float64(c.Deliveries.Count))
	gauge(f.tideLate, since(c.Deliveries.Due, now).Seconds())
	for _, state := range questionStates() {
		if q := c.Questions[state]; q.People >= reports.Least {
			gauge(f.questions, float64(q.Count), state)
		}
	}
	for policy, v := range c.Advice {
		gauge(f.advice, float64(v.Given), policy)
		gauge(f.falseAlarms, float64(v.FalseAlarms), policy)
	}
}

// since is how long t is over, 0 if it is not or there is none.
func since(t, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(0, now.Sub(t))
}

// A Health is what the server says of itself to whoever has to wake somebody.
type Health struct {
	OK     bool          `json:"ok"`
	Checks []HealthCheck `json:"checks"`
}

// A HealthCheck is one thing that must be well.
type HealthCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`

	parts []trouble // what is not well, if each is told of by itself
}

// health looks at everything that can be seen without asking anybody else.
func (g *Gateway) health(ctx context.Context, c *census, now time.Time) Health {
	h := Health{OK: true}
	add := func(name string, ok bool, format string, args ...any) {
		h.OK = h.OK && ok
		h.Checks = append(h.Checks, HealthCheck{Name: name, OK: ok, Detail: fmt.Sprintf(format, args...)})
	}
	got, err := c.take(ctx)
	add("database", err == nil, "%s", text(err, "answers"))
	if err == nil {
		held, deliveries := got.Recipients[store.Held], got.Deliveries
		add("releases", since(held.Due, now) < overdueAfter, "%d wait, the earliest is %s late", held.Count, since(held.Due, now).Round(time.Second))
		add("tides", since(deliveries.Due, now) < overdueAfter, "%d wait, the earliest is %s late", deliveries.Count, since(deliveries.Due, now).Round(time.Second))
	}
	add("disk", g.room.enough(), "%s", map[bool]string{true: "above the reserve", false: "the reserve is reached: no new mail is taken"}[g.room.enough()])
	failing := g.reach.failing(now)
	add("relay", failing < overdueAfter, "not reached for %s", failing.Round(time.Second))
	if n := g.mirror.Tended(); n > 0 {
		sick := g.mirror.Troubles()
		detail := fmt.Sprintf("%d tended", n)
		for _, t := range sick {
			detail += "; " + t.What
		}
		add("accounts", len(sick) == 0, "%s", detail)
		for _, t := range sick { // One that is known must not hide the next.
			h.Checks[len(h.Checks)-1].parts = append(h.Checks[len(h.Checks)-1].parts, trouble{name: t.What, detail: "it is tried again"})
		}
	}
	if n := g.mirror.Copies(); n > 0 {
		add("copy", false, "another copy of this installation runs and tends %d accounts: what waits to leave is not sent from here; stop one of the two", n)
	}
	if end := g.certificateEnds(); !end.IsZero() {
		add("certificate", end.Sub(now) > renewBefore, "ends %s", end.UTC().Format(time.RFC3339))
	}
	if since, back := g.dir.RolledBack(); back {
		add("pause", true, "rolled back since %s: hold, batch and coach are off", since.UTC().Format(time.RFC3339))
	} else if until, paused := g.dir.TeamPaused(now); paused {
		add("pause", true, "new mail leaves and comes at once %s", people.Until(until, time.UTC, now))
	}
	if late, known := g.backupStale(now); known {
		add("backup", late == 0, "another copy is overdue by %s", late.Round(time.Minute))
	}
	return h
}

func text(err error, otherwise string) string {
	if err != nil {
		return err.Error()
	}
	return otherwise
}

// monitorHandler answers /metrics for Prometheus and /health for everything else; 503
// if something is not well.
func (g *Gateway) monitorHandler(c *census) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g.metrics.Handler())
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, r *http.Request) {
		h := g.health(r.Context(), c, time.Now())
		w.Header().Set("Content-Type", "application/json")
		if !h.OK {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if err := json.NewEncoder(w).Encode(h); err != nil {
			g.log.Debug("answer health", "err", err)
		}
	})
	return onlyHere(mux)
}

// openMonitor listens for who watches over the server; nil if nobody shall.
func (g *Gateway) openMonitor() (net.Listener, error) {
	addr := g.cfg.Monitor.Listen
	if addr == "" {
		return nil, nil
	}
	l, err := listen(addr)
	if err != nil {
		return nil, fmt.Errorf("monitor.listen: %w", err)
	}
	if strings.Contains(addr, "/") { // The group of the socket may look: it names nobody.
		if err := os.Chmod(addr, 0o660); err != nil {
			return nil, errors.Join(fmt.Errorf("monitor.listen: %w", err), l.Close())
		}
	}
	g.mu.Lock()
	g.doors["monitor"] = l.Addr()
	g.mu.Unlock()
	g.log.Info("listening", "door", "monitor", "addr", l.Addr().String())
	return l, nil
}

// serveMonitor answers on l until ctx ends.
func (g *Gateway) serveMonitor(ctx context.Context, l net.Listener, group *errgroup.Group) error {
	c := &census{db: g.db}
	if err := g.metrics.Add(newFigures(g, c)); err != nil {
		return errors.Join(fmt.Errorf("monitor: %w", err), l.Close())
	}
	g.serveHTTP(ctx, l, g.monitorHandler(c), "monitor", group)
	return nil
}

// serveHTTP answers on l until ctx ends.
func (g *Gateway) serveHTTP(ctx context.Context, l net.Listener, h http.Handler, name string, group *errgroup.Group) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	group.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("%s listener: %w", name, err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
}

// A reach knows since when the next server has not been reached.
type reach struct {
	mu    sync.Mutex
	since time.Time // zero: the last attempt reached it
}

// saw takes in what came of an attempt.
func (r *reach) saw(reached bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case reached:
		r.since = time.Time{}
	case r.since.IsZero():
		r.since = now
	}
}

func (r *reach) failing(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return since(r.since, now)
}

// counted is the outcome of one recipient's attempt.
func counted(delivered, said bool, code int) metrics.Outcome {
	switch {
	case delivered:
		return metrics.Delivered
	case !said:
		return metrics.Unreachable
	case code >= 500:
		return metrics.Rejected
	}
	return metrics.Deferred
}

// certificateEnds is when the certificate of the files ends; zero without one, and with
// ACME, which renews by itself.
func (g *Gateway) certificateEnds() time.Time {
	if g.tls == nil || g.reloadTLS == nil {
		return time.Time{}
	}
	pair, err := g.tls.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil || pair.Leaf == nil {
		return time.Time{}
	}
	return pair.Leaf.NotAfter
}
