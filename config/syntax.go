package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// optional lets the empty string through as well: it means "none".
func optional(check func(string) error) func(string) error {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return check(s)
	}
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	return nil
}

func noControls(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%s holds a control character", quote(s))
	}
	return nil
}

// checkDomain accepts LDH labels (RFC 1123 §2.1) in lower-case; names in other
// letters are written as A-labels, so that a comparison of octets is enough.
func checkDomain(s string) error {
	wrong := fmt.Errorf("%s is not a domain name: write lower-case letters, digits, hyphens and dots, as in \"team.example\" (other letters as xn--…)", quote(s))
	if s == "" || len(s) > 253 {
		return wrong
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return wrong
		}
	}
	return nil
}

// checkHostname accepts a full name: other servers refuse a single label in EHLO
// (RFC 5321 §2.3.5).
func checkHostname(s string) error {
	if s == "" {
		return errors.New(`must not be empty: write the full name of this machine, as in "mail.team.example"`)
	}
	if err := checkDomain(s); err != nil {
		return err
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return fmt.Errorf("%s is an address, not a name", quote(s))
	}
	if s != "localhost" && !strings.Contains(s, ".") {
		return fmt.Errorf("%s is not a full name: write it with its domain, as in \"mail.team.example\"", quote(s))
	}
	return nil
}

// checkHost accepts a name, of one label too, or an address.
func checkHost(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	return checkDomain(s)
}

func checkAddress(s string) error {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || strings.ContainsAny(local, " \t\"<>(),;:\\[]") ||
		checkDomain(strings.ToLower(domain)) != nil {
		return fmt.Errorf("%s is not a mail address, as in \"ana@team.example\"", quote(s))
	}
	return nil
}

func checkListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err == nil && host != "" {
		err = checkHost(host)
	}
	if n, convErr := strconv.ParseUint(port, 10, 16); err != nil || convErr != nil || port != strconv.FormatUint(n, 10) {
		return fmt.Errorf("%s is not an address to listen on: write \"host:port\" or \":port\", or \"\" for none", quote(s))
	}
	return nil
}

// checkServer takes where a server is: its name cannot be left out.
func checkServer(s string) error {
	if checkListen(s) != nil || strings.HasPrefix(s, ":") || strings.HasSuffix(s, ":0") {
		return fmt.Errorf("%s is no server: write \"host:port\", or \"\" for none", quote(s))
	}
	return nil
}

func checkListenOrPath(s string) error {
	if isSocketPath(s) {
		return nil
	}
	if checkListen(s) != nil {
		return fmt.Errorf("%s is not an address to listen on: write \"host:port\", a path with a slash, or \"\" for none", quote(s))
	}
	return nil
}

// checkLoopbackOrPath takes what only this machine can reach.
func checkLoopbackOrPath(s string) error {
	if isSocketPath(s) {
		return nil
	}
	host, _, err := net.SplitHostPort(s)
	if ip, perr := netip.ParseAddr(host); err != nil || checkListen(s) != nil || host != "localhost" && (perr != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s is not reached from this machine alone: write \"127.0.0.1:port\", a path with a slash, or \"\" for none", quote(s))
	}
	return nil
}

// checkResolver takes the address of a DNS server: its name would have to be asked for.
func checkResolver(s string) error {
	if ap, err := netip.ParseAddrPort(s); err != nil || ap.Port() == 0 {
		return fmt.Errorf("%s is not a DNS server: write address and port, as in \"127.0.0.1:53\"", quote(s))
	}
	return nil
}

// isSocketPath tells a unix socket from host:port.
func isSocketPath(s string) bool { return strings.Contains(s, "/") }

func checkHTTPS(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is not an https:// address", quote(s))
	}
	return nil
}

func checkSelector(s string) error {
	if checkDomain(strings.ToLower(strings.ReplaceAll(s, "_", "-"))) != nil {
		return fmt.Errorf("%s is not a selector: letters, digits, hyphens and dots, as in \"s1\"", quote(s))
	}
	return nil
}

func domainItem(s string) (string, error) {
	s = strings.ToLower(s)
	return s, checkDomain(s)
}

func addressItem(s string) (string, error) {
	s = strings.ToLower(s)
	return s, checkAddress(s)
}

// fingerprintItem takes 64 hex digits, with or without colons.
func fingerprintItem(s string) (string, error) {
	hex := strings.ToLower(strings.ReplaceAll(s, ":", ""))
	if len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%s is not a SHA-256 fingerprint: write 64 hex digits", quote(s))
	}
	return hex, nil
}

func wordItem(s string) (string, error) {
	if strings.TrimSpace(s) != s || len(s) < 2 || len(s) > 100 {
		return "", fmt.Errorf("%s is not a word: write 2 to 100 characters without space around them", quote(s))
	}
	return s, nil
}

func networkItem(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%s is not a network: write address and length, as in \"10.0.0.0/8\" or \"fd00::/8\"", quote(s))
	}
	return p, nil
}
