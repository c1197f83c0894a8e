package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/setup"
	"tidepost/store"
)

// A Resolver asks the DNS, as *net.Resolver does.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
	LookupMX(ctx context.Context, domain string) ([]*net.MX, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
}

// relay opens a session with the smarthost.
func (v *visit) relay(ctx context.Context) {
	const check = "relay"
	r := v.Config.Relay
	if r.Mode == "mx" {
		v.ok(check, "mail goes straight to the MX of each domain")
		return
	}
	v.smarthost(ctx, check, "relay", r, "mail to the outside waits until then")
}

// providers opens a session with each [[relay.provider]].
func (v *visit) providers(ctx context.Context) {
	for i, p := range v.Config.Relay.Providers {
		section := fmt.Sprintf("relay.provider[%d]", i+1)
		v.smarthost(ctx, section, section, p.Relay, "mail from "+strings.Join(p.Domains, ", ")+" waits until then")
	}
}

// smarthost asks for the name, connects, and logs in.
func (v *visit) smarthost(ctx context.Context, check, section string, r config.Relay, waits string) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if net.ParseIP(r.Host) == nil {
		var resolver Resolver = net.DefaultResolver
		if v.Resolver != nil {
			resolver = v.Resolver
		}
		if _, err := ask(ctx, r.Host, resolver.LookupHost); err != nil && notFound(err) {
			v.fail(check, "Correct "+section+".host"+"; "+waits+".", "%s: the DNS knows no such name", r.Host)
			return
		}
	}
	var db *store.DB
	if v.desk != nil {
		db = v.desk.DB
	}
	res, err := gateway.CheckSmarthost(ctx, v.Config, db, section, r)
	login := "no login"
	if r.User != "" {
		login = "login as " + r.User
	}
	switch {
	case err != nil:
		v.fail(check, "Correct ["+section+"] in the configuration.", "%v", err)
	case res.Delivered:
		v.ok(check, "%s takes our mail (%s, %s)", r.Host, orClear(res.TLS), login)
	case res.Alarm():
		v.fail(check, "Look at "+section+".tls, "+section+".user and "+section+".password_file"+"; "+waits+".", "%s: %s", r.Host, res.Reply.Text)
	default:
		v.fail(check, "Look at "+section+".host and the network; "+waits+".", "%s: %s", r.Host, res.Reply.Text)
	}
}

// alarms looks who is told of trouble, and whether the way there works.
func (v *visit) alarms(ctx context.Context) {
	const check = "alarms"
	admin, a := v.Config.Server.Admin, v.Config.Alarm
	if admin == "" {
		v.warn(check, "Set server.admin to an address outside.", "nobody is told of trouble")
		return
	}
	if a.Mode == "mx" {
		v.ok(check, "%s is told of trouble, straight to the MX of that address", admin)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	res, err := gateway.CheckAlarmRoute(ctx, v.Config)
	switch {
	case err != nil:
		v.fail(check, "Correct [alarm] in the configuration.", "%v", err)
	case !res.Delivered:
		v.fail(check, "Look at [alarm]; trouble of the relay would be told to nobody.", "%s: %s", a.Host, res.Reply.Text)
	case a.Host == v.Config.Relay.Host && v.Config.Relay.Mode == "smarthost":
		v.warn(check, "Name one at another provider in alarm.host.", "%s is the relay, too: it cannot tell of its own trouble", a.Host)
	default:
		v.ok(check, "%s is told of trouble by %s", admin, a.Host)
	}
}

func orClear(tls string) string {
	if tls == "" {
		return "no TLS"
	}
	return tls
}

// dnsTime bounds each question.
const dnsTime = 5 * time.Second

// dns looks what others find out about this machine.
func (v *visit) dns(ctx context.Context) {
	r := v.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	v.hostname(ctx, r)
	for _, domain := range v.Config.Server.Domains {
		v.domain(ctx, r, domain)
		v.services(ctx, r, domain)
	}
}

// services looks whether mail programs find their servers (RFC 6186).
func (v *visit) services(ctx context.Context, r Resolver, domain string) {
	check := "dns clients " + domain
	team := gateway.ClientSetup(v.Config)
	var lacking []string
	for _, s := range []struct {
		name string
		from []setup.Server
	}{{"submissions", team.SMTP}, {"imaps", team.IMAP}} {
		if len(s.from) == 0 || !s.from[0].Implicit {
			continue
		}
		found, err := ask(ctx, domain, func(ctx context.Context, domain string) ([]*net.SRV, error) {
			_, list, err := r.LookupSRV(ctx, s.name, "tcp", domain)
			return list, err
		})
		want := s.from[0]
		switch {
		case err != nil && !notFound(err):
			v.warn(check, "", "_%s._tcp: %s", s.name, missing(err))
			return
		case len(found) == 0:
			lacking = append(lacking, "_"+s.name+"._tcp")
		case !strings.EqualFold(strings.TrimSuffix(found[0].Target, "."), want.Host) || int(found[0].Port) != want.Port:
			v.warn(check, "Publish what \"tidepost dns\" prints.", "_%s._tcp leads to %s:%d, not %s:%d", s.name, found[0].Target, found[0].Port, want.Host, want.Port)
			return
		}
	}
	if len(lacking) > 0 {
		v.warn(check, "Publish what \"tidepost dns\" prints: mail programs then find their settings from the address.", "there is no %s", strings.Join(lacking, ", "))
		return
	}
	v.ok(check, "mail programs find where to read and send")
}

// hostname looks for the address of our name, and whether it leads back.
func (v *visit) hostname(ctx context.Context, r Resolver) {
	const check = "dns name"
	host := v.Config.Server.Hostname
	addrs, err := ask(ctx, host, r.LookupHost)
	if err != nil || len(addrs) == 0 {
		v.warn(check, "Publish an A or AAAA record for it.", "%s: %s", host, missing(err))
		return
	}
	for _, a := range addrs {
		if ip := net.ParseIP(a); ip == nil || ip.IsLoopback() || ip.IsPrivate() {
			continue // Nobody outside sees this one.
		}
		names, err := ask(ctx, a, r.LookupAddr)
		back := false
		for _, n := range names {
			back = back || strings.EqualFold(strings.TrimSuffix(n, "."), host)
		}
		if !back && v.Config.Relay.Mode == "mx" {
			v.warn(check, "Ask your provider to set it: many servers refuse mail without.", "%s: the PTR record does not lead back to %s (%s)", a, host, missing(err))
			return
		}
	}
	v.ok(check, "%s is %s", host, some(addrs))
}

// domain looks where mail of a domain of ours is sent, and who may send it.
func (v *visit) domain(ctx context.Context, r Resolver, domain string) {
	check := "dns " + domain
	mx, err := ask(ctx, domain, r.LookupMX)
	if err != nil || len(mx) == 0 {
		v.warn(check, "Publish an MX record, or have your provider forward to the inbound door.", "no MX: %s", missing(err))
		return
	}
	var hosts []string
	for _, m := range mx {
		hosts = append(hosts, strings.TrimSuffix(m.Host, "."))
	}
	txt, err := ask(ctx, domain, r.LookupTXT)
	if err != nil && !notFound(err) {
		v.warn(check, "", "MX %s; SPF: %s", some(hosts), missing(err))
		return
	}
	for _, t := range txt {
		if strings.HasPrefix(strings.ToLower(t), "v=spf1") {
			v.ok(check, "MX %s, SPF is published", some(hosts))
			return
		}
	}
	v.warn(check, `Publish one, such as "v=spf1 mx include:YOUR-SMARTHOST ~all".`, "MX %s, but no SPF record", some(hosts))
}

// ask bounds one question in time.
func ask[T any](ctx context.Context, name string, lookup func(context.Context, string) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	return lookup(ctx, name)
}

func notFound(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound
}

// missing says whether there is no record, or no answer.
func missing(err error) string {
	if err == nil || notFound(err) {
		return "no such record"
	}
	return "the DNS does not answer (offline?)"
}
