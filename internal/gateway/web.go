package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"tidepost/guard"
	"tidepost/web"
)

// webPages are what [web] serves.
func (g *Gateway) webPages() []web.Page {
	pages := web.Clients(ClientSetup(g.cfg))
	pages = append(pages, web.PasswordPages(g.redeem, g.log.With("part", "web"))...)
	return pages
}

// openWeb listens for browsers and mail programs; ok is false if nobody may.
func (g *Gateway) openWeb() (d door, l net.Listener, ok bool, err error) {
	if g.cfg.Web.Listen == "" {
		return d, nil, false, nil
	}
	var conf *tls.Config
	if !g.cfg.Web.Clear {
		conf = g.tls
	}
	s, err := web.New(web.Options{Pages: g.webPages(), TLS: conf, Log: g.log.With("part", "web")})
	if err != nil {
		return d, nil, false, err
	}
	if l, err = g.site.Listen(g.cfg.Web.Listen); err != nil {
		return d, nil, false, fmt.Errorf("web.listen: %w", err)
	}
	guarded := guard.Listen(l, g.limits(""))
	return door{"web", func(ctx context.Context) error { return s.Serve(ctx, guarded) }}, l, true, nil
}
