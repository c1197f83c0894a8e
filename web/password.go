package web

import (
	"context"
	_ "embed" // the two files of the page
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// A Redeemer sets a password with a one-time code. said is for the person to read, ""
// if it is done; err is trouble of the machine. The same words are said of every code
// that is not good.
type Redeemer func(ctx context.Context, code, password string, now time.Time) (address, said string, err error)

//go:embed password.html
var passwordHTML string

//go:embed password.css
var passwordCSS []byte

// PasswordPages let a person set a password with a one-time code. Looking at them uses
// nothing up, so that a scanner that opens the links of mail does no harm, and says
// nothing about anybody: a code is looked at only with a new password.
func PasswordPages(redeem Redeemer, log *slog.Logger) []Page {
	p := &passwordPage{redeem: redeem, log: log, tries: tries{at: map[netip.Prefix]tried{}},
		page: template.Must(template.New("password").Parse(passwordHTML))}
	style := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(passwordCSS)
	}
	return []Page{
		{Pattern: "GET /password", Handler: http.HandlerFunc(p.look)},
		{Pattern: "POST /password", Handler: http.HandlerFunc(p.set), MaxBody: 8 << 10},
		{Pattern: "GET /password.css", Handler: http.HandlerFunc(style)},
	}
}

type passwordPage struct {
	redeem Redeemer
	log    *slog.Logger
	tries  tries
	page   *template.Template
}

// A form is what the page shows.
type form struct {
	Code    string
	Said    string // what is wrong
	Done    bool
	Address string // whose password was set
}

// maxCode bounds a code as it is typed.
const maxCode = 100

// look shows the form. A code in the link is put into its field and not looked at.
func (p *passwordPage) look(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	p.show(w, http.StatusOK, form{Code: code[:min(len(code), maxCode)]})
}

// set takes the form.
func (p *passwordPage) set(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if !p.tries.allowed(ClientIP(r), now) {
		w.Header().Set("Retry-After", "900")
		p.show(w, http.StatusTooManyRequests, form{Said: "Too many tries from here. Wait a quarter of an hour."})
		return
	}
	if err := r.ParseForm(); err != nil {
		p.show(w, http.StatusBadRequest, form{Said: "The form could not be read."})
		return
	}
	f := form{Code: r.PostForm.Get("code")}
	f.Code = f.Code[:min(len(f.Code), maxCode)]
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		f.Said = "The two passwords differ."
		p.show(w, http.StatusUnprocessableEntity, f)
		return
	}
	address, said, err := p.redeem(r.Context(), f.Code, password, now)
	switch {
	case err != nil:
		p.log.Error("set a password by code", "err", err)
		f.Said = "That did not work, and it is not your fault. The code is still good: try again in a few minutes."
		p.show(w, http.StatusInternalServerError, f)
	case said != "":
		f.Said = said
		p.show(w, http.StatusUnprocessableEntity, f)
	default:
		p.tries.forget(ClientIP(r))
		p.log.Info("password set by code", "person", address)
		p.show(w, http.StatusOK, form{Done: true, Address: address})
	}
}

func (p *passwordPage) show(w http.ResponseWriter, status int, f form) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := p.page.Execute(w, f); err != nil {
		p.log.Debug("show page", "err", err)
	}
}

// A tries counts forms by network: a guess at 100 random bits is hopeless, but each
// costs a hash, and nobody needs many.
type tries struct {
	mu sync.Mutex
	at map[netip.Prefix]tried
}

type tried struct {
	count int
	since time.Time
}

const (
	maxTries  = 10
	triesTime = 15 * time.Minute
	maxPlaces = 10_000
)

// place is one IPv4 address or one IPv6 /64: a single host has that many for nothing.
func place(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// allowed counts a try and reports whether it may be made.
func (t *tries) allowed(ip netip.Addr, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.at) >= maxPlaces {
		for k, v := range t.at {
			if now.Sub(v.since) >= triesTime {
				delete(t.at, k)
			}
		}
		for k := range t.at { // Somebody has very many addresses: one makes room.
			if len(t.at) < maxPlaces {
				break
			}
			delete(t.at, k)
		}
	}
	k := place(ip)
	v := t.at[k]
	if now.Sub(v.since) >= triesTime || now.Before(v.since) {
		v = tried{since: now}
	}
	v.count++
	t.at[k] = v
	return v.count <= maxTries
}

func (t *tries) forget(ip netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, place(ip))
}
