// Package config reads the one configuration file, tidepost.toml, and writes the
// commented file that `tidepost init` leaves behind.
//
// Invariants: every option has a default; nothing is taken from the environment;
// a key that is not known and a value that is not allowed are refused with file,
// line and key, all of them at once; secrets are named by file, never written in
// the file, and never printed. The table in options.go is the only place where an
// option's name, meaning and limits stand: loading, checking and the template are
// all read off it.
//
// It is not responsible for what options mean: cmd/tidepost turns a Config into
// the Options of each package.
package config

import (
	"net/netip"
	"time"

	"tidepost/policies"
)

// A Mode is the state of a switch.
type Mode string

// The states of a switch: a dry run changes nothing and reports what it would
// have done.
const (
	Off    Mode = "off"
	DryRun Mode = "dry-run"
	On     Mode = "on"
)

// A Config is the whole file. Paths are absolute once loaded.
type Config struct {
	Server    Server
	Listen    Listen
	TLS       TLS
	Relay     Relay
	Alarm     Relay // second route, by which the admin is told of trouble
	Hold      Hold
	Batch     Batch
	Coach     Coach
	Urgent    Urgent
	Pass      Pass
	Clocks    Clocks
	Decided   Decided
	Inbound   Inbound
	Retry     Retry
	DKIM      DKIM
	Limits    Limits
	Log       Log
	Debug     Debug
	Monitor   Monitor
	Store     Store
	Web       Web
	Accounts  Accounts
	Connector Connector
}

// Connector is the way on which the provider hands over what our people send.
type Connector struct {
	Networks        []netip.Prefix // the provider's addresses
	Fingerprints    []string       // of its certificate: SHA-256, lower-case hex
	CAFile          string         // or who issued it
	TrustedAuthserv []string       // whose Authentication-Results prove an author
	Deliver         string         // "provider" or "here"
	Unproved        string         // "pass" or "refuse": mail of which nothing proves that it is the team's
}

// Accounts is about people's accounts elsewhere.
type Accounts struct {
	CAFile string // authorities to trust, "" = the system's
}

// Server says who this gateway is.
type Server struct {
	Hostname string   // name in EHLO, Received and the IMAP greeting
	Domains  []string // local domains, lower-case; the first is the main one
	Data     string   // directory of the database, mode 0700
	Roll     string   // file by which people log in while Tidepost stands aside; "" = people.roll in Data
	Admin    string   // address that is told when something needs a human; "" = nobody

	WeeklyLetter bool // Admin gets a letter when the week begins

	SharedDataDir bool // its group may enter Data
}

// Listen names the addresses to listen on, "host:port"; "" leaves that door shut.
type Listen struct {
	Submission          string // SMTP with STARTTLS, login required
	Submissions         string // SMTP inside TLS, login required
	Inbound             string // SMTP from the world, local recipients only
	LMTP                string // "host:port" or the path of a unix socket
	IMAP                string
	IMAPS               string
	Connector           string // SMTP from the mail provider: what our people send
	AllowCleartextLogin bool   // on loopback listeners only, see ClearTextAllowed
}

// TLS names the certificate, or says that one is fetched by ACME.
type TLS struct {
	Cert, Key string
	ACME      bool
	ACMEEmail string
	ACMEDir   string // directory URL of the certificate authority
}

// Relay says how mail leaves.
type Relay struct {
	Mode         string // "smarthost" or "mx"
	Host         string
	Port         int
	TLS          string // "none", "starttls" or "tls"
	User         string
	PasswordFile string
	Password     Secret // read from PasswordFile by Load
	OAuthFile    string // what tokens are fetched with, instead of a password; "" = none
	OAuth        Secret // read from OAuthFile by Load
	ServerName   string // name the certificate must carry; "" = Host
	CAFile       string // "" = the system's roots
	Connections  int
	Sent         string // who files what was sent: "provider", "tidepost" or "client"

	// Providers are other smarthosts, for mail from some of our domains. Only of [relay].
	Providers []*Provider
}

// A Provider is a smarthost for mail from some domains: one [[relay.provider]].
type Provider struct {
	Relay
	Domains []string // lower-case
}

// Hold says what waits and for how long.
type Hold struct {
	Mode           Mode
	Grace          time.Duration
	Undo           time.Duration
	Cap            time.Duration
	MaxExplicit    time.Duration
	Spread         time.Duration
	OutsideDomains []string
	Date           string // "release" or "composed"
}

// Batch says how mail arrives.
type Batch struct {
	Mode    Mode
	Style   string // "normal" or "quiet"
	Outside string // "hours" or "tide"

	DigestEveryTide bool // in a person's first week too
}

// Coach is about the checks before sending.
type Coach struct {
	Mode     Mode
	Delay    time.Duration    // how long an advised draft waits that nothing else holds
	Policies map[string]*Mode // by name of the policy; every one is there
}

// Urgent says what passes as urgent.
type Urgent struct {
	Budget         int // urgent mails a person and month
	OutsideSenders []string
}

// Pass is the team's own part of the pass list.
type Pass struct {
	Senders, Domains, Words, AlarmSenders []string
}

// Clocks says how long an answer may take that names no time itself.
type Clocks struct {
	Urgent, FirstReply time.Duration // of working time, in whole minutes
	StandardDays       int           // working days
	RoleNames          []string      // local parts of addresses such as support@, lower-case
}

// Decided is about the decisions archive.
type Decided struct {
	TeamLists []string // addresses that everybody in the team reads
}

// Inbound says whether mail from other servers comes from whom it says it does.
type Inbound struct {
	Checks   string        // "auto", "on" or "off"
	DMARC    string        // "junk", "refuse" or "off"
	Resolver string        // "address:port"; "" = the system's
	Timeout  time.Duration // of all checks of a message

	TrustedAuthserv []string       // whose Authentication-Results are believed
	TrustedNetworks []netip.Prefix // servers in front of us, besides limits.inside_networks
	TrustedLists    []string       // domains that may resend mail of others
}

// Retry says how long relaying is tried.
type Retry struct {
	GiveUp        time.Duration
	DelayedNotice time.Duration
}

// DKIM names the key that signs released mail; all empty: no signature.
type DKIM struct {
	Selector, Domain, KeyFile string
}

// Limits protect the machine.
type Limits struct {
	MessageSize    int64 // octets
	Recipients     int
	Connections    int
	PerAddress     int
	PerPerson      int
	ConnectionRate int // new connections a second from one address
	InsideNetworks []netip.Prefix
	MailboxSize    int64 // octets that a person may keep; 0: as many as the disk has
	LoginTries     int
	LoginLockout   time.Duration
	IdleLogin      time.Duration
	IdleSMTP       time.Duration
	IdleData       time.Duration // between two blocks of a message
	IdleIMAP       time.Duration
}

// Log says what is logged and how.
type Log struct {
	Level  string // "debug", "info", "warn" or "error"
	Format string // "text" or "json"
}

// Debug is for looking into a running server.
type Debug struct {
	Listen string // "host:port" on loopback, or the path of a unix socket; "" = nowhere
}

// Monitor is for whoever watches over the server: figures and health, of nobody.
type Monitor struct {
	Listen string // "host:port" on loopback, or the path of a unix socket; "" = nowhere
}

// Web is where browsers and mail programs that set themselves up come.
type Web struct {
	Listen string // "host:port"; "" = nowhere
	Clear  bool   // without TLS, for a proxy on this machine
	IMAP   string // "host:port" with TLS that mail programs are told to read at; "" = this gateway
}

// Store guards the disk.
type Store struct {
	Reserve      int64         // octets that stay free: below, mail is refused for the moment
	BackupWithin time.Duration // how old the newest copy may be; 0: nobody looks
}

// Default returns the configuration of an empty file. It lacks only what no
// default can know: server.hostname, server.domains, relay.host and a
// certificate. Paths are relative.
func Default() *Config {
	return &Config{
		Server: Server{Data: "data"},
		Listen: Listen{Submission: ":587", Submissions: ":465", Inbound: ":25", IMAP: ":143", IMAPS: ":993"},
		TLS:    TLS{ACMEDir: "https://acme-v02.api.letsencrypt.org/directory"},
		Relay:  Relay{Mode: "smarthost", Port: 587, TLS: "starttls", Connections: 20, Sent: "client"},
		Alarm:  Relay{Mode: "mx", Port: 587, TLS: "starttls", Connections: 1},
		Hold: Hold{Mode: On, Grace: 30 * time.Minute, Undo: 20 * time.Second, Cap: 120 * time.Hour,
			MaxExplicit: 9600 * time.Hour, Spread: 3 * time.Minute, Date: "release"},
		Batch:  Batch{Mode: On, Style: "normal", Outside: "hours"},
		Coach:  Coach{Mode: On, Delay: 15 * time.Minute, Policies: policyModes()},
		Urgent: Urgent{Budget: 8},
		Clocks: Clocks{Urgent: 2 * time.Hour, FirstReply: 4 * time.Hour, StandardDays: 1,
			RoleNames: []string{"support", "help", "helpdesk", "service", "info", "contact", "office", "sales"}},
		Inbound: Inbound{Checks: "auto", DMARC: "junk", Timeout: 5 * time.Second},
		Retry:   Retry{GiveUp: 120 * time.Hour, DelayedNotice: 4 * time.Hour},
		Limits: Limits{MessageSize: 50_000_000, Recipients: 1000, Connections: 12000, PerAddress: 50, PerPerson: 30, ConnectionRate: 20,
			InsideNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			LoginTries:     10, LoginLockout: 15 * time.Minute,
			IdleLogin: time.Minute, IdleSMTP: 5 * time.Minute, IdleData: 3 * time.Minute, IdleIMAP: 30 * time.Minute},
		Log:       Log{Level: "info", Format: "text"},
		Connector: Connector{Deliver: "provider"},
		Store:     Store{Reserve: 256_000_000, BackupWithin: 48 * time.Hour},
	}
}

// policyModes are the modes that the policies of the coach have by themselves.
func policyModes() map[string]*Mode {
	out := map[string]*Mode{}
	for name, mode := range policies.Defaults() {
		m := Mode(mode)
		out[name] = &m
	}
	return out
}
