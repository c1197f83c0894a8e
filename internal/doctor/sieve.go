package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/remote"
	"tidepost/sieve"
)

// sieve looks whether new mail can be filed before it reaches INBOX: everything that
// putting the script there would do, but for putting it there.
func (v *visit) sieve(ctx context.Context, target remote.Account, a accounts.Account, s *remote.Session) {
	const check = "sieve"
	place := v.scriptsAt(ctx, a)
	no := func(err error) {
		why := remote.WhyNoScript(err)
		where := place.Addr
		if where == "" {
			where = a.Host()
		}
		text := where + ": " + why.Why
		if said := said(err); said != "" {
			text += " (" + said + ")"
		}
		if place.Other != "" {
			text += "; the DNS names " + place.Other + ", which is neither in the person's domain nor in the IMAP server's: say --sieve " + place.Other + " if that is right"
		}
		v.warn(check, strings.ReplaceAll(why.Do, "ADDRESS", v.about),
			"%s. New mail is moved right after it has arrived, and a phone may ring before that", text)
	}
	switch {
	case a.Sieve == accounts.NoSieve:
		v.ok(check, "is not used, as set: new mail is moved right after it has arrived, and a phone may ring before that")
		return
	case place.Addr == "":
		no(remote.ErrNoScripts)
		return
	}
	target.Addr = place.Addr
	if target.Security == remote.TLS {
		target.Security = remote.StartTLS // RFC 5804 §1.6: ManageSieve has no other.
	}
	if target.TLS != nil {
		host, _, _ := net.SplitHostPort(place.Addr)
		target.TLS = &tls.Config{RootCAs: target.TLS.RootCAs, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	c, err := remote.DialScripts(ctx, target)
	if err != nil {
		no(err)
		return
	}
	defer c.Close()
	folder, err := s.ServerName("Tidepost/Next delivery")
	if err != nil {
		no(err)
		return
	}
	own, err := c.Try(ctx, sieve.Rules{Folder: folder, Until: v.Now().Add(26 * time.Hour)})
	if err != nil {
		no(err)
		return
	}
	text := "new mail is filed before it reaches INBOX, by a script that stops by itself"
	if own != "" {
		text += `; the person's own script "` + own + `" runs first and stays as it is`
	}
	v.ok(check, "%s at %s (%s): %s", c.Implementation(), place.Addr, place.How, text)
	v.scriptNow(ctx, c, own)
}

// scriptNow says what runs at the moment.
func (v *visit) scriptNow(ctx context.Context, c *remote.Scripts, own string) {
	text, err := c.Installed(ctx)
	until, ours := sieve.Until(text)
	switch {
	case err != nil || text == "" && own == "":
	case text == "":
		v.ok("sieve now", "the person's %q runs alone; Tidepost's comes behind it when deliveries are on, within four hours", own)
	case ours && until.After(v.Now()):
		v.ok("sieve now", "Tidepost's script runs until %s unless it is renewed", until.UTC().Format("Mon 2 Jan 15:04 UTC"))
	default:
		v.warn("sieve now", "Look whether the server is running: it renews the script every four hours.", "Tidepost's script has stopped by itself: nothing is filed before INBOX")
	}
}

// scriptsAt is where the account's ManageSieve server is.
func (v *visit) scriptsAt(ctx context.Context, a accounts.Account) remote.ScriptsPlace {
	if a.Sieve != "" {
		return remote.ScriptsPlace{Addr: a.Sieve, How: "as set"}
	}
	var r Resolver = net.DefaultResolver
	if v.Resolver != nil {
		r = v.Resolver
	}
	return remote.ScriptsAt(ctx, r.LookupSRV, a.Host(), a.User)
}

// said is an error in one line of bounded length.
func said(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}
