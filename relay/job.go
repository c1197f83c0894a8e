package relay

import (
	"fmt"
	"io"
	"strings"

	"tidepost/mail"
)

// A Job is one message for some recipients.
type Job struct {
	From       mail.Address // the null reverse-path for reports
	Recipients []mail.Recipient
	EnvID      string // ENVID, decoded; "" for none
	Ret        string // RET: "", "FULL" or "HDRS"
	UTF8       bool   // the header needs SMTPUTF8 (RFC 6531); addresses are looked at here
	EightBit   bool   // there are octets over 127: needs 8BITMIME (RFC 6152)
	Size       int64  // octets of the message, exact; 0: not known

	// Open gives the message from its first octet, every line ending in CRLF. It
	// is called once per transaction (up to 100 recipients), perhaps from several
	// goroutines. A last line without CRLF gets one.
	Open func() (io.ReadCloser, error)
}

// A Result is what came of one recipient.
type Result struct {
	Recipient mail.Address
	Delivered bool       // a 2yz reply to the end mark was read
	Reply     mail.Reply // the remote's last word, or our description of the trouble; Text is one clean line
	Said      bool       // Reply is what Remote said, and not ours
	Remote    string     // host that was tried last; "" if it did not come to that
	TLS       string     // "TLS 1.3", or "" for clear text
	DSN       bool       // Remote took over NOTIFY, RET and ENVID (RFC 3461); if not, a wanted success report is ours to write
	AfterDot  bool       // the end mark was sent and no reply came: perhaps delivered
	Trouble   Trouble    // the kind of a failure that is not simply the remote's answer
	Refused   bool       // our login was refused for good: it will be until somebody changes it
}

// Alarm reports whether an admin must act: the smarthost refuses our login or
// cannot be talked to safely. The mail itself is only deferred.
func (r Result) Alarm() bool { return r.Trouble == TroubleAuth || r.Trouble == TroubleTLS }

// A Trouble is a kind of failure.
type Trouble string

// The kinds of trouble.
const (
	TroubleNone     Trouble = ""
	TroubleMail     Trouble = "mail"     // the message or an address cannot be sent as it is, or not to this host
	TroubleDNS      Trouble = "dns"      // no answer, or none that helps
	TroubleConnect  Trouble = "connect"  // refused, unreachable, timed out, or no free connection
	TroubleTLS      Trouble = "tls"      // not offered, failed, or certificate not valid
	TroubleAuth     Trouble = "auth"     // login not offered, not possible or refused
	TroubleProtocol Trouble = "protocol" // dropped or timed out in mid session, or not SMTP
	TroubleStopped  Trouble = "stopped"  // the context ended or the client was closed
)

// A Secret is a password that no formatting shows.
type Secret string

// String masks the secret.
func (Secret) String() string { return "***" }

// Format masks the secret under every verb; a Stringer alone lets %d through.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, "***") }

// MarshalText masks the secret in JSON, TOML and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// A fault is a reply to give instead of a remote's, or a remote's that ends a
// session.
type fault struct {
	reply   mail.Reply
	trouble Trouble
	said    bool
	refused bool // it is our login that the host does not take
	remote  string
}

func (f *fault) permanent() bool { return f.reply.Code/100 == 5 }

func newFault(t Trouble, code int, enhanced [3]int, cause error, format string, args ...any) *fault {
	text := clean(fmt.Sprintf(format, args...))
	return &fault{trouble: t, reply: mail.Reply{Code: code, Enhanced: enhanced, Text: text, Cause: cause}}
}

// at names the host a fault happened with.
func (f *fault) at(host string) *fault {
	f.remote = host
	return f
}

// A leg is one recipient on its way to its result.
type leg struct {
	rcpt     *mail.Recipient
	result   *Result
	accepted bool // RCPT was answered with 2yz in this transaction
	settled  bool // the result is final
}

func (l *leg) fail(f *fault) {
	if l.settled {
		return
	}
	l.settled = true
	l.result.Reply, l.result.Trouble, l.result.Said, l.result.Refused = f.reply, f.trouble, f.said, f.refused
	if f.remote != "" {
		l.result.Remote = f.remote
	}
}

// screen refuses what must never get into a command line.
func (l *leg) screen(job *Job) *fault {
	if !job.From.IsNull() && !plain(job.From) {
		return newFault(TroubleMail, 553, [3]int{5, 1, 7}, nil, "the sender's address cannot be sent on")
	}
	if l.rcpt.Address.IsNull() || !plain(l.rcpt.Address) {
		return newFault(TroubleMail, 553, [3]int{5, 1, 3}, nil, "this address cannot be sent on")
	}
	return nil
}

// plain reports whether a can stand in a path without quoting. Dot-atoms are
// enforced where mail comes in; this keeps an address from ever ending a path,
// a command or a line.
func plain(a mail.Address) bool {
	bad := func(r rune) bool {
		return r <= ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\uFFFD' || strings.ContainsRune(`<>()"\,;@`, r)
	}
	badDomain := func(r rune) bool { return bad(r) && r != ':' } // [IPv6:…]
	return a.Local != "" && !strings.ContainsFunc(a.Local, bad) && !strings.ContainsFunc(a.Domain, badDomain)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
