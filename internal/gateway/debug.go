package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// longestProfile bounds a CPU profile, in seconds; usualProfile is one without a wish.
const (
	longestProfile = 120
	usualProfile   = 10
)

// openDebug listens for who looks into the running server; nil if nobody shall.
func (g *Gateway) openDebug() (net.Listener, error) {
	addr := g.cfg.Debug.Listen
	if addr == "" {
		return nil, nil
	}
	l, err := listen(addr)
	if err != nil {
		return nil, fmt.Errorf("debug.listen: %w", err)
	}
	if strings.Contains(addr, "/") {
		if err := os.Chmod(addr, 0o600); err != nil { // listen lets the group in, for mail.
			return nil, errors.Join(fmt.Errorf("debug.listen: %w", err), l.Close())
		}
	}
	g.mu.Lock()
	g.doors["debug"] = l.Addr()
	g.mu.Unlock()
	g.log.Info("listening", "door", "debug", "addr", l.Addr().String())
	return l, nil
}

// serveDebug answers on l until ctx ends.
func (g *Gateway) serveDebug(ctx context.Context, l net.Listener, group *errgroup.Group) {
	g.serveHTTP(ctx, l, debugHandler(), "debug", group)
}

// debugHandler serves the profiles of runtime/pprof under the names that `go tool
// pprof` asks for. net/http/pprof is not used: it registers where anybody may serve it.
func debugHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/{$}", func(w http.ResponseWriter, _ *http.Request) {
		for _, p := range pprof.Profiles() {
			fmt.Fprintf(w, "%8d %s\n", p.Count(), p.Name())
		}
		fmt.Fprintln(w, "         profile?seconds=10")
	})
	mux.HandleFunc("GET /debug/pprof/profile", serveCPU)
	mux.HandleFunc("GET /debug/pprof/{name}", func(w http.ResponseWriter, r *http.Request) {
		p := pprof.Lookup(r.PathValue("name"))
		if p == nil {
			http.NotFound(w, r)
			return
		}
		how, err := strconv.Atoi(r.FormValue("debug"))
		if err != nil {
			how = 0
		}
		// Who does not wait for it has gone.
		_ = p.WriteTo(w, how)
	})
	return onlyHere(mux)
}

// serveCPU profiles for the seconds that are asked for, one caller at a time.
func serveCPU(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.FormValue("seconds"))
	if err != nil || seconds < 1 {
		seconds = usualProfile
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	defer pprof.StopCPUProfile()
	timer := time.NewTimer(time.Duration(min(seconds, longestProfile)) * time.Second)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
	case <-timer.C:
	}
}

// onlyHere refuses requests that name another host than this machine: a page in
// somebody's browser here could ask by a name of its own.
func onlyHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if unix := local != nil && local.Network() == "unix"; !unix && host != "localhost" && (err != nil || !ip.IsLoopback()) {
			http.Error(w, "ask by the address of this machine", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
