package e2e

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

// A postfix is one Postfix of its own below the temporary directory: it takes mail on a
// loopback port, with STARTTLS, gives mail for the team to Tidepost by LMTP and all
// other to a fake next server.
type postfix struct {
	t    *testing.T
	dir  string
	port int
	sink *testkit.Smarthost
}

// newPostfix makes and starts one. lmtp is where Postfix finds Tidepost.
func newPostfix(t *testing.T, lmtp string) *postfix {
	t.Helper()
	need(t, "postfix")
	if os.Geteuid() != 0 {
		if os.Getenv("TIDEPOST_E2E") == "require" {
			t.Fatal("Postfix starts as root only")
		}
		t.Skip("Postfix starts as root only")
	}
	p := &postfix{t: t, dir: t.TempDir(), port: freePort(t), sink: testkit.NewSmarthost(t, testkit.SmarthostOptions{})}
	p.configure(lmtp)
	p.run("start")
	t.Cleanup(p.stop)
	until(t, patience, func() error {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
		if err == nil {
			c.Close()
		}
		return err
	})
	return p
}

// configure writes main.cf and master.cf. The directories belong to whom Postfix wants.
func (p *postfix) configure(lmtp string) {
	p.t.Helper()
	open(p.t, p.dir)
	ca := testkit.NewCA(p.t)
	cert, key, err := testkit.CertPEM(ca.Issue("localhost", "127.0.0.1"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(p.dir, d), 0o755); err != nil {
			p.t.Fatal(err)
		}
	}
	owner := account(p.t, "postfix")
	if err := os.Chown(filepath.Join(p.dir, "data"), owner, -1); err != nil {
		p.t.Fatal(err)
	}
	_, sink := p.sink.Addr()
	p.write("ca.pem", string(ca.PEM()))
	p.write("etc/cert.pem", string(cert))
	p.write("etc/key.pem", string(key))
	p.write("etc/main.cf", fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = %[1]s/maillog
maillog_file_prefixes = %[1]s
myhostname = relay.example
mydestination =
relay_domains = team.example
relay_recipient_maps =
local_recipient_maps =
local_transport = error:none
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:%[2]d
transport_maps = inline:{ team.example=%[3]s }
lmtp_tls_security_level = none
smtpd_tls_security_level = may
smtpd_tls_cert_file = %[1]s/etc/cert.pem
smtpd_tls_key_file = %[1]s/etc/key.pem
smtpd_recipient_restrictions = check_recipient_access inline:{ nobody@outside.example=REJECT }, permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
multi_instance_wrapper =
`, p.dir, sink, lmtp))
	text, err := os.ReadFile("/usr/share/postfix/master.cf.dist")
	if err != nil {
		p.t.Fatal(err)
	}
	master := regexp.MustCompile(`(?m)^smtp +inet`).ReplaceAllString(string(text), fmt.Sprintf("127.0.0.1:%d inet", p.port))
	// Nothing is chrooted: fifth column.
	master = regexp.MustCompile(`(?m)^([^ #\n]+\s+\S+\s+\S+\s+\S+\s+)[yn-](\s)`).ReplaceAllString(master, "${1}n${2}")
	p.write("etc/master.cf", master)
	p.run("post-install", "create-missing")
}

func (p *postfix) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postfix) run(args ...string) {
	p.t.Helper()
	s := &server{t: p.t, dir: p.dir}
	if got := s.command(nil, "postfix", append([]string{"-c", filepath.Join(p.dir, "etc")}, args...)...); got.code != 0 {
		p.t.Fatalf("postfix %v ended with %d:\n%s", args, got.code, got.out)
	}
}

func (p *postfix) stop() {
	p.run("stop")
	if p.t.Failed() {
		log, _ := os.ReadFile(filepath.Join(p.dir, "maillog"))
		p.t.Logf("the log of Postfix:\n%s", log)
	}
}

// smarthost is how Tidepost relays through it.
func (p *postfix) smarthost() map[string]string {
	return map[string]string{
		"relay.host": `"127.0.0.1"`, "relay.port": strconv.Itoa(p.port), "relay.tls": `"starttls"`,
		"relay.server_name": `"localhost"`, "relay.ca_file": strconv.Quote(filepath.Join(p.dir, "ca.pem")),
	}
}

// open lets other users pass through the temporary directory of a test.
func open(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// account is the number of a system user.
func account(t *testing.T, name string) int {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	id, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestPostfixIsTheSmarthost(t *testing.T) {
	t.Parallel()
	lmtp := freePort(t)
	p := newPostfix(t, fmt.Sprintf("lmtp:inet:127.0.0.1:%d", lmtp))
	config := p.smarthost()
	config["listen.lmtp"] = fmt.Sprintf(`"127.0.0.1:%d"`, lmtp)
	s := setup(t, options{noHost: true, config: config})
	s.ports["lmtp"] = lmtp
	s.smarthost = p.sink // what leaves passes Postfix and ends there

	t.Run("takes mail over TLS", func(t *testing.T) {
		s := s.in(t)
		text := mailTo("Ana <ana@team.example>", "carol@outside.example", "Offer", "offer@team.example", "Dear Carol,\n.\n..dots\n\nAna\n", "X-Long: "+strings.Repeat("word ", 100))
		s.submit("ana", text, "carol@outside.example", "dave@outside.example")
		got := s.next("offer@team.example")
		if !slices.Equal(recipients(got), []string{"carol@outside.example", "dave@outside.example"}) {
			t.Errorf("recipients are %v", recipients(got))
		}
		fields, gotBody := fieldsOf(string(got.Data))
		if want := body(strings.ReplaceAll(text, "\n", "\r\n")); gotBody != want {
			t.Errorf("body differs\nwant %q\ngot  %q", want, gotBody)
		}
		if !strings.Contains(fields[0], "ESMTPS") || !strings.Contains(fields[0], hostname) {
			t.Errorf("Postfix did not get it from us over TLS: %q", fields[0])
		}
		s.expect("offer@team.example", "carol@outside.example", "delivered")
	})
	t.Run("refuses a recipient", func(t *testing.T) {
		s := s.in(t)
		text := mailTo("ana@team.example", "nobody@outside.example, carol@outside.example", "To a wrong address", "wrong@team.example", "Text.\n")
		s.submit("ana", text, "nobody@outside.example", "carol@outside.example")
		if got := s.next("wrong@team.example"); !slices.Equal(recipients(got), []string{"carol@outside.example"}) {
			t.Errorf("recipients are %v", recipients(got))
		}
		s.expect("wrong@team.example", "nobody@outside.example", "bounced")
		s.expect("wrong@team.example", "carol@outside.example", "delivered")
		report := bounce(s.reader(t, "ana"), "nobody@outside.example")
		for _, want := range []string{
			"multipart/report", "message/delivery-status", "Final-Recipient: rfc822; nobody@outside.example",
			"Action: failed", "Status: 5.", "Remote-MTA: dns; ", "Access denied", "Message-ID: <wrong@team.example>",
		} {
			if !strings.Contains(report, want) {
				t.Errorf("the report has no %q:\n%s", want, report)
			}
		}
	})
	t.Run("its own bounce comes back by LMTP", func(t *testing.T) {
		s := s.in(t)
		p.sink.Script(testkit.Rule{Verb: "RCPT", Match: "gone@outside.example", Reply: "550 5.1.1 Nobody of that name"})
		s.submit("ana", mailTo("ana@team.example", "gone@outside.example", "To somebody who left", "gone@team.example", "Text.\n"), "gone@outside.example")
		s.expect("gone@team.example", "gone@outside.example", "delivered")
		if report := bounce(s.reader(t, "ana"), "gone@outside.example"); !strings.Contains(report, "relay.example") {
			t.Errorf("the report is not that of Postfix:\n%s", report)
		}
	})
}

// bounce waits for a delivery report about an address in INBOX.
func bounce(r *reader, address string) string {
	r.t.Helper()
	var report string
	until(r.t, patience, func() error {
		for _, l := range r.whole("INBOX") {
			if strings.Contains(l.text, "multipart/report") && strings.Contains(l.text, "Final-Recipient: rfc822; "+address) {
				report = l.text
				return nil
			}
		}
		return fmt.Errorf("no report about %s in INBOX", address)
	})
	return report
}

func TestPostfixDeliversByLMTP(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			config, next := map[string]string{}, ""
			if kind == "tcp" {
				port := freePort(t)
				config["listen.lmtp"], next = fmt.Sprintf(`"127.0.0.1:%d"`, port), fmt.Sprintf("lmtp:inet:127.0.0.1:%d", port)
			} else {
				dir := t.TempDir()
				open(t, dir)
				socket := filepath.Join(dir, "lmtp.sock")
				config["listen.lmtp"], next = strconv.Quote(socket), "lmtp:unix:"+socket
			}
			s := setup(t, options{config: config})
			if path, ok := strings.CutPrefix(next, "lmtp:unix:"); ok {
				// As an administrator does by Tidepost's group.
				if err := os.Chown(path, account(t, "postfix"), -1); err != nil {
					t.Fatal(err)
				}
			}
			p := newPostfix(t, next)
			text := mailTo("Carol <carol@outside.example>", "ana@team.example, tom@team.example", "By "+kind, kind+"@outside.example", "Dear both,\n.\n..dots\n\nCarol")
			file := s.write("in.eml", text)
			got := s.command(nil, "swaks", "--server", "127.0.0.1", "--port", strconv.Itoa(p.port), "--from", "carol@outside.example",
				"--to", "ana@team.example,tom@team.example,ana+tag@team.example", "--data", "@"+file)
			if got.code != 0 {
				t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
			}
			for _, name := range []string{"ana", "tom"} {
				r := s.reader(t, name)
				l := r.find("INBOX", "By "+kind, patience)
				fields, gotBody := fieldsOf(l.text)
				if want := body(strings.ReplaceAll(text, "\n", "\r\n")) + "\r\n"; gotBody != want {
					t.Errorf("body differs\nwant %q\ngot  %q", want, gotBody)
				}
				if !strings.HasPrefix(fields[0], "Return-Path: <carol@outside.example>") || !strings.Contains(fields[1], "LMTP") {
					t.Errorf("trace of %s is %q", name, fields[:2])
				}
				if n := r.count("INBOX", "By "+kind); n != 1 && name == "tom" {
					t.Errorf("%s has %d copies", name, n)
				}
			}
			// Somebody who is not there is refused by us, and Postfix reports it.
			got = s.command(nil, "swaks", "--server", "127.0.0.1", "--port", strconv.Itoa(p.port), "--from", "carol@outside.example",
				"--to", "nobody@team.example", "--data", "@"+file)
			if got.code != 0 {
				t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
			}
			until(t, patience, func() error {
				for _, m := range p.sink.Delivered() {
					if strings.Contains(string(m.Data), "nobody@team.example") && strings.Contains(string(m.Data), "5.1.1") {
						return nil
					}
				}
				return fmt.Errorf("Postfix has not reported nobody@team.example")
			})
		})
	}
}

func TestPostfixIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	p := newPostfix(t, "error:none")
	s := setup(t, options{noHost: true, config: p.smarthost()})
	s.smarthost = p.sink
	p.run("stop")
	s.submit("ana", mailTo("ana@team.example", "carol@outside.example", "Patience", "patience@team.example", "Text.\n"), "carol@outside.example")
	s.expect("patience@team.example", "carol@outside.example", "deferred")
	p.run("start")
	begin := time.Now()
	s.cli("queue", "release", "patience@team.example")
	s.next("patience@team.example")
	t.Logf("delivered %s after release", time.Since(begin).Round(time.Millisecond))
	s.expect("patience@team.example", "carol@outside.example", "delivered")
}
