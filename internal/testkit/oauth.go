package testkit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// An OAuthServer is a token endpoint (RFC 6749 §6) that exchanges the refresh token with
// each use, as strict providers do: an old one is refused.
type OAuthServer struct {
	URL string

	mu      sync.Mutex
	n       int
	refresh string
	refused bool
	broken  bool
	life    int
}

// NewOAuthServer starts one whose first refresh token is "refresh-0". Access tokens are
// "access-1", "access-2", … and live an hour.
func NewOAuthServer(t testing.TB) *OAuthServer {
	o := &OAuthServer{refresh: "refresh-0", life: 3600}
	srv := httptest.NewServer(o)
	t.Cleanup(srv.Close)
	o.URL = srv.URL + "/token"
	return o
}

// ServeHTTP implements http.Handler.
func (o *OAuthServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case o.broken:
		w.WriteHeader(http.StatusServiceUnavailable)
	case o.refused || r.Method != http.MethodPost || r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != o.refresh:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"the token was revoked"}`)
	default:
		o.n++
		o.refresh = fmt.Sprintf("refresh-%d", o.n)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": o.access(), "refresh_token": o.refresh, "token_type": "Bearer", "expires_in": o.life,
		})
	}
}

func (o *OAuthServer) access() string { return fmt.Sprintf("access-%d", o.n) }

// Refreshes is how many tokens it gave.
func (o *OAuthServer) Refreshes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.n
}

// Access is the newest access token.
func (o *OAuthServer) Access() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.access()
}

// Revoke refuses every refresh token from now on, or takes them again.
func (o *OAuthServer) Revoke(refused bool) { o.set(func() { o.refused = refused }) }

// Break answers 503 from now on, or no longer.
func (o *OAuthServer) Break(broken bool) { o.set(func() { o.broken = broken }) }

// Life sets for how many seconds new access tokens say they live.
func (o *OAuthServer) Life(seconds int) { o.set(func() { o.life = seconds }) }

func (o *OAuthServer) set(fn func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fn()
}
