package provider

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	cyrusMaster = "/usr/sbin/cyrmaster"
	cyrusBin    = "/usr/lib/cyrus/bin"
	// Debian's cyrus-imapd and dovecot-imapd cannot both be installed: it is unpacked.
	cyrusIMAP = "/usr/local/lib/cyrus-imapd/usr/lib/cyrus/bin"
	saslUsers = "/usr/sbin/saslpasswd2"
)

// Cyrus starts one. It needs root, which Cyrus drops.
func Cyrus(tb testing.TB, o Options) *Server {
	tb.Helper()
	need(tb, cyrusMaster, cyrusBin+"/timsieved", cyrusIMAP+"/imapd", saslUsers)
	if os.Getuid() != 0 {
		tb.Skip("Cyrus is started by root only")
	}
	s := newServer(tb, "cyrus", o)
	s.log = filepath.Join(s.Dir, "cyrus.log")
	for _, d := range []string{"conf", "conf/socket", "conf/db", "spool", "sieve", "socket", "run"} {
		if err := os.Mkdir(filepath.Join(s.Dir, d), 0o755); err != nil { // Cyrus's own user goes there.
			tb.Fatal(err)
		}
	}
	for _, u := range s.Users {
		name, domain, _ := strings.Cut(u.Name, "@")
		cmd := exec.Command(saslUsers, "-p", "-c", "-f", filepath.Join(s.Dir, "conf", "sasldb2"), "-u", domain, name)
		cmd.Stdin = strings.NewReader(u.Password)
		if out, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("saslpasswd2: %v\n%s", err, out)
		}
	}
	conf := s.write("imapd.conf", s.cyrusConf(o))
	services := s.write("cyrus.conf", strings.NewReplacer(
		"@CONF@", conf, "@BIN@", cyrusBin, "@IMAPBIN@", cyrusIMAP,
		"@IMAP@", s.IMAP, "@IMAPS@", s.IMAPS, "@LMTP@", s.LMTP, "@SIEVE@", s.Sieve,
	).Replace(cyrusServices))
	if out, err := exec.Command("chown", "-R", "cyrus:mail", s.Dir).CombinedOutput(); err != nil {
		tb.Fatalf("chown: %v\n%s", err, out)
	}
	s.argv = []string{cyrusMaster, "-C", conf, "-M", services, "-p", filepath.Join(s.Dir, "run", "master.pid")}
	s.Start()
	return s
}

// cyrusConf writes imapd.conf.
func (s *Server) cyrusConf(o Options) string {
	s.tb.Helper()
	cert := s.CA.Issue(s.host, "localhost")
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		s.tb.Fatal(err)
	}
	var chain []byte
	for _, c := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	_, domain, _ := strings.Cut(s.Users[0].Name, "@")
	alt, unix := "yes", "yes"
	if o.Prefix != "" {
		alt = "no"
	}
	if strings.HasSuffix(o.Prefix, ".") {
		unix = "no"
	}
	quota := "0"
	if o.Quota != "" {
		quota = strings.TrimSuffix(o.Quota, "k")
	}
	return strings.NewReplacer(
		"@DIR@", s.Dir, "@DOMAIN@", domain, "@ALT@", alt, "@UNIX@", unix, "@QUOTA@", quota,
		"@CERT@", s.write("cert.pem", string(chain)),
		"@KEY@", s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))),
	).Replace(cyrusTemplate) + o.Extra
}

const cyrusTemplate = `configdirectory: @DIR@/conf
partition-default: @DIR@/spool
defaultpartition: default
sievedir: @DIR@/sieve
lmtpsocket: @DIR@/socket/lmtp
idlesocket: @DIR@/socket/idle
notifysocket: @DIR@/socket/notify
admins: cyrus
virtdomains: userid
defaultdomain: @DOMAIN@
servername: @DOMAIN@
altnamespace: @ALT@
unixhierarchysep: @UNIX@
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: @DIR@/conf/sasldb2
sasl_mech_list: PLAIN
allowplaintext: yes
failedloginpause: 0
tls_server_cert: @DIR@/cert.pem
tls_server_key: @DIR@/key.pem
autocreate_quota: @QUOTA@
autocreate_post: yes
autocreate_inbox_folders: Sent|Drafts|Trash
autocreate_subscribe_folders: Sent|Drafts|Trash
xlist-sent: Sent
xlist-drafts: Drafts
xlist-trash: Trash
sieve_allowreferrals: no
`

const cyrusServices = `START {
 recover cmd="@BIN@/ctl_cyrusdb -C @CONF@ -r"
 idled cmd="@IMAPBIN@/idled -C @CONF@"
}
SERVICES {
 imap cmd="@IMAPBIN@/imapd -C @CONF@" listen="@IMAP@" proto="tcp4" prefork=0 maxchild=300
 imaps cmd="@IMAPBIN@/imapd -C @CONF@ -s" listen="@IMAPS@" proto="tcp4" prefork=0 maxchild=300
 lmtp cmd="@BIN@/lmtpd -C @CONF@ -a" listen="@LMTP@" proto="tcp4" prefork=0 maxchild=20
 sieve cmd="@BIN@/timsieved -C @CONF@" listen="@SIEVE@" proto="tcp4" prefork=0 maxchild=20
}
EVENTS {
 checkpoint cmd="@BIN@/ctl_cyrusdb -C @CONF@ -c" period=30
}
`
