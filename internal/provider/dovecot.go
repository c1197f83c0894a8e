package provider

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

const (
	dovecotBinary = "/usr/sbin/dovecot"
	dovecotSieve  = "/usr/lib/dovecot/managesieve"
	dovecotLMTP   = "/usr/lib/dovecot/lmtp"
)

// Dovecot starts one, with Pigeonhole.
func Dovecot(tb testing.TB, o Options) *Server {
	tb.Helper()
	need(tb, dovecotBinary, dovecotSieve, dovecotLMTP)
	s := newServer(tb, "dovecot", o)
	s.log = filepath.Join(s.Dir, "dovecot.log")
	home := filepath.Join(s.Dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil { // Dovecot's own users go there.
		tb.Fatal(err)
	}
	s.write("dovecot.conf", s.dovecotConf(o, home))
	s.argv = []string{dovecotBinary, "-F", "-c", filepath.Join(s.Dir, "dovecot.conf")}
	s.Start()
	return s
}

// dovecotConf writes the configuration.
func (s *Server) dovecotConf(o Options, home string) string {
	s.tb.Helper()
	me, err := user.Current()
	if err != nil {
		s.tb.Fatal(err)
	}
	internal, login, mail, group := me.Username, me.Username, me.Username, me.Gid
	if me.Uid == "0" {
		internal, login, mail, group = "dovecot", "dovenull", "nobody", "nogroup"
		if err := exec.Command("chown", "nobody", home).Run(); err != nil {
			s.tb.Fatal(err)
		}
	}
	var users strings.Builder
	for _, u := range s.Users {
		users.WriteString(u.Name + ":{PLAIN}" + u.Password + "\n")
	}
	cert := s.CA.Issue(s.host, "localhost")
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		s.tb.Fatal(err)
	}
	var chain []byte
	for _, c := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	delim := "/"
	if o.Prefix != "" {
		delim = o.Prefix[len(o.Prefix)-1:]
	}
	quota, capability, oauth := "", "", ""
	if o.Quota != "" {
		quota = "plugin {\n quota = count:User quota\n quota_vsizes = yes\n quota_rule = *:storage=" + o.Quota + "\n quota_grace = 0\n}\n"
	}
	if o.Hide != "" {
		capability = "imap_capability = " + without(dovecotWords, o.Hide) + "\n"
	}
	if o.Introspect != "" {
		file := s.write("oauth2.conf", "introspection_mode = post\nintrospection_url = "+o.Introspect+"\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n")
		oauth = "auth_mechanisms = plain login xoauth2 oauthbearer\npassdb {\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = " + file + "\n}\n"
	}
	return strings.NewReplacer(
		"@DIR@", s.Dir, "@HOST@", s.host, "@HOME@", home, "@INTERNAL@", internal, "@LOGIN@", login, "@MAIL@", mail, "@GROUP@", group,
		"@PASSWD@", s.write("passwd", users.String()), "@CERT@", s.write("cert.pem", string(chain)),
		"@KEY@", s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))),
		"@IMAP@", port(s.IMAP), "@IMAPS@", port(s.IMAPS), "@LMTP@", port(s.LMTP), "@SIEVE@", port(s.Sieve),
		"@PREFIX@", o.Prefix, "@DELIM@", delim,
	).Replace(dovecotTemplate) + oauth + quota + capability + o.Extra
}

// dovecotWords is what Dovecot 2.3 says after the login.
const dovecotWords = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE QUOTA"

// without takes words out of a list.
func without(list, hidden string) string {
	var out []string
	for _, w := range strings.Fields(list) {
		hide := false
		for _, h := range strings.Fields(hidden) {
			hide = hide || strings.EqualFold(w, h)
		}
		if !hide {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

const dovecotTemplate = `
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/dovecot.log
default_internal_user = @INTERNAL@
default_login_user = @LOGIN@
default_internal_group = @INTERNAL@
listen = @HOST@
protocols = imap lmtp sieve
ssl = yes
ssl_cert = <@CERT@
ssl_key = <@KEY@
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 1000
passdb {
 driver = passwd-file
 args = @PASSWD@
}
userdb {
 driver = static
 args = uid=@MAIL@ gid=@GROUP@ home=@HOME@/%u
}
first_valid_uid = 1
mail_location = sdbox:~/mail
mail_plugins = quota
namespace inbox {
 inbox = yes
 separator = @DELIM@
 prefix = @PREFIX@
 mailbox Sent {
  auto = subscribe
  special_use = \Sent
 }
 mailbox Drafts {
  auto = subscribe
  special_use = \Drafts
 }
 mailbox Trash {
  auto = subscribe
  special_use = \Trash
 }
}
service anvil {
 chroot =
 unix_listener anvil-auth-penalty {
  mode = 0
 }
 client_limit = 3000
}
service auth {
 client_limit = 3000
}
service imap-login {
 chroot =
 service_count = 0
 client_limit = 1000
 inet_listener imap {
  port = @IMAP@
 }
 inet_listener imaps {
  port = @IMAPS@
  ssl = yes
 }
}
service imap {
 process_limit = 1000
}
service managesieve-login {
 chroot =
 inet_listener sieve {
  port = @SIEVE@
 }
}
service lmtp {
 inet_listener lmtp {
  port = @LMTP@
 }
}
service stats {
 chroot =
}
service lmtp {
 user = @MAIL@
}
protocol imap {
 mail_plugins = $mail_plugins imap_quota
}
protocol lmtp {
 mail_plugins = $mail_plugins sieve
 postmaster_address = postmaster@example.org
 auth_username_format = %Lu
}
protocol sieve {
 managesieve_logout_format = bytes=%i/%o
}
plugin {
 sieve = file:~/sieve;active=~/.dovecot.sieve
 sieve_max_script_size = 64k
}
`

// Doveadm runs the administrator's tool.
func (s *Server) Doveadm(args ...string) string {
	s.tb.Helper()
	out, err := exec.Command("/usr/bin/doveadm", append([]string{"-c", filepath.Join(s.Dir, "dovecot.conf")}, args...)...).CombinedOutput()
	if err != nil {
		s.tb.Fatalf("doveadm %v: %v\n%s", args, err, out)
	}
	return string(out)
}
