package gateway

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Profiles are there for who asks on this machine by its address, and nowhere unless
// the configuration says so.
func TestDebugListener(t *testing.T) {
	if g := start(t, configuration(t)); g.Addr("debug") != nil {
		t.Error("profiles are served although nobody asked for it")
	}
	cfg := configuration(t)
	cfg.Debug.Listen = "127.0.0.1:0"
	g := start(t, cfg)
	get := func(path, host string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "http://"+g.Addr("debug").String()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for _, c := range []struct {
		path, host string
		code       int
		has        string
	}{
		{"/debug/pprof/", "", 200, "goroutine"},
		{"/debug/pprof/goroutine?debug=1", "", 200, "gateway.(*Gateway).Run"},
		{"/debug/pprof/heap", "localhost:1", 200, "\x1f\x8b"}, // gzip
		{"/debug/pprof/profile?seconds=1", "", 200, "\x1f\x8b"},
		{"/debug/pprof/nothing", "", 404, ""},
		{"/debug/pprof/heap", "evil.example", 403, "address of this machine"},
		{"/", "", 404, ""},
	} {
		if code, text := get(c.path, c.host); code != c.code || !strings.Contains(text, c.has) {
			t.Errorf("%s as %q: %d, %d octets", c.path, c.host, code, len(text))
		}
	}
}

func TestDebugSocketIsTheOwners(t *testing.T) {
	cfg := configuration(t)
	cfg.Debug.Listen = filepath.Join(filepath.Dir(cfg.Server.Data), "debug.sock")
	start(t, cfg)
	info, err := os.Stat(cfg.Debug.Listen)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", cfg.Debug.Listen)
	}}}
	resp, err := client.Get("http://anything/debug/pprof/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("over the socket: %s", resp.Status)
	}
}
