package e2e

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tidepost/internal/provider"
	"tidepost/internal/testkit"
)

// An issuer gives access tokens to its users (RFC 6749 §6) and says to servers whose they
// are (RFC 7662). The first one of each user ends before its time.
type issuer struct {
	URL string

	mu      sync.Mutex
	given   map[string]int    // by user
	good    map[string]string // users, by token
	revoked map[string]bool   // users who get no more
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{given: map[string]int{}, good: map[string]string{}, revoked: map[string]bool{}}
	srv := httptest.NewServer(i)
	t.Cleanup(srv.Close)
	i.URL = srv.URL
	return i
}

// ServeHTTP implements http.Handler.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	user, isToken := strings.CutPrefix(r.URL.Path, "/token/")
	switch {
	case !isToken:
		user, ok := i.good[r.FormValue("token")]
		fmt.Fprintf(w, `{"active": %v, "username": %q}`, ok, user)
	case i.revoked[user]:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_grant"}`)
	default:
		i.given[user]++
		token := fmt.Sprintf("access-%d-%s", i.given[user], user)
		if i.given[user] > 1 {
			i.good[token] = user
		}
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": 3600}`, token)
	}
}

// revoke ends all tokens of a user.
func (i *issuer) revoke(user string, yes bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[user] = yes
	maps.DeleteFunc(i.good, func(_, u string) bool { return u == user })
}

// tokens is how many access tokens a user got.
func (i *issuer) tokens(user string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.given[user]
}

// credentials is the file that oauth_file and --oauth name.
func (i *issuer) credentials(user string) string {
	return fmt.Sprintf(`{"token_url": %q, "client_id": "tidepost", "client_secret": "s", "refresh_token": "r"}`, i.URL+"/token/"+user)
}

// doors opens one more door of a Postfix for each mechanism, where nobody sends without a
// login, and the login is Dovecot's to judge.
func (p *postfix) doors(dovecot int, mechanisms ...string) (ports map[string]int) {
	p.t.Helper()
	ports = map[string]int{}
	var master strings.Builder
	for _, m := range mechanisms {
		ports[m] = freePort(p.t)
		fmt.Fprintf(&master, "127.0.0.1:%d inet n - n - - smtpd\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_sasl_type=dovecot\n  -o smtpd_sasl_path=inet:127.0.0.1:%d\n"+
			"  -o smtpd_sasl_mechanism_filter=%s\n  -o smtpd_sasl_authenticated_header=yes\n  -o smtpd_tls_auth_only=yes\n"+
			"  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject\n", ports[m], dovecot, m)
	}
	p.run("stop")
	f, err := os.OpenFile(filepath.Join(p.dir, "etc", "master.cf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = f.WriteString(master.String())
	if cerr := f.Close(); err != nil || cerr != nil {
		p.t.Fatal(err, cerr)
	}
	p.run("start")
	return ports
}

// Four providers by sender's domain, each with another way to log in, and a person's own:
// the servers are Postfix and Dovecot. An access token that ended early is renewed once; a
// refresh token that was revoked keeps one person's mail, and is told once.
func TestLoginsAtProviders(t *testing.T) {
	t.Parallel()
	mechanisms := []string{"plain", "login", "xoauth2", "oauthbearer"}
	is, secret := newIssuer(t), "secret of plain"
	judge := freePort(t)
	provider.Dovecot(t, provider.Options{Introspect: is.URL + "/introspect",
		Users: []provider.User{{Name: "plain@provider.example", Password: secret}, {Name: "login@provider.example", Password: secret}},
		Extra: fmt.Sprintf("service auth {\n inet_listener postfix {\n  address = 127.0.0.1\n  port = %d\n }\n}\n", judge)})
	p := newPostfix(t, "error:unused")
	ports := p.doors(judge, mechanisms...)
	admin := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	host, port := admin.Addr()

	config := p.smarthost()
	ca := config["relay.ca_file"]
	maps.Copy(config, map[string]string{
		"server.domains": `["team.example", "plain.example", "login.example", "xoauth2.example", "oauthbearer.example"]`, "accounts.ca_file": ca,
		"server.admin": `"admin@else.example"`, "alarm.mode": `"smarthost"`, "alarm.host": strconv.Quote(host), "alarm.port": strconv.Itoa(port), "alarm.tls": `"none"`,
	})
	aliases := "ana@plain.example ana@login.example ana@xoauth2.example ana@oauthbearer.example"
	s := install(t, options{noHost: true, errors: true, config: config, people: []person{awake("ana", "--aliases", aliases), awake("tom")}})
	s.smarthost = p.sink
	text, err := os.ReadFile(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mechanisms {
		login := "password_file = " + strconv.Quote(s.write("secret", secret+"\n"))
		if strings.Contains(m, "oauth") {
			login = "oauth_file = " + strconv.Quote(s.write(m+".json", is.credentials(m+"@provider.example")))
		}
		text = fmt.Appendf(text, "\n[[relay.provider]]\ndomains = [\"%[1]s.example\"]\nhost = \"127.0.0.1\"\nport = %[2]d\ntls = \"starttls\"\nserver_name = \"localhost\"\nca_file = %[3]s\nuser = \"%[1]s@provider.example\"\n%[4]s\n",
			m, ports[m], ca, login)
	}
	s.write("tidepost.toml", string(text))
	own := s.write("tom.json", is.credentials("tom@provider.example"))
	wire := provider.NewWire(t, fmt.Sprintf("127.0.0.1:%d", ports["xoauth2"]))
	account := []string{"account", "set", "tom@team.example", "--smtp", wire.Addr, "--user", "tom@provider.example", "--oauth", own}
	s.cli(account...)
	s.start()

	send := func(author, from, id string) {
		t.Helper()
		c, err := smtp.DialTLS(s.addr("submissions"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err = c.Auth(sasl.NewPlainClient("", author+"@team.example", password)); err == nil {
			err = c.SendMail(from, []string{"carol@outside.example"}, strings.NewReader(mailTo(from, "carol@outside.example", "Offer", id+"@team.example", "Dear Carol.\n")))
		}
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	leaves := func(author, from, id, as string) {
		t.Helper()
		send(author, from, id)
		if got := string(s.next(id + "@team.example").Data); !strings.Contains(got, "(Authenticated sender: "+as+")") {
			t.Errorf("mail from %s has not left as %s:\n%s", from, as, got)
		}
	}
	for _, m := range mechanisms {
		leaves("ana", "ana@"+m+".example", "by-"+m, m+"@provider.example")
	}
	leaves("tom", "tom@team.example", "by-tom", "tom@provider.example")
	for _, m := range []string{"xoauth2", "oauthbearer", "tom"} {
		if n := is.tokens(m + "@provider.example"); n != 2 {
			t.Errorf("%s got %d tokens, want one that was refused and one more", m, n)
		}
	}

	// Tom's refresh token is revoked, and the connection that is logged in is gone.
	is.revoke("tom@provider.example", true)
	wire.Cut()
	tom, letter := s.reader(t, "tom"), "Your mail waits: 127.0.0.1 does not let you in"
	send("tom", "tom@team.example", "waits-1")
	s.expect("waits-1@team.example", "carol@outside.example", "deferred")
	send("tom", "tom@team.example", "waits-2")
	s.expect("waits-2@team.example", "carol@outside.example", "deferred")
	leaves("ana", "ana@xoauth2.example", "others", "xoauth2@provider.example")
	tom.find("INBOX", letter, patience)
	if n := tom.count("INBOX", letter); n != 1 {
		t.Errorf("Tom was told %d times", n)
	}
	told := func() (n int) {
		for _, m := range admin.Delivered() {
			if strings.Contains(string(m.Data), "account of tom@team.example") {
				n++
			}
		}
		return n
	}
	until(t, patience, func() error {
		if told() == 0 {
			return fmt.Errorf("the admin knows nothing")
		}
		return nil
	})
	// A new one holds for what waits and for the next mail.
	is.revoke("tom@provider.example", false)
	s.cli(account...)
	s.cli("queue", "release", "--all", "--yes")
	leaves("tom", "tom@team.example", "again", "tom@provider.example")
	for _, id := range []string{"waits-1", "waits-2"} {
		if got := s.next(id + "@team.example"); !strings.Contains(string(got.Data), "tom@provider.example)") {
			t.Errorf("%s has left otherwise:\n%s", id, got.Data)
		}
	}
	tom.find("INBOX", "Your mail leaves again", patience)
	if n := told(); n != 1 {
		t.Errorf("the admin was told %d times", n)
	}
	s.sound()
}
