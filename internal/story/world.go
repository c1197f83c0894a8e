package story

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"tidepost/internal/fakehost"
	"tidepost/internal/testkit"
	"tidepost/people"
	"tidepost/store"
)

// A world is one story while it is played.
type world struct {
	t       *testing.T
	story   *Story
	dir     string // of the database
	host    *testkit.Smarthost
	keyring *keyring // nil: everybody has the password of the story
	hostLis *testkit.PipeListener
	hostOff atomic.Bool
	dns     dnsBook
	server  *server  // nil: it is down
	outside *outside // nil: the gateway is within this process, in a bubble
	logs    *logBook
	zone    *time.Location
	mails   map[string]*sent
	hosts   map[string]*fakehost.Host // accounts at a provider, by address
	kept    map[string]keptAs         // what they were like before
	serial  int
	last    []byte    // octets of the mail that was sent last
	answer  string    // what a server said last
	acted   time.Time // when something was done last
}

// A sent is a mail of the story that was sent, or is named by one that was.
type sent struct {
	name    string
	mid     string
	subject string
	raw     []byte
	from    string
	rcpts   []string // of the envelope
	envelop string
	text    string // without quotes
	author  *member
	at      time.Time // when it was sent last
	past    bool      // by the provider alone
	refs    []string
	to, cc  []string
}

// password is everybody's.
const password = "correct horse battery staple"

// passwordHash is a string as cheap as the rules allow: its strength is not the story.
var passwordHash = sync.OnceValue(func() string {
	salt := []byte("of these stories")
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, enc.EncodeToString(salt),
		enc.EncodeToString(argon2.IDKey([]byte(password), salt, 1, 8, 1, 16)))
})

// patience is how long an expectation may take to come true, in virtual time.
const patience = time.Minute

// Play plays a story to its end; what is not as expected fails the test. It must be
// called from outside of a bubble.
func (s *Story) Play(t *testing.T) {
	t.Helper()
	if err := s.tell(t); err != nil {
		t.Error(err)
	}
}

// tell plays a story and returns what was not as expected, with what may explain it.
func (s *Story) tell(t *testing.T) (err error) {
	t.Helper()
	passwordHash()
	dir := scratch(t)
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, story: s, dir: dir, zone: s.cast.zone, mails: map[string]*sent{}, hosts: map[string]*fakehost.Host{}, kept: map[string]keptAs{}, logs: &logBook{}}
		err = w.live()
	})
	return err
}

// live plays the story of w from its beginning to its end.
func (w *world) live() (err error) {
	s := w.story
	if err = w.begin(); err != nil {
		err = fmt.Errorf("%s:%d: begin: %w", s.File, s.Line, err)
	} else {
		err = w.play()
	}
	if end := w.end(err == nil); end != nil {
		err = errors.Join(err, fmt.Errorf("%s:%d: after the story: %w", s.File, s.Line, end))
	}
	if err != nil {
		err = fmt.Errorf("%w\nthe mail that was sent last:\n%s\nthe server's log:\n%s", err, w.last, w.logs.tail(40))
	}
	return err
}

// scratch is a directory for the database: in memory, if the system has such a place.
func scratch(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "tidepost-story-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// play takes the steps in order, until one fails.
func (w *world) play() error {
	for _, st := range w.story.steps {
		if err := w.step(st); err != nil {
			return fmt.Errorf("%s:%d: %s\n  at %s\n  %s", st.st.file, st.st.line, st.st.text, show(time.Now(), w.zone),
				strings.ReplaceAll(err.Error(), "\n", "\n  "))
		}
	}
	return nil
}

func (w *world) step(st step) error {
	if st.when != nil {
		at, err := st.when.next(time.Now(), st.zone)
		if err != nil {
			return err
		}
		w.sleepUntil(at)
	}
	if st.run == nil {
		return nil
	}
	if st.form.act {
		w.acted = time.Now()
		if err := st.run(w); err != nil {
			return err
		}
		if w.outside != nil {
			w.killBehind()
		}
		w.settle()
		return nil
	}
	return w.patiently(func() error { return st.run(w) })
}

// An absence is an expectation that time cannot heal.
type absence struct{ error }

// settle waits until everything that could happen by now has happened.
func (w *world) settle() {
	if w.outside != nil {
		time.Sleep(settleTime)
		return
	}
	synctest.Wait()
}

// patiently looks again each second, for a minute, until f finds what it expects.
func (w *world) patiently(f func() error) error {
	var gone *absence
	var wrong *mistake
	end := time.Now().Add(patience)
	for pause := time.Second; ; pause *= 2 {
		err := f()
		if err == nil || errors.As(err, &gone) || errors.As(err, &wrong) || !time.Now().Before(end) {
			return err
		}
		time.Sleep(pause)
		w.settle()
	}
}

// sleepUntil lets time pass.
func (w *world) sleepUntil(at time.Time) {
	if w.outside != nil {
		w.killOnTheWay(at)
	}
	time.Sleep(time.Until(at))
	w.settle()
}

// begin makes the people and starts the server.
func (w *world) begin() error {
	c := w.story.cast
	start, err := c.start.next(time.Now(), c.zone)
	if err != nil {
		return err
	}
	w.sleepUntil(start)
	w.acted = start
	if err := os.MkdirAll(w.dataDir(), 0o700); err != nil {
		return err
	}
	if err := w.hire(start); err != nil {
		return err
	}
	w.movingIn()
	w.openHost()
	return w.startServer()
}

func (w *world) dataDir() string { return filepath.Join(w.dir, "data") }

// joined is how long everybody has been there who is not new.
const joined = 60 * 24 * time.Hour

// hire adds everybody to the database.
func (w *world) hire(start time.Time) error {
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	edit := people.NewEditor(db, []string{teamDomain}, rand.Reader)
	for _, p := range w.story.cast.order {
		if !p.outside {
			if err := w.hireOne(db, edit, p, start); err != nil {
				return errors.Join(&mistake{w.story.File, p.line, err.Error()}, db.Close())
			}
		}
	}
	for _, p := range w.story.cast.order { // Everybody is there now.
		cover, ok := p.fields[string(people.FieldCover)]
		if !ok {
			continue
		}
		set := people.Request{Fields: map[people.Field]string{people.FieldCover: w.fieldValue(string(people.FieldCover), cover)}}
		if _, err := edit.Set(context.Background(), p.address, set, start); err != nil {
			return errors.Join(&mistake{w.story.File, p.line, err.Error()}, db.Close())
		}
	}
	return db.Close()
}

func (w *world) hireOne(db *store.DB, edit *people.Editor, p *member, start time.Time) error {
	fields := map[people.Field]string{people.FieldName: p.name, people.FieldAddress: p.address}
	for k, v := range p.fields {
		fields[people.Field(k)] = w.fieldValue(k, v)
	}
	delete(fields, people.FieldCover)
	since := start.Add(-joined)
	if p.fresh {
		since = start
	}
	e, err := edit.Add(context.Background(), people.Request{Fields: fields}, since)
	if err != nil {
		return err
	}
	if err := w.openAccount(db, p, e.ID, start); err != nil {
		return err
	}
	return db.Update(context.Background(), func(tx *store.Tx) error {
		list, err := tx.People()
		if err != nil {
			return err
		}
		for _, row := range list {
			if row.Address != e.Address {
				continue
			}
			row.Password = passwordHash()
			if !p.fresh { // Whose first three holds were long ago.
				if err := tx.SetMeta(fmt.Sprintf("holds_told.%d", row.ID), "3"); err != nil {
					return err
				}
			}
			return tx.UpdatePerson(row)
		}
		return fmt.Errorf("%s was not added", p.name)
	})
}

// fieldValue lets people stand for their addresses, and dates be written in words.
func (w *world) fieldValue(key, v string) string {
	if key == "vacation" || key == "stays" {
		return v
	}
	v = strings.NewReplacer("–", "-", " to ", "..").Replace(v)
	switch key {
	case "cover", "pass", "urgent_from":
		for _, name := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }) {
			if p, ok := w.story.cast.who(strings.TrimLeft(name, "+")); ok {
				v = strings.Replace(v, strings.TrimLeft(name, "+"), p.address, 1)
			}
		}
	case "zone":
		if z, ok := zoneNamed(v); ok {
			v = z.String()
		}
	}
	return v
}

// end stops everything and, if all was well, looks whether the books balance.
func (w *world) end(well bool) error {
	var err error
	if w.server != nil && well {
		err = w.balance()
	}
	err = errors.Join(err, w.stopServer())
	if w.host != nil {
		w.host.Close()
	}
	w.settle()
	if bad := w.logs.errors(); len(bad) > 0 && well {
		err = errors.Join(err, fmt.Errorf("the server logged errors:\n%s", strings.Join(bad, "\n")))
	}
	return err
}

// balance checks the ledger: what was accepted is accounted for.
func (w *world) balance() error {
	rep, err := w.server.db.CheckLedger(context.Background())
	if err != nil {
		return err
	}
	if len(rep.Findings) > 0 {
		return fmt.Errorf("the ledger does not balance: %v", rep.Findings)
	}
	return nil
}
