package config

import (
	"fmt"
	"math"
	"time"

	"tidepost/policies"
)

// An option is one key of the file: the only place where its name, its meaning
// and its limits are written.
type option struct {
	key   string // "section.name"
	doc   string // sentences for the template, without line breaks
	value value
	path  *string // set if the value is a path, relative to the file's directory
}

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// options binds every key to its field of c, in the order of the template.
func (c *Config) options() []option {
	var all []option
	for _, part := range [][]option{
		c.serverOptions(), c.listenOptions(), c.tlsOptions(), c.relayOptions(), c.alarmOptions(), c.holdOptions(),
		c.batchOptions(), c.coachOptions(), c.urgentOptions(), c.passOptions(), c.clockOptions(), c.decidedOptions(), c.inboundOptions(), c.retryOptions(), c.limitOptions(), c.hostOptions(), c.webOptions(),
	} {
		all = append(all, part...)
	}
	return all
}

// sectionDocs are the comments above each section of the template.
func sectionDocs() map[string]string {
	return map[string]string{
		"server":         "Who this gateway is. hostname and domains are required.",
		"listen":         "Where to listen: \"host:port\", \":port\" for every address, \"\" to leave that door shut.",
		"tls":            "The certificate: either cert and key, or acme = true.",
		"relay":          "How mail leaves: through your provider (smarthost), or straight to each domain's MX.",
		"alarm":          "How server.admin is told of trouble: not by the relay that may be the trouble.",
		"hold":           "Mail to colleagues waits for their working hours.",
		"batch":          "Incoming mail comes with the tide, a few times a day, in one batch with a digest.",
		"coach":          "Advice on drafts before they leave. Who gets it how is a setting of each person (coach_mode).",
		"coach.policies": "What advice is about: each policy \"off\", \"dry-run\" or \"on\". One that cries wolf goes to dry run by itself.",
		"urgent":         "Urgent mail passes holds and tides and is never refused.",
		"clocks":         "By when a question is to be answered that names no time itself.",
		"decisions":      "What the team decides by mail.",
		"pass":           "The team's additions to the pass list: mail that is never held and never batched.",
		"inbound":        "Whether mail from other servers comes from whom it says it does: SPF, DKIM, DMARC, and the verdict of a filter in front.",
		"retry":          "What happens while the next server does not take a message.",
		"dkim":           "Signs mail at release. All three, or none.",
		"limits":         "Protection of the machine. Sizes: \"50MB\" is 50,000,000 octets, \"50MiB\" is 52,428,800.",
		"log":            "What is logged to standard error. Bodies and passwords never are.",
		"debug":          "For looking into a running server; off.",
		"monitor":        "For whoever watches over the server; off.",
		"store":          "The database.",
		"connector":      "What our people send comes here by their provider, is held, and goes back to it by [relay].",
		"accounts":       "People's accounts at other servers, which \"tidepost account\" keeps.",
		"web":            "Settings for mail programs, and the few pages there are; off.",
	}
}

func (c *Config) serverOptions() []option {
	s := &c.Server
	return []option{
		{key: "server.hostname", doc: "The name of this machine as other mail servers see it, as in \"mail.team.example\".", value: text(&s.Hostname, checkHostname)},
		{key: "server.domains", doc: "The mail domains of the team, the main one first, as in [\"team.example\"].", value: list(&s.Domains, domainItem)},
		{key: "server.data", doc: "Directory of the database, mode 0700. Relative paths in this file are relative to the file.", value: text(&s.Data, notEmpty), path: &s.Data},
		{key: "server.shared_data_dir", doc: "Take a data directory that its group may enter, as containers mount volumes. Whoever is in the group may read everybody's mail.", value: flag(&s.SharedDataDir)},
		{key: "server.roll", doc: "File with the addresses and password hashes of all people, kept up to date for \"tidepost stand-aside\"; \"\" is people.roll in data. Best on another disk.", value: text(&s.Roll, nil), path: &s.Roll},
		{key: "server.admin", doc: "An address outside this gateway that is told when something needs a human.", value: text(&s.Admin, optional(checkAddress))},
		{key: "server.weekly_letter", doc: "server.admin gets a short letter when the week begins: counts, what went past Tidepost, and who may need help with setting up.", value: flag(&s.WeeklyLetter)},
	}
}

func (c *Config) listenOptions() []option {
	l := &c.Listen
	return []option{
		{key: "listen.submission", doc: "Mail clients send here (STARTTLS, login).", value: text(&l.Submission, optional(checkListen))},
		{key: "listen.submissions", doc: "Mail clients send here (TLS from the first octet, login).", value: text(&l.Submissions, optional(checkListen))},
		{key: "listen.inbound", doc: "Other mail servers deliver here, to people of this team only.", value: text(&l.Inbound, optional(checkListen))},
		{key: "listen.lmtp", doc: "An MTA beside this gateway delivers here: \"host:port\", or the path of a unix socket.", value: text(&l.LMTP, optional(checkListenOrPath))},
		{key: "listen.imap", doc: "Mail clients read here (STARTTLS).", value: text(&l.IMAP, optional(checkListen))},
		{key: "listen.imaps", doc: "Mail clients read here (TLS from the first octet).", value: text(&l.IMAPS, optional(checkListen))},
		{key: "listen.connector", doc: "The mail provider hands over here what our people send: see [connector] and docs/provider.md.", value: text(&l.Connector, optional(checkListen))},
		{key: "listen.allow_cleartext_login", doc: "Allow passwords without TLS, on loopback addresses only. For trying out.", value: flag(&l.AllowCleartextLogin)},
	}
}

func (c *Config) tlsOptions() []option {
	t := &c.TLS
	return []option{
		{key: "tls.cert", doc: "PEM file of the certificate, with its chain. Read again on SIGHUP.", value: text(&t.Cert, nil), path: &t.Cert},
		{key: "tls.key", doc: "PEM file of its key, readable by this user only.", value: text(&t.Key, nil), path: &t.Key},
		{key: "tls.acme", doc: "Fetch and renew a certificate for server.hostname by ACME.", value: flag(&t.ACME)},
		{key: "tls.acme_email", doc: "Address the certificate authority writes to.", value: text(&t.ACMEEmail, optional(checkAddress))},
		{key: "tls.acme_dir", doc: "Directory URL of the certificate authority.", value: text(&t.ACMEDir, checkHTTPS)},
	}
}

func (c *Config) relayOptions() []option {
	r := &c.Relay
	return []option{
		{key: "relay.mode", doc: "\"smarthost\": everything goes through relay.host. \"mx\": straight to the recipient's server.", value: choice(&r.Mode, "smarthost", "mx")},
		{key: "relay.host", doc: "Name of the smarthost; required in that mode.", value: text(&r.Host, optional(checkHost))},
		{key: "relay.port", doc: "Its port: 587 with starttls, 465 with tls.", value: number(&r.Port, 1, 65535)},
		{key: "relay.tls", doc: "\"starttls\" and \"tls\" insist on a valid certificate; \"none\" sends in clear, for a loopback smarthost.", value: choice(&r.TLS, "starttls", "tls", "none")},
		{key: "relay.user", doc: "Login at the smarthost; empty: no login.", value: text(&r.User, nil)},
		{key: "relay.password_file", doc: "File with the password on its first line, readable by this user only. A systemd credential is fine.", value: text(&r.PasswordFile, nil), path: &r.PasswordFile},
		{key: "relay.oauth_file", doc: "Instead of a password: JSON with token_url, client_id, client_secret, refresh_token and scopes, readable by this user only. Tokens are renewed by themselves.", value: text(&r.OAuthFile, nil), path: &r.OAuthFile},
		{key: "relay.server_name", doc: "Name the smarthost's certificate must carry, if it is not relay.host.", value: text(&r.ServerName, optional(checkHostname))},
		{key: "relay.ca_file", doc: "PEM file of the authorities to trust, if not the system's.", value: text(&r.CAFile, nil), path: &r.CAFile},
		{key: "relay.connections", doc: "Connections to the smarthost at the same time.", value: number(&r.Connections, 1, 1000)},
		{key: "relay.sent", doc: "Who files a copy of what goes this way in Sent: the \"provider\" (its SMTP server does, as Gmail's and Exchange's do), \"tidepost\", or the \"client\" (and Tidepost what it composed itself). More smarthosts, for mail from some of our domains: see [[relay.provider]] in docs/provider.md.", value: choice(&r.Sent, "client", "provider", "tidepost")},
	}
}

// addProvider begins one more [[relay.provider]] and returns its options: those of [relay]
// that make sense there, and the domains.
func (c *Config) addProvider() (name string, options []option) {
	p := &Provider{Relay: Relay{Mode: "smarthost", Port: 587, TLS: "starttls", Connections: 10, Sent: "client"}}
	c.Relay.Providers = append(c.Relay.Providers, p)
	name = providerName(len(c.Relay.Providers) - 1)
	r := &p.Relay
	return name, []option{
		{key: name + ".domains", value: list(&p.Domains, domainItem)},
		{key: name + ".host", value: text(&r.Host, optional(checkHost))},
		{key: name + ".port", value: number(&r.Port, 1, 65535)},
		{key: name + ".tls", value: choice(&r.TLS, "starttls", "tls", "none")},
		{key: name + ".user", value: text(&r.User, nil)},
		{key: name + ".password_file", value: text(&r.PasswordFile, nil), path: &r.PasswordFile},
		{key: name + ".oauth_file", value: text(&r.OAuthFile, nil), path: &r.OAuthFile},
		{key: name + ".server_name", value: text(&r.ServerName, optional(checkHostname))},
		{key: name + ".ca_file", value: text(&r.CAFile, nil), path: &r.CAFile},
		{key: name + ".connections", value: number(&r.Connections, 1, 1000)},
		{key: name + ".sent", value: choice(&r.Sent, "client", "provider", "tidepost")},
	}
}

// providerName is what problems call a provider: they are counted from 1.
func providerName(i int) string { return fmt.Sprintf("relay.provider[%d]", i+1) }

func (c *Config) webOptions() []option {
	w, k := &c.Web, &c.Connector
	return []option{
		{key: "connector.networks", doc: "The provider's addresses, as in [\"192.0.2.0/24\"]. Whoever can send from there may send through here.", value: networks(&k.Networks)},
		{key: "connector.fingerprints", doc: "Certificates that the provider shows instead: SHA-256 in hex.", value: list(&k.Fingerprints, fingerprintItem)},
		{key: "connector.ca_file", doc: "PEM file of an authority: whoever shows a certificate that it has issued is the provider. Only for an authority of the provider's own.", value: text(&k.CAFile, nil), path: &k.CAFile},
		{key: "connector.trusted_authserv", doc: "Names in Authentication-Results that prove an author, besides the provider's DKIM signature.", value: list(&k.TrustedAuthserv, domainItem)},
		{key: "connector.deliver", doc: "Mail to colleagues, once it leaves: back to the \"provider\", where their mailboxes are, or \"here\" (people with inbox = imap, or mailboxes of Tidepost's own).", value: choice(&k.Deliver, "provider", "here")},
		{key: "connector.unproved", doc: "Mail of which nothing proves that it is ours: \"pass\" it on at once, or \"refuse\" it. Must be said unless all networks are private ones: a hosted provider sends other customers' mail from the same addresses and with the same certificate, and they could send through here.", value: choice(&k.Unproved, "", "pass", "refuse")},
		{key: "accounts.ca_file", doc: "PEM file of the authorities to trust at people's accounts (\"tidepost account\"), if not the system's.", value: text(&c.Accounts.CAFile, nil), path: &c.Accounts.CAFile},
		{key: "web.listen", doc: "Mail programs that set themselves up, and people with a link, come here by HTTPS with the certificate of [tls]: \":443\". \"\": nowhere.", value: text(&w.Listen, optional(checkListen))},
		{key: "web.clear", doc: "Speak HTTP without TLS, on a loopback address only: a proxy on this machine has the certificate.", value: flag(&w.Clear)},
		{key: "web.imap", doc: "Where mail programs are told to read, \"host:port\" with TLS, if the team's mailboxes are at a provider; \"\": here.", value: text(&w.IMAP, optional(checkServer))},
	}
}

func (c *Config) alarmOptions() []option {
	a := &c.Alarm
	return []option{
		{key: "alarm.mode", doc: "\"mx\": straight to the MX of server.admin. \"smarthost\": through alarm.host, best at another provider than relay.host. If it fails, the relay is tried.", value: choice(&a.Mode, "mx", "smarthost")},
		{key: "alarm.host", doc: "Name of that smarthost; required in that mode.", value: text(&a.Host, optional(checkHost))},
		{key: "alarm.port", doc: "Its port: 587 with starttls, 465 with tls.", value: number(&a.Port, 1, 65535)},
		{key: "alarm.tls", doc: "As relay.tls.", value: choice(&a.TLS, "starttls", "tls", "none")},
		{key: "alarm.user", doc: "Login there; empty: no login.", value: text(&a.User, nil)},
		{key: "alarm.password_file", doc: "File with the password on its first line, readable by this user only.", value: text(&a.PasswordFile, nil), path: &a.PasswordFile},
		{key: "alarm.server_name", doc: "Name its certificate must carry, if it is not alarm.host.", value: text(&a.ServerName, optional(checkHostname))},
		{key: "alarm.ca_file", doc: "PEM file of the authorities to trust, if not the system's.", value: text(&a.CAFile, nil), path: &a.CAFile},
	}
}

func (c *Config) holdOptions() []option {
	h := &c.Hold
	return []option{
		{key: "hold.mode", doc: "\"off\", \"dry-run\" (changes nothing, reports what it would have done) or \"on\".", value: choice(&h.Mode, Off, DryRun, On)},
		{key: "hold.grace", doc: "No hold if the reader's hours open within this time.", value: span(&h.Grace, 0, day)},
		{key: "hold.undo", doc: "Every message waits this long, so that it can be taken back. \"0s\": none.", value: span(&h.Undo, 0, hour)},
		{key: "hold.cap", doc: "A hold by policy ends after this, or with the weekly hours after that.", value: span(&h.Cap, hour, 400*day)},
		{key: "hold.max_explicit", doc: "The longest wait an author may ask for (400 days).", value: span(&h.MaxExplicit, hour, 400*day)},
		{key: "hold.spread", doc: "Releases to the outside are spread over this time, so that 09:00 is not a wave.", value: span(&h.Spread, 0, hour)},
		{key: "hold.outside_domains", doc: "Domains outside the team to which the hold applies too, as in [\"partner.example\"]; all others get their mail at once.", value: list(&h.OutsideDomains, domainItem)},
		{key: "hold.date", doc: "The Date header of released mail: the minute of \"release\", or as \"composed\".", value: choice(&h.Date, "release", "composed")},
	}
}

func (c *Config) batchOptions() []option {
	b := &c.Batch
	return []option{
		{key: "batch.mode", doc: "\"off\", \"dry-run\" or \"on\".", value: choice(&b.Mode, Off, DryRun, On)},
		{key: "batch.style", doc: "\"normal\", or \"quiet\": only the digest and questions to the reader arrive unread.", value: choice(&b.Style, "normal", "quiet")},
		{key: "batch.outside", doc: "People outside the team: at once in the reader's \"hours\", or with the \"tide\" too.", value: choice(&b.Outside, "hours", "tide")},
		{key: "batch.digest_every_tide", doc: "A digest with every tide from the start. Else there is one a day in a person's first week.", value: flag(&b.DigestEveryTide)},
	}
}

func (c *Config) coachOptions() []option {
	out := []option{
		{key: "coach.mode", doc: "\"off\", \"dry-run\" (counted, shown to nobody; see \"tidepost report dry-run\") or \"on\".", value: choice(&c.Coach.Mode, Off, DryRun, On)},
		{key: "coach.delay", doc: "How long a draft with advice waits for its author, if nothing else holds it. It then leaves by itself, unchanged.", value: span(&c.Coach.Delay, time.Second, day)},
	}
	for _, p := range policies.Table() {
		if mode := c.Coach.Policies[p.Name]; p.Coach && mode != nil {
			out = append(out, option{key: "coach.policies." + p.Name, doc: p.Doc, value: choice(mode, Off, DryRun, On)})
		}
	}
	return out
}

func (c *Config) urgentOptions() []option {
	u := &c.Urgent
	return []option{
		{key: "urgent.budget", doc: "Urgent mails a person may send a month before they are counted as too many.", value: number(&u.Budget, 0, 1000)},
		{key: "urgent.outside_senders", doc: "Addresses outside the team whose urgent mail counts as urgent.", value: list(&u.OutsideSenders, addressItem)},
	}
}

func (c *Config) clockOptions() []option {
	k := &c.Clocks
	return []option{
		{key: "clocks.standard_days", doc: "In how many working days of theirs somebody answers a question that names no time.", value: number(&k.StandardDays, 1, 30)},
		{key: "clocks.urgent", doc: "The same for urgent mail, in working time; whole minutes count.", value: span(&k.Urgent, time.Minute, 100*time.Hour)},
		{key: "clocks.first_reply", doc: "The same for a first reply to somebody outside who wrote to one of clocks.role_names.", value: span(&k.FirstReply, time.Minute, 1000*time.Hour)},
		{key: "clocks.role_names", doc: "What stands before the @ of addresses that are no person's own.", value: list(&k.RoleNames, wordItem)},
	}
}

func (c *Config) decidedOptions() []option {
	return []option{
		{key: "decisions.team_lists", doc: "Addresses that everybody in the team reads, as in [\"all@lists.example\"]: what is decided in mail to one of them everybody may see at once. Else a decision is seen by those whom its mail went to, until its author publishes it.", value: list(&c.Decided.TeamLists, addressItem)},
	}
}

func (c *Config) passOptions() []option {
	p := &c.Pass
	return []option{
		{key: "pass.senders", doc: "Mail from these addresses passes at once.", value: list(&p.Senders, addressItem)},
		{key: "pass.domains", doc: "Mail from or to these domains passes at once.", value: list(&p.Domains, domainItem)},
		{key: "pass.words", doc: "Mail with one of these words in its subject passes at once.", value: list(&p.Words, wordItem)},
		{key: "pass.alarm_senders", doc: "Machines whose alarms pass at once, by night too.", value: list(&p.AlarmSenders, addressItem)},
	}
}

func (c *Config) inboundOptions() []option {
	i := &c.Inbound
	return []option{
		{key: "inbound.checks", doc: "\"auto\": mail from public addresses is checked. \"on\": from private ones too, as behind a port forwarder. \"off\": none is. Networks inside and LMTP never are.", value: choice(&i.Checks, "auto", "on", "off")},
		{key: "inbound.dmarc", doc: "Mail that fails where its author's domain asks for quarantine or refusal: \"junk\" files it, \"refuse\" says 550 if the domain wants that, \"off\" lets it be. Forged mail of the team's own domains goes to Junk in any case.", value: choice(&i.DMARC, "junk", "refuse", "off")},
		{key: "inbound.resolver", doc: "The DNS server to ask, \"address:port\", best on this machine; empty: as the system does.", value: text(&i.Resolver, optional(checkResolver))},
		{key: "inbound.timeout", doc: "All checks of a message end after this. What is not known then condemns nobody.", value: span(&i.Timeout, 100*time.Millisecond, time.Minute)},
		{key: "inbound.trusted_authserv", doc: "Names in the Authentication-Results of your provider or of rspamd in front, as in [\"mx.provider.example\"]. Believed over LMTP and from trusted networks only.", value: list(&i.TrustedAuthserv, domainItem)},
		{key: "inbound.trusted_networks", doc: "Networks of the servers in front that pass mail on, besides limits.inside_networks. They have checked; here nothing is.", value: networks(&i.TrustedNetworks)},
		{key: "inbound.trusted_lists", doc: "Domains of mailing lists and forwarders that may resend mail of others, if SPF or DKIM says that it is them.", value: list(&i.TrustedLists, domainItem)},
	}
}

func (c *Config) retryOptions() []option {
	r, d := &c.Retry, &c.DKIM
	return []option{
		{key: "retry.give_up", doc: "Trying ends after this, and the author gets a report.", value: span(&r.GiveUp, hour, 30*day)},
		{key: "retry.delayed_notice", doc: "The author is told of a delay after this.", value: span(&r.DelayedNotice, time.Minute, 30*day)},
		{key: "dkim.selector", doc: "As in \"s1\" of s1._domainkey.team.example.", value: text(&d.Selector, optional(checkSelector))},
		{key: "dkim.domain", doc: "The signing domain.", value: text(&d.Domain, optional(checkDomain))},
		{key: "dkim.key_file", doc: "PEM file of the private key (RSA or Ed25519), readable by this user only.", value: text(&d.KeyFile, nil), path: &d.KeyFile},
	}
}

func (c *Config) limitOptions() []option {
	l := &c.Limits
	return []option{
		{key: "limits.message_size", doc: "The largest message.", value: octets(&l.MessageSize, 64<<10, 1<<30)},
		{key: "limits.mailbox_size", doc: "How much mail a person may keep, unless they have a quota of their own; \"0B\" sets no limit. Mail from elsewhere that does not fit is refused for the moment (452).", value: octets(&l.MailboxSize, 0, math.MaxInt64)},
		{key: "limits.recipients", doc: "Recipients of one message (RFC 5321 asks for 100 at least).", value: number(&l.Recipients, 100, 100_000)},
		{key: "limits.connections", doc: "Open connections in total.", value: number(&l.Connections, 10, 1_000_000)},
		{key: "limits.per_address", doc: "Open connections without a login from one IPv4 address or one IPv6 /64, over all doors.", value: number(&l.PerAddress, 1, 1_000_000)},
		{key: "limits.per_person", doc: "Open connections of one person after login, over all doors.", value: number(&l.PerPerson, 1, 10_000)},
		{key: "limits.connection_rate", doc: "New connections a second from one such address, for long: a flood has more, an office has not.", value: number(&l.ConnectionRate, 1, 100_000)},
		{key: "limits.inside_networks", doc: "Networks that per_address and connection_rate do not count, as in [\"10.0.0.0/8\"].", value: networks(&l.InsideNetworks)},
		{key: "limits.login_tries", doc: "Wrong passwords before logins of that user or from that address are refused for a while.", value: number(&l.LoginTries, 3, 1000)},
		{key: "limits.login_lockout", doc: "How long they are refused.", value: span(&l.LoginLockout, time.Minute, day)},
		{key: "limits.idle_login", doc: "A connection without login is closed after this.", value: span(&l.IdleLogin, 10*time.Second, hour)},
		{key: "limits.idle_smtp", doc: "An SMTP connection without a command is closed after this (RFC 5321 asks for 5 minutes).", value: span(&l.IdleSMTP, time.Minute, hour)},
		{key: "limits.idle_data", doc: "A message of which nothing comes for so long is given up (RFC 5321 asks for 3 minutes).", value: span(&l.IdleData, 10*time.Second, hour)},
		{key: "limits.idle_imap", doc: "An IMAP connection without a command is closed after this (RFC 9051 asks for 30 minutes).", value: span(&l.IdleIMAP, 30*time.Minute, day)},
	}
}

func (c *Config) hostOptions() []option {
	return []option{
		{key: "log.level", doc: "\"debug\", \"info\", \"warn\" or \"error\".", value: choice(&c.Log.Level, "debug", "info", "warn", "error")},
		{key: "log.format", doc: "\"text\" or \"json\".", value: choice(&c.Log.Format, "text", "json")},
		{key: "debug.listen", doc: "Profiles of the running server (net/http/pprof): \"host:port\" on loopback, or the path of a unix socket. They name no mail, but show what the server does.", value: text(&c.Debug.Listen, optional(checkLoopbackOrPath))},
		{key: "monitor.listen", doc: "Figures for Prometheus at /metrics and one JSON answer at /health (503 if something is not well): \"host:port\" on loopback, or the path of a unix socket. They name nobody.", value: text(&c.Monitor.Listen, optional(checkLoopbackOrPath))},
		{key: "store.reserve", doc: "With less free disk than this, new mail is refused for the moment (452); what waits still goes out.", value: octets(&c.Store.Reserve, 1<<20, math.MaxInt64)},
		{key: "store.backup_within", doc: "Once there is a copy by \"tidepost backup\", the newest should not be older than this: server.admin is told. \"0s\": nobody looks.", value: span(&c.Store.BackupWithin, 0, 400*day)},
	}
}
