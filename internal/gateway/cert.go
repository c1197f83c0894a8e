package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"tidepost/config"
)

// A certificate is the key pair in use; Reload swaps it under open listeners.
type certificate struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
}

// reload reads the files again. On an error the old pair stays in use.
func (c *certificate) reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("load certificate %s: %w", c.cert, err)
	}
	c.current.Store(&pair)
	return nil
}

// expires returns when the certificate in use ends.
func (c *certificate) expires() time.Time {
	if pair := c.current.Load(); pair != nil && pair.Leaf != nil {
		return pair.Leaf.NotAfter
	}
	return time.Time{}
}

// tlsConfig returns what the doors speak: TLS 1.2 at least, the certificate of the
// moment. reload is nil with ACME, which renews by itself.
func tlsConfig(cfg *config.Config) (conf *tls.Config, reload func() error, err error) {
	conf = &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case cfg.TLS.ACME:
		m := &autocert.Manager{
			Prompt:     autocert.AcceptTOS,
			Cache:      autocert.DirCache(cfg.Server.Data + "/acme"),
			HostPolicy: autocert.HostWhitelist(webNames(cfg)...),
			Email:      cfg.TLS.ACMEEmail,
		}
		if cfg.TLS.ACMEDir != "" {
			m.Client = &acme.Client{DirectoryURL: cfg.TLS.ACMEDir}
		}
		conf.GetCertificate = m.GetCertificate
		conf.NextProtos = []string{acme.ALPNProto}
		return conf, nil, nil
	case cfg.TLS.Cert == "":
		return nil, nil, nil
	}
	c := &certificate{cert: cfg.TLS.Cert, key: cfg.TLS.Key}
	if err := c.reload(); err != nil {
		return nil, nil, err
	}
	conf.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil }
	return conf, c.reload, nil
}

// SelfSigned writes a certificate for hosts (names or addresses) and its key, valid
// for ten years, for a first look: mail clients ask before they trust it. Existing
// files are not overwritten.
func SelfSigned(certFile, keyFile string, hosts []string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: hosts[0]},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true, // So that a client can be told to trust just this one.
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	if err := writePEM(keyFile, 0o600, "PRIVATE KEY", pkcs8); err != nil {
		return err
	}
	return writePEM(certFile, 0o644, "CERTIFICATE", der)
}

func writePEM(path string, mode os.FileMode, kind string, der []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Close()
	if err := pem.Encode(f, &pem.Block{Type: kind, Bytes: der}); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}
