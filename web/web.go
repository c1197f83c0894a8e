// Package web serves the few pages that Tidepost has: what mail clients ask for to set
// themselves up, and what people do that mail cannot. It is off unless [web] is set.
//
// Invariants:
//   - A page is a pattern and a handler, given to New; whatever else is asked for is 404.
//   - Every answer forbids scripts, frames and caches; nothing is loaded from elsewhere.
//   - Bodies, headers and times are bounded before a handler sees anything; a form from
//     another site is refused.
//   - Only the path of a request is logged, never its query, body or cookies: those hold
//     addresses and codes.
//   - In clear text it listens on loopback only, for a proxy that has the certificate.
//
// It is not responsible for what a page says.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// A Page is what is served below one pattern, such as "GET /setup" (see http.ServeMux).
type Page struct {
	Pattern string
	Handler http.Handler
	MaxBody int64  // octets of a request's body; 0: DefaultBody
	Policy  string // Content-Security-Policy; "": DefaultPolicy
}

const (
	// DefaultBody is how long the body of a request may be.
	DefaultBody = 64 << 10
	// DefaultPolicy lets a page show text and send its own form.
	DefaultPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// Bounds of one request, and of an unused connection.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = time.Minute
	idleTime   = time.Minute
	stopTime   = 5 * time.Second
	maxHeader  = 16 << 10
)

// Options are what a Server works with.
type Options struct {
	Pages []Page
	TLS   *tls.Config // nil: clear text, for a proxy on this machine
	Log   *slog.Logger
}

// A Server serves the pages.
type Server struct {
	http *http.Server
	tls  *tls.Config
}

// New makes a server of pages. Two pages with one pattern are an error.
func New(o Options) (s *Server, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if p := recover(); p != nil { // ServeMux's way to say it.
			s, err = nil, fmt.Errorf("pages: %v", p)
		}
	}()
	mux := http.NewServeMux()
	for _, p := range o.Pages {
		mux.Handle(p.Pattern, p.bounded())
	}
	handler := hardened(o.TLS != nil, http.NewCrossOriginProtection().Handler(mux))
	s = &Server{http: &http.Server{
		Handler:           logged(o.Log, handler),
		ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug), // Handshakes of scanners, mostly.
	}}
	if o.TLS != nil {
		s.tls = o.TLS.Clone()
		s.tls.NextProtos = append([]string{"h2", "http/1.1"}, s.tls.NextProtos...)
	}
	return s, nil
}

// Handler is what is served, for tests of pages.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Serve answers on l until ctx ends, then lets requests end.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.tls != nil {
		l = tls.NewListener(l, s.tls)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve pages: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if s.http.Shutdown(stop) != nil {
		s.http.Close() // They had their time.
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve pages: %w", err)
	}
	return nil
}

// bounded limits the body and sets the page's policy.
func (p Page) bounded() http.Handler {
	limit, policy := p.MaxBody, p.Policy
	if limit == 0 {
		limit = DefaultBody
	}
	if policy == "" {
		policy = DefaultPolicy
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			http.Error(w, "The request is too large.", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		w.Header().Set("Content-Security-Policy", policy)
		p.Handler.ServeHTTP(w, r)
	})
}

// hardened sets what every answer carries.
func hardened(secure bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", DefaultPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797
		}
		next.ServeHTTP(w, r)
	})
}

// A recorder remembers the status that a handler answered with.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// logged writes a line for each request and keeps a panic from ending more than it.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil {
				log.Error("page failed", "path", short(r.URL.Path), "err", fmt.Sprint(p))
				panic(http.ErrAbortHandler)
			}
			log.Info("page", "method", short(r.Method), "path", short(r.URL.Path), "status", rec.status, "ip", ClientIP(r))
		}()
		next.ServeHTTP(rec, r)
	})
}

// short bounds what a stranger writes into the log.
func short(s string) string { return s[:min(len(s), 100)] }

// ClientIP is the address of who asks: what a proxy on this machine says, else the other
// end of the connection.
func ClientIP(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	peer := ap.Addr().Unmap()
	if r.TLS != nil || !peer.IsLoopback() {
		return peer
	}
	// The last entry is the proxy's own; those before it are anybody's words.
	all := r.Header.Values("X-Forwarded-For")
	if len(all) == 0 {
		return peer
	}
	list := strings.Split(all[len(all)-1], ",")
	if ip, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
		return ip.Unmap()
	}
	return peer
}
