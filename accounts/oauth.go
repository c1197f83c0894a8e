package accounts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// An OAuth is what a token is fetched with (RFC 6749 §6), and the newest one. Its JSON is
// the file that `tidepost account set --oauth` and relay.oauth_file read.
type OAuth struct {
	TokenURL     string    `json:"token_url"`
	ClientID     string    `json:"client_id"`
	ClientSecret string    `json:"client_secret,omitempty"` // public clients have none
	RefreshToken string    `json:"refresh_token"`
	Scopes       []string  `json:"scopes,omitempty"`
	AccessToken  string    `json:"access_token,omitempty"`
	Expiry       time.Time `json:"expiry,omitzero"` // of AccessToken
}

// String keeps tokens out of every log.
func (OAuth) String() string { return "(secret)" }

// GoString is the same for %#v.
func (OAuth) GoString() string { return "(secret)" }

// ParseOAuth reads such a file. Unknown keys are refused: a misspelt one would be missed
// only when the token ends.
func ParseOAuth(data []byte) (*OAuth, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var o OAuth
	if err := dec.Decode(&o); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, invalid("the OAuth file is not JSON (octet %d)", syntax.Offset)
		}
		return nil, invalid("the OAuth file: %v", err) // Names keys, never values.
	}
	return &o, o.Validate()
}

// Validate says what is missing.
func (o *OAuth) Validate() error {
	u, err := url.Parse(o.TokenURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return invalid("token_url must be an https:// address")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return invalid("token_url must be an https:// address")
	case o.ClientID == "":
		return invalid("client_id is missing")
	case o.RefreshToken == "":
		return invalid("refresh_token is missing")
	}
	return nil
}

const (
	// early is how long before its end a token is renewed: a message may be long.
	early = 5 * time.Minute
	// refreshTime bounds one question to a token endpoint.
	refreshTime = 30 * time.Second
)

// fresh reports whether the access token is good for a login now.
func (o *OAuth) fresh(now time.Time) bool {
	return o.AccessToken != "" && (o.Expiry.IsZero() || o.Expiry.After(now.Add(early)))
}

// ErrRefused says that the token endpoint refuses the refresh token: somebody must log in
// again. Whatever else goes wrong there may pass.
var ErrRefused = errors.New("the token is refused")

// refresh fetches a new access token, and keeps the refresh token that comes with it.
func (o *OAuth) refresh(ctx context.Context, client *http.Client, now time.Time) (OAuth, error) {
	conf := &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, Scopes: o.Scopes, Endpoint: oauth2.Endpoint{TokenURL: o.TokenURL}}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	t, err := conf.TokenSource(ctx, &oauth2.Token{RefreshToken: o.RefreshToken, Expiry: now.Add(-time.Hour)}).Token()
	if err != nil {
		return *o, refreshError(err)
	}
	out := *o
	out.AccessToken, out.Expiry = t.AccessToken, t.Expiry.UTC()
	if t.RefreshToken != "" { // RFC 6749 §6: a new one replaces the old.
		out.RefreshToken = t.RefreshToken
	}
	return out, nil
}

// refreshError says what went wrong without what was sent: the library's text holds the
// whole answer.
func refreshError(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // Without the address: it may hold a tenant's name, never a secret, but it is long.
		}
		return fmt.Errorf("ask for a new token: %s", tame(err.Error()))
	}
	said := r.ErrorCode
	if r.ErrorDescription != "" {
		said += ": " + r.ErrorDescription
	}
	status := 0
	if r.Response != nil {
		status = r.Response.StatusCode
	}
	switch {
	// RFC 6749 §5.2.
	case r.ErrorCode == "invalid_grant", r.ErrorCode == "invalid_client", r.ErrorCode == "unauthorized_client",
		r.ErrorCode == "" && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return fmt.Errorf("%w by the token endpoint (%d): %s", ErrRefused, status, tame(said))
	}
	return fmt.Errorf("the token endpoint answers %d: %s", status, tame(said))
}
