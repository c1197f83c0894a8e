package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/secrets"
)

func (g *Gateway) mirrorOptions() mirror.Options {
	keeper := g.relay.keeper // Beside a running server there is none.
	if keeper == nil {
		keeper = accounts.New(accounts.Options{DB: g.db, Box: secrets.Open(g.cfg.Server.Data, rand.Reader), Log: g.log.With("part", "accounts")})
	}
	var trusted *tls.Config
	if pool, err := AccountAuthorities(g.cfg); err != nil {
		g.log.Error("people's accounts are verified by the system's authorities", "err", err)
	} else if pool != nil {
		trusted = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	var lookup remote.LookupSRV
	if !g.site.noDNS && g.site.Mailbox == nil { // Accounts of a made-up world are in no DNS.
		lookup = net.DefaultResolver.LookupSRV
	}
	return mirror.Options{
		TLS: trusted, LookupSRV: lookup, Tell: g.alarm, Trying: g.trying,
		DB: g.db, People: g.dir, Queue: g.queue, Inbox: g.inbox, Host: g.cfg.Server.Hostname, Dir: g.cfg.Server.Data, Jitter: jitter(),
		Accounts: keeper,
		Dial:     g.site.Mailbox,
		Scripts:  g.site.Scripts,
		ProviderFiles: func(p *people.Person) bool {
			return g.relay.of(p.ID, p.Address).sent == accounts.Provider
		},
		Past: g.wentPast,
		Log:  g.log.With("part", "mirror"),
	}
}

// People is who belongs to the team.
func (g *Gateway) People() *people.Directory { return g.dir }

// Mailboxes are the accounts at providers.
func (g *Gateway) Mailboxes() *mirror.Mirror { return g.mirror }

// A GivenBack is what came of giving an account back.
type GivenBack struct {
	Person string          `json:"person"`
	Back   mirror.Returned `json:"back"`
	Error  string          `json:"error,omitempty"`
}

// rollbackOrder is asked on the control socket.
type rollbackOrder struct {
	Person  int64         `json:"person"`
	Waiting mirror.Choice `json:"waiting"`
}

// GiveBack leaves a person's account at a provider as it was, by the running server of the
// data directory or without one. From then on the person's mailbox is Tidepost's own store,
// which nothing tends there.
func GiveBack(ctx context.Context, cfg *config.Config, log *slog.Logger, p *people.Person, waiting mirror.Choice) (GivenBack, error) {
	out := GivenBack{Person: p.Address.String()}
	d, err := OpenDesk(cfg, log)
	if err != nil {
		return out, err
	}
	defer d.Close()
	if p.Profile.Inbox == people.MailboxIMAP {
		editor := people.NewEditor(d.DB, cfg.Server.Domains, rand.Reader)
		if _, err := editor.Set(ctx, p.Address.String(), people.Request{Fields: map[people.Field]string{people.FieldInbox: "store"}}, time.Now()); err != nil {
			return out, err
		}
	}
	if err := d.Announce(ctx); err != nil {
		return out, err
	}
	if _, err := ReadStatus(ctx, cfg.Server.Data); !errors.Is(err, ErrNotRunning) {
		out.Back, err = askGiveBack(ctx, cfg.Server.Data, rollbackOrder{p.ID, waiting})
		return out, err
	}
	if err := d.People.Reload(ctx); err != nil {
		return out, err
	}
	again, ok := d.People.ByID(p.ID)
	if !ok {
		again = p
	}
	out.Back, err = d.Accounts.Rollback(ctx, again, waiting)
	return out, err
}

// serveGiveBack carries it out for a command line.
func (g *Gateway) serveGiveBack(w http.ResponseWriter, r *http.Request) {
	var o rollbackOrder
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder)).Decode(&o); err != nil {
		http.Error(w, "read order: "+err.Error(), http.StatusBadRequest)
		return
	}
	p, ok := g.dir.ByID(o.Person)
	if !ok {
		http.Error(w, fmt.Sprintf("there is no person %d", o.Person), http.StatusNotFound)
		return
	}
	out, err := g.mirror.Rollback(r.Context(), p, o.Waiting)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		g.log.Warn("answer an order", "do", "give back", "err", err)
	}
}

// giveBackTime bounds how long an account may take.
const giveBackTime = 30 * time.Minute

func askGiveBack(ctx context.Context, dir string, o rollbackOrder) (out mirror.Returned, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return out, fmt.Errorf("write order: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/give-back", bytes.NewReader(body))
	if err != nil {
		return out, fmt.Errorf("reach the server: %w", err)
	}
	resp, err := controlClient(dir, giveBackTime).Do(req)
	if err != nil {
		return out, fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, rerr := io.ReadAll(io.LimitReader(resp.Body, maxOrder))
		return out, errors.Join(errors.New(string(bytes.TrimSpace(said))), rerr)
	}
	return out, json.NewDecoder(resp.Body).Decode(&out)
}
