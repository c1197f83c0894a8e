package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// socketName is the file, in the data directory, by which other runs of the program
// reach the one that serves. Who may open the data directory may do so.
const socketName = "control.sock"

// ErrNotRunning is returned when nobody serves the data directory.
var ErrNotRunning = errors.New("no server is running on this data directory")

// A Status is what a running server says of itself.
type Status struct {
	Hostname string            `json:"hostname"`
	PID      int               `json:"pid"`
	Started  time.Time         `json:"started"`
	Listen   map[string]string `json:"listen"`
	Zones    string            `json:"zones"` // version and source of the zone data
}

// listenControl opens the socket, taking it over from a dead process.
func listenControl(dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketName)
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("another server is running on %s", dir)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return l, nil
}

// controlServer answers on the socket.
func (g *Gateway) controlServer() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kick", func(w http.ResponseWriter, _ *http.Request) {
		g.Kick()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, r *http.Request) {
		if err := g.Reload(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(g.Status()); err != nil {
			g.log.Warn("answer status", "err", err)
		}
	})
	mux.HandleFunc("POST /order", g.serveOrder)
	mux.HandleFunc("POST /give-back", g.serveGiveBack)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 32 << 10}
}

// controlTime is how long the server may take to answer; to an order it answers when it
// is done.
const controlTime = 10 * time.Second

// controlClient speaks to the server of a data directory.
func controlClient(dir string, patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", filepath.Join(dir, socketName))
		},
	}}
}

// Kick tells the running server of a data directory that the database has changed.
// ErrNotRunning if there is none: then there is nobody to tell.
func Kick(ctx context.Context, dir string) error { return post(ctx, dir, "kick") }

// Reload asks the running server to read certificates and people again.
func Reload(ctx context.Context, dir string) error { return post(ctx, dir, "reload") }

func post(ctx context.Context, dir, verb string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/"+verb, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := controlClient(dir, controlTime).Do(req)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s: the server says %s", verb, resp.Status)
	}
	return nil
}

// ReadStatus returns what the running server of a data directory says of itself.
func ReadStatus(ctx context.Context, dir string) (Status, error) {
	var s Status
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://control/status", http.NoBody)
	if err != nil {
		return s, err
	}
	resp, err := controlClient(dir, controlTime).Do(req)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}
