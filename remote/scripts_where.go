package remote

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// scriptsPort is where ManageSieve listens (RFC 5804 §1.8).
const scriptsPort = 4190

// lookupTime bounds the question to the DNS.
const lookupTime = 5 * time.Second

// LookupSRV asks the DNS, as (*net.Resolver).LookupSRV does.
type LookupSRV func(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)

// A ScriptsPlace is where the ManageSieve server of an account is.
type ScriptsPlace struct {
	Addr  string // host:port; "": the DNS says that there is none
	How   string // how it was found, in words
	Other string // host:port that the DNS names and that is not trusted, "" for none
}

// ScriptsAt finds the ManageSieve server of an account: what the record _sieve._tcp of the
// user's domain says (RFC 5804 §1.8), else port 4190 of the IMAP server. lookup may be nil.
//
// The DNS may lie, and whoever it names would be given the password. So only a server is
// taken whose certificate a liar cannot have: the IMAP server itself, or one in the user's
// domain or in that of the IMAP server (RFC 6186 §6).
func ScriptsAt(ctx context.Context, lookup LookupSRV, imapHost, user string) ScriptsPlace {
	same := ScriptsPlace{Addr: net.JoinHostPort(imapHost, strconv.Itoa(scriptsPort)), How: "the usual port of the IMAP server"}
	at := strings.LastIndexByte(user, '@')
	if lookup == nil || at < 0 || net.ParseIP(imapHost) != nil && strings.HasPrefix(imapHost, "127.") {
		return same
	}
	domain := strings.ToLower(strings.TrimSuffix(user[at+1:], "."))
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	_, found, err := lookup(ctx, "sieve", "tcp", domain)
	if err != nil || len(found) == 0 {
		return same
	}
	// They are sorted already; a single "." says that there is none (RFC 2782).
	if len(found) == 1 && found[0].Target == "." {
		return ScriptsPlace{How: "the record _sieve._tcp." + domain + " says that there is none"}
	}
	for _, srv := range found {
		host := strings.ToLower(strings.TrimSuffix(srv.Target, "."))
		addr := net.JoinHostPort(host, strconv.Itoa(int(srv.Port)))
		if host == strings.ToLower(imapHost) || within(host, domain) || within(host, owner(imapHost)) {
			return ScriptsPlace{Addr: addr, How: "the record _sieve._tcp." + domain}
		}
		if same.Other == "" && host != "" && srv.Port != 0 {
			same.Other = addr
		}
	}
	return same
}

// within reports whether a host is in a domain; nothing is in "".
func within(host, domain string) bool {
	return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
}

// owner is the domain that somebody registered, "" if there is none.
func owner(host string) string {
	d, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(host, ".")))
	if err != nil {
		return ""
	}
	return d
}

// ErrNoScripts: the account has no ManageSieve server, or none that is to be used.
var ErrNoScripts = errors.New("there is no ManageSieve server")
