package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tidepost/internal/provider"
)

// boss is told when something needs a human.
const boss = "boss@admin.example"

// breakAccount does to an account at a provider what people and providers do: nothing is
// lost or doubled, and person and admin hear of each trouble once.
func breakAccount(t *T) {
	var says []string
	for _, k := range kinds() {
		o := provider.Options{Quota: "3000k", Host: fmt.Sprintf("127.0.21.%d", 1+rand.IntN(200))}
		var w *line
		a := besideProvider(t, k, o, func(addr string) string {
			w = newLine(t, addr)
			return w.addr
		})
		a.tellBoss()
		a.start()
		a.tended()
		a.some()
		for _, f := range []func(*line){a.outage, a.folders, a.renumber, a.wrongPassword, a.fullAccount} {
			f(w)
			if t.Failed() {
				return
			}
		}
		a.some()
		a.verdict(false)
		says = append(says, fmt.Sprintf("%s: %d mails; the admin got %d letters", k.name, a.taken(), a.bossHeard("")))
	}
	t.say("provider away, folders deleted, renamed and numbered anew, password wrong and right again, account full and emptied: %s; 0 lost, 0 doubled, each told once", strings.Join(says, "; "))
}

// tellBoss has the admin told by the fake smarthost, which writes down what it is given.
func (a *account) tellBoss() {
	host, port := a.smarthost.Addr()
	a.configure(map[string]string{"server.admin": fmt.Sprintf("%q", boss), "batch.outside": `"tide"`, "relay.sent": `"tidepost"`,
		"alarm.mode": `"smarthost"`, "alarm.host": fmt.Sprintf("%q", host), "alarm.port": fmt.Sprint(port), "alarm.tls": `"none"`})
}

// bossHeard counts the letters to the admin that hold some words.
func (a *account) bossHeard(words string) (n int) {
	for _, m := range a.smarthost.Delivered() {
		if len(m.Recipients) == 1 && m.Recipients[0].Address == boss && strings.Contains(unfolded(m.Data), words) {
			n++
		}
	}
	return n
}

// unfolded undoes quoted-printable's line ends, which fall anywhere.
func unfolded(text []byte) string {
	return strings.ReplaceAll(strings.ReplaceAll(string(text), "=\r\n", ""), "\r\n", " ")
}

// some lets mail of each sort come and leave, and Pia move some of it.
func (a *account) some() {
	box := a.login()
	defer box.Close()
	for _, s := range []sort{plainMail, plainMail, codeMail, listMail} {
		if err := a.arrives(s); err != nil {
			a.Fatalf("deliver: %v", err)
		}
	}
	for _, s := range []sort{colleague, held, outsideOut} {
		if err := a.submits(s); err != nil {
			a.Fatalf("submit: %v", err)
		}
	}
	a.calm()
	for range 20 {
		a.drag(box)
	}
	a.calm()
}

// calm waits until everything is where it belongs.
func (a *account) calm() {
	a.settled(90*time.Second, (*fate).home)
	if a.Failed() {
		a.Fatalf("not calm")
	}
}

// outage takes the provider away for a while.
func (a *account) outage(*line) {
	a.p.Stop()
	if err := errors.Join(a.submits(colleague), a.submits(held)); err != nil {
		a.Errorf("Tidepost takes no mail while the provider is away: %v", err)
	}
	time.Sleep(8 * time.Second)
	a.p.Start()
	a.nudge()
	a.calm()
}

// folders are deleted and renamed by hand.
func (a *account) folders(*line) {
	box := a.login()
	defer box.Close()
	for _, f := range []string{"Tidepost/Scheduled", "Tidepost/Lists"} {
		for _, m := range box.read(f) { // What is the provider's is taken out first, as a person would.
			if strings.HasPrefix(m.MID, string(listMail)) {
				box.move(m.MID, "INBOX")
				a.moved(m.MID, "INBOX")
			}
		}
		if err := box.drop(f); err != nil {
			a.Errorf("delete %s: %v", f, err)
		}
	}
	a.kick()
	a.calm()
	if err := box.c.Rename("Tidepost/Next delivery", "Later", nil).Wait(); err != nil {
		a.Errorf("rename: %v", err)
	}
	a.kick()
	a.until(patience, func() error {
		if slices.Contains(box.folders(), "Tidepost/Next delivery") {
			return errors.New("the renamed folder was not followed")
		}
		return nil
	})
	a.settled(90*time.Second, func(f *fate) string {
		if f.home() == "Tidepost/Next delivery" {
			return "Later"
		}
		return f.home()
	})
	if err := box.c.Rename("Later", "Tidepost/Next delivery", nil).Wait(); err != nil {
		a.Errorf("rename: %v", err)
	}
	a.kick()
	a.calm()
}

// moved notes a move that was not drag's.
func (a *account) moved(mid, to string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.fates {
		if f.mid == mid {
			f.folder = to
		}
	}
}

// renumber makes folders anew with what was in them: other UIDs, another UIDVALIDITY.
func (a *account) renumber(*line) {
	box := a.login()
	defer box.Close()
	for _, f := range []string{"Archive", "Tidepost/Next delivery", "Tidepost/Scheduled"} {
		a.stop()
		all := box.read(f)
		if err := box.drop(f); err != nil {
			a.Errorf("delete %s: %v", f, err)
		}
		time.Sleep(1100 * time.Millisecond) // Some count UIDVALIDITY in seconds.
		box.create(f)
		for _, m := range all {
			box.put(f, m)
		}
		a.start()
		a.calm()
	}
}

// wrongPassword changes the password at the provider, and tells Tidepost later.
func (a *account) wrongPassword(w *line) {
	before, heard := a.letterCount("Your mailbox is not tended"), a.bossHeard("refuses the login")
	a.setPassword("another-one")
	w.breakAll()
	a.until(3*time.Minute, func() error {
		if a.bossHeard("refuses the login") == heard {
			return errors.New("the admin has not heard of the refused login")
		}
		return nil
	})
	file := filepath.Join(a.dir, "provider-password")
	if err := os.WriteFile(file, []byte("another-one\n"), 0o600); err != nil {
		a.Fatal(err)
	}
	a.cli("account", "set", pia, "--imap", a.addr, "--imap-security", "none", "--password-file", file)
	a.calm()
	a.until(patience, func() error {
		if n := a.letterCount("Your mailbox is not tended") - before; n != 1 {
			return fmt.Errorf("there are %d letters to Pia about the refused login", n)
		}
		return nil
	})
	if n := a.bossHeard("refuses the login") - heard; n != 1 {
		a.Errorf("the admin got %d letters about the refused login", n)
	}
}

// setPassword changes Pia's password at the provider.
func (a *account) setPassword(secret string) {
	a.p.Users[0].Password = secret
	if a.p.Kind == "dovecot" {
		if err := os.WriteFile(filepath.Join(a.p.Dir, "passwd"), []byte(pia+":{PLAIN}"+secret+"\n"), 0o644); err != nil { //nolint:gosec // Dovecot's own user reads it.
			a.Fatal(err)
		}
		return
	}
	name, domain, _ := strings.Cut(pia, "@")
	cmd := exec.Command("/usr/sbin/saslpasswd2", "-p", "-f", filepath.Join(a.p.Dir, "conf", "sasldb2"), "-u", domain, name)
	cmd.Stdin = strings.NewReader(secret)
	if out, err := cmd.CombinedOutput(); err != nil {
		a.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
}

// letterCount counts Tidepost's letters with a subject.
func (a *account) letterCount(subject string) (n int) {
	box := a.login()
	defer box.Close()
	for _, m := range box.all(box.folders()) {
		if m.Subject == subject {
			n++
		}
	}
	return n
}

// fullAccount fills the account, and empties it again.
func (a *account) fullAccount(w *line) {
	for _, lines := range []int{200, 1} { // As full as it gets: Tidepost's own mail is small.
		a.fill(letter(away, pia, "Filler", filler, strings.Repeat("Much ado about nothing, line after line.\n", lines)))
	}
	heard := a.bossHeard("is full")
	if err := a.submits(colleague); err != nil {
		a.Fatalf("submit: %v", err)
	}
	a.until(3*time.Minute, func() error {
		if a.bossHeard("is full") == heard {
			return errors.New("the admin has not heard of the full account")
		}
		return nil
	})
	box := a.login()
	defer box.Close()
	if !box.open("Projects") {
		a.Fatalf("no Projects")
	}
	box.wipe(filler)
	w.breakAll() // A new connection asks at once whether there is room.
	a.nudge()
	a.calm()
	if n := a.bossHeard("is full") - heard; n != 1 {
		a.Errorf("the admin got %d letters about the full account", n)
	}
	if n := a.letterCount("Your mailbox is full"); n != 1 {
		a.Errorf("Pia got %d letters about her full account", n)
	}
}

// filler is the Message-ID of all that fills an account.
const filler = "filler@before.example"

// fill puts a message into the account until there is no room for one more of it.
func (a *account) fill(text string) {
	box := a.login() // The client is of no use after a refusal.
	defer box.Close()
	for range 2000 {
		switch err := box.tryPut("Projects", text); {
		case err == nil:
		case strings.Contains(strings.ToLower(err.Error()), "quota"):
			return
		default:
			a.Fatalf("fill: %v", err)
		}
	}
	a.Fatalf("the account takes everything")
}
