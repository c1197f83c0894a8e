package faults

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidepost/internal/provider"
)

// The person whose mailbox is at a provider.
const (
	pia         = "pia@team.example"
	piaPassword = "pia-there"
)

// keyword is what Pia's mail program marks messages with.
const keyword = "$Label1"

// A kind is a mail server that plays the provider.
type kind struct {
	name  string
	start func(testing.TB, provider.Options) *provider.Server
}

// kinds are the providers of the plan: nothing may be one server's own.
func kinds() []kind {
	return []kind{{"Dovecot", provider.Dovecot}, {"Cyrus", provider.Cyrus}}
}

// dovecotLog makes Dovecot write down what becomes of each message.
const dovecotLog = `
protocol imap {
 mail_plugins = $mail_plugins notify mail_log
}
plugin {
 mail_log_events = delete undelete expunge save copy append
 mail_log_fields = uid box msgid
}
`

// A sort is what becomes of a mail that nobody touches.
type sort string

// The sorts.
const (
	plainMail  sort = "plain"     // waits in Next delivery
	codeMail   sort = "code"      // stays in INBOX
	listMail   sort = "list"      // goes to Lists
	colleague  sort = "colleague" // written into the account, waits in Next delivery
	held       sort = "held"      // Pia's own, waits in Scheduled
	outsideOut sort = "outside"   // Pia's own, leaves at once
)

// A fate is what is known of one mail: how it came, and what Pia did with it last.
type fate struct {
	mid, subject string
	sort         sort
	came         time.Time
	acked        bool   // else it may or may not be there
	folder       string // where Pia moved it last; "": nowhere
	flagged      bool   // Pia set \Flagged and keyword
	refused      int    // moves of it that could not be
	again        bool   // may be sent once more: by a copy of the database that took over
	unseen       bool   // Pia was faster than Tidepost, which has never heard of it
	text         string // words that are in no other
	story        []string
}

// tell notes what happened to a mail, for whoever looks for the cause.
func (f *fate) tell(format string, args ...any) {
	f.story = append(f.story, time.Now().UTC().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// An account is a site beside a provider, with Pia's account in it and Pia working there.
type account struct {
	*site
	p    *provider.Server
	addr string // where Tidepost finds the account

	old     []string // folders from before
	oldMail []message

	mu       sync.Mutex
	fates    []*fate
	moves    int // acts of Pia's that her server confirmed
	stopping atomic.Bool
	working  sync.WaitGroup
	busy     sync.Mutex // no traffic while it is held
}

// besideProvider installs Tidepost beside a provider where Pia has had an account for a
// while. through is what Tidepost's connections go through, nil for nothing.
func besideProvider(t *T, k kind, o provider.Options, through func(addr string) string) *account {
	o.Users = []provider.User{{Name: pia, Password: piaPassword}}
	if k.name == "Dovecot" {
		o.Extra += dovecotLog
	}
	a := &account{site: &site{T: t}, p: k.start(t, o)}
	a.addr = a.p.IMAP
	if through != nil {
		a.addr = through(a.p.IMAP)
	}
	a.before()
	a.site = install(t, setup{config: map[string]string{"batch.outside": `"tide"`, "relay.sent": `"tidepost"`, "log.level": `"debug"`}})
	for _, door := range []string{"password", "provider-password"} {
		if err := os.WriteFile(filepath.Join(a.dir, door), []byte(map[string]string{"password": password, "provider-password": piaPassword}[door]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.cli("people", "add", pia, "--no-welcome", "--password-file", filepath.Join(a.dir, "password"), "--name", "Pia", "--zone", "UTC",
		"--hours", "daily 00:00-24:00", "--tides", time.Now().UTC().Add(11*time.Hour).Format("15:04"))
	a.cli("account", "set", pia, "--imap", a.addr, "--imap-security", "none", "--password-file", filepath.Join(a.dir, "provider-password"))
	a.cli("people", "set", pia, "--inbox", "imap")
	return a
}

// nudge has the account tried again at once, as somebody does who enters a password anew.
func (a *account) nudge() {
	a.cli("account", "set", pia, "--imap", a.addr, "--imap-security", "none", "--password-file", filepath.Join(a.dir, "provider-password"))
}

// before fills the account with what was there before Tidepost.
func (a *account) before() {
	box := a.login()
	defer box.Close()
	for _, f := range []string{"Archive", "Projects"} {
		box.create(f)
	}
	for i := range 5 {
		if err := a.p.TryDeliver(pia, letter(away, pia, fmt.Sprintf("Old %d", i), fmt.Sprintf("old%d@before.example", i), "From before.")); err != nil {
			a.Fatal(err)
		}
	}
	a.old = box.folders()
	a.oldMail = box.all(a.old)
	if len(a.oldMail) != 5 {
		a.Fatalf("%d messages from before, want 5", len(a.oldMail))
	}
}

// letter is a message with bare line ends.
func letter(from, to, subject, mid, text string, fields ...string) string {
	return "From: " + from + "\nTo: " + to + "\nSubject: " + subject + "\nMessage-ID: <" + mid + ">\nDate: " +
		time.Now().Format(time.RFC1123Z) + "\n" + strings.Join(fields, "") + "\n" + text + "\n"
}

// work lets mail come and leave, and Pia move it about, until rest.
func (a *account) work() {
	a.Cleanup(a.rest)
	for _, f := range []func(){a.arrivals, a.submissions, a.drags} {
		a.working.Go(func() { guarded(a.T, f) })
	}
}

// rest ends that.
func (a *account) rest() {
	a.stopping.Store(true)
	a.working.Wait()
}

// tick waits a moment; false when there is no more to be done.
func (a *account) tick(most time.Duration) bool {
	time.Sleep(time.Duration(rand.Int64N(int64(most))))
	a.busy.Lock() // Whoever holds it wants quiet.
	defer a.busy.Unlock()
	return !a.stopping.Load() && a.ctx.Err() == nil
}

// next makes the next mail known before it exists.
func (a *account) next(s sort) *fate {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.fates)
	f := &fate{mid: fmt.Sprintf("%s%d@load.example", s, n), subject: fmt.Sprintf("Mail %d", n), sort: s, came: time.Now(), text: fmt.Sprintf("words-of-%d-only", n)}
	a.fates = append(a.fates, f)
	return f
}

// done notes that a mail is there.
func (a *account) done(f *fate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.acked = true
	f.tell("came")
}

// arrivals are delivered as another server does.
func (a *account) arrivals() {
	for a.tick(500 * time.Millisecond) {
		if err := a.arrives([]sort{plainMail, plainMail, plainMail, codeMail, listMail}[rand.IntN(5)]); err != nil {
			a.Errorf("deliver: %v", err)
			return
		}
	}
}

// arrives delivers one mail at the provider.
func (a *account) arrives(s sort) error {
	f := a.next(s)
	subject, fields := f.subject, []string(nil)
	switch s {
	case codeMail:
		subject, fields = "Your sign-in code is 123456", []string{"Auto-Submitted: auto-generated\n"}
	case listMail:
		fields = []string{"List-Id: <all.example.org>\n", "Precedence: list\n"}
	}
	err := a.p.TryDeliver(pia, letter(away, pia, subject, f.mid, "The figures of last month are in: "+f.text, fields...))
	if err == nil {
		a.done(f)
	}
	return err
}

// submissions are of colleagues to Pia, and of hers to others. They fail while Tidepost is
// down.
func (a *account) submissions() {
	for a.tick(1200 * time.Millisecond) {
		_ = a.submits([]sort{colleague, colleague, held, held, outsideOut}[rand.IntN(5)]) // It is down.
	}
}

// submits sends one mail through Tidepost.
func (a *account) submits(s sort) error {
	f := a.next(s)
	from, to := pia, mei
	switch s {
	case colleague:
		from, to = ana, pia
	case outsideOut:
		to = "friend@outside.example"
	}
	text := "Here is the budget: " + f.text
	if s == colleague && rand.IntN(3) == 0 {
		text = "Pia, can you send me the contract by Friday? " + f.text
	}
	if err := a.submit(from, to, letter(from, to, f.subject, f.mid, text)); err != nil {
		return err
	}
	a.done(f)
	return nil
}

// submit hands a message over at the door for mail programs.
func (s *site) submit(from, to, text string) error {
	conn, err := tls.Dial("tcp", s.addr("submissions"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return err
	}
	if err := errors.Join(c.Auth(smtp.PlainAuth("", from, password, "127.0.0.1"))); err != nil {
		return err
	}
	if err := errors.Join(c.Mail(from), c.Rcpt(to)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		return err
	}
	return w.Close()
}

// drags are Pia's, with a mail program at the provider.
func (a *account) drags() {
	box := a.login()
	defer box.Close()
	for a.tick(250 * time.Millisecond) {
		a.drag(box)
	}
}

// drag moves one mail somewhere, as far as it is where Pia looks for it.
func (a *account) drag(box *box) {
	a.mu.Lock()
	var f *fate
	if n := len(a.fates); n > 0 {
		f = a.fates[rand.IntN(n)]
	}
	a.mu.Unlock()
	if f == nil || !f.acked || f.sort == outsideOut {
		return
	}
	from, to := "Tidepost/Next delivery", []string{"INBOX", "Archive", "Trash", "Projects"}
	switch {
	case f.sort == held && f.folder == "":
		from, to = "Tidepost/Scheduled", []string{"Drafts", "Trash", "Tidepost/Scheduled/Send now"}
	case f.sort == held:
		return // What it is now is Tidepost's to say.
	case f.folder == "INBOX" && f.sort != codeMail:
		from, to = "INBOX", []string{"Archive", "Trash", "Projects"}
	case f.unseen:
		return // In INBOX it would be new mail.
	case f.folder != "" && f.folder != "INBOX":
		from, to = f.folder, []string{"INBOX"}
	case f.sort == codeMail: // It stood in INBOX first, so what is refused goes back there.
		from, to = "INBOX", []string{"Archive", "Trash", "Projects", "Tidepost/Needs reply", "Tidepost/Remind me/Tomorrow"}
	case f.sort == listMail:
		from, to = "Tidepost/Lists", []string{"INBOX", "Archive"}
	}
	if !box.open(from) {
		return
	}
	if rand.IntN(4) == 0 && box.mark(f.mid) {
		a.mu.Lock()
		f.flagged = true
		f.tell("flagged in %s", from)
		a.mu.Unlock()
	}
	target := to[rand.IntN(len(to))]
	unseen := target != "INBOX" && a.site.count(`SELECT count(*) FROM message WHERE mid = ?`, f.mid) == 0
	if !box.move(f.mid, target) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.moves++
	f.unseen = f.unseen || unseen
	f.tell("moved from %s to %s", from, target)
	if target == "Tidepost/Needs reply" {
		f.refused++
		return
	}
	f.folder = target
	if target == "Tidepost/Scheduled/Send now" {
		f.came = time.Now() // What lies in Sent is of when it left.
	}
}
