// Package metrics counts what the running server does and writes it as Prometheus reads
// it. It names doors, states and policies, never a person, an address or a subject:
// figures of a person are nobody's business.
//
// Counters start anew with the process. What the database knows better, such as how much
// mail waits, is looked up when somebody asks: see Add.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Result is what a client was answered.
type Result string

// The results of a message at a door.
const (
	Accepted Result = "accepted" // 250
	Refused  Result = "refused"  // 5xx
	Trouble  Result = "trouble"  // 4xx: of the machine, or the sender's turn to try again
)

// An Outcome is what came of an attempt to hand a message on, per recipient.
type Outcome string

// The outcomes of an attempt.
const (
	Delivered   Outcome = "delivered"
	Deferred    Outcome = "deferred"    // the other server said 4xx
	Rejected    Outcome = "rejected"    // the other server said 5xx
	Unreachable Outcome = "unreachable" // no word of the other server: network, TLS, login
)

// A Set is the counters of one server. It is safe for concurrent use. A nil Set counts
// nothing.
type Set struct {
	registry *prometheus.Registry
	accept   *prometheus.HistogramVec
	messages *prometheus.CounterVec
	attempts *prometheus.CounterVec
	logins   *prometheus.CounterVec
	sessions *prometheus.GaugeVec
}

// New returns counters at zero, with those of the Go runtime and the process.
func New() *Set {
	s := &Set{
		registry: prometheus.NewRegistry(),
		accept: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tidepost_accept_seconds",
			Help: "Time from the last octet of a message to the answer, which is after the flush to disk.",
			// From a flush alone to what a client takes for a broken server.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30},
		}, []string{"door"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidepost_messages_total", Help: "Messages that reached the end of DATA, by door and answer.",
		}, []string{"door", "result"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidepost_relay_recipients_total", Help: "Recipients that were handed to the next server, by outcome of the attempt.",
		}, []string{"outcome"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tidepost_logins_total", Help: "Logins, by door and whether they succeeded.",
		}, []string{"door", "result"}),
		sessions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tidepost_sessions", Help: "Sessions that are open, by door.",
		}, []string{"door"}),
	}
	s.registry.MustRegister(s.accept, s.messages, s.attempts, s.logins, s.sessions,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.begin()
	return s
}

// begin has every counter there at zero: increase() of one that comes into being with its
// first count is 0, so that nobody would hear of the first trouble.
func (s *Set) begin() {
	for _, door := range []string{"submission", "inbound", "lmtp"} {
		for _, r := range []Result{Accepted, Refused, Trouble} {
			s.messages.WithLabelValues(door, string(r))
		}
		s.accept.WithLabelValues(door)
	}
	for _, door := range []string{"submission", "imap"} {
		for _, r := range []string{"ok", "failed"} {
			s.logins.WithLabelValues(door, r)
		}
	}
	for _, o := range []Outcome{Delivered, Deferred, Rejected, Unreachable} {
		s.attempts.WithLabelValues(string(o))
	}
}

// Add adds figures that are looked up when somebody asks.
func (s *Set) Add(c prometheus.Collector) error { return s.registry.Register(c) }

// Message counts a message at a door, which was answered after took.
func (s *Set) Message(door string, r Result, took time.Duration) {
	if s == nil {
		return
	}
	s.messages.WithLabelValues(door, string(r)).Inc()
	if r == Accepted {
		s.accept.WithLabelValues(door).Observe(took.Seconds())
	}
}

// Attempt counts recipients.
func (s *Set) Attempt(o Outcome, recipients int) {
	if s != nil {
		s.attempts.WithLabelValues(string(o)).Add(float64(recipients))
	}
}

// Login counts a login at a door.
func (s *Set) Login(door string, ok bool) {
	if s == nil {
		return
	}
	result := "failed"
	if ok {
		result = "ok"
	}
	s.logins.WithLabelValues(door, result).Inc()
}

// Session counts a session at a door as open, until end is called.
func (s *Set) Session(door string) (end func()) {
	if s == nil {
		return func() {}
	}
	g := s.sessions.WithLabelValues(door)
	g.Inc()
	return g.Dec
}

// Handler answers a scrape.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry, MaxRequestsInFlight: 2, Timeout: 10 * time.Second})
}
