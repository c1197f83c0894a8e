package mirror_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/mirror"
	"tidepost/remote"
	"tidepost/sieve"
	"tidepost/store"
)

// scripts is a ManageSieve server that answers as told.
type scripts struct {
	err       error
	installed int
	removed   int
}

func (s *scripts) Install(context.Context, sieve.Rules) error { s.installed++; return s.err }
func (s *scripts) Remove(context.Context) error               { s.removed++; return nil }
func (s *scripts) Close() error                               { return nil }

// told is how often the admin was told of Sieve.
func (w *world) told(text string) (n int) {
	for _, l := range strings.Split(w.logs.String(), "\n") {
		if strings.Contains(l, "msg=alarm") && strings.Contains(l, "Sieve ") && strings.Contains(l, text) {
			n++
		}
	}
	return n
}

func (w *world) setSieve(where string) {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	w.must(accounts.New(accounts.Options{DB: db}).SetSieve(context.Background(), w.ana, where, time.Now()))
	w.must(db.Close())
	w.g.Kick()
	w.wait(time.Minute)
}

func TestAdminIsToldOnceWhyThereIsNoScript(t *testing.T) {
	play(t, func(w *world) {
		if n := w.told(""); n != 0 {
			t.Errorf("told %d times of a server that has been gone for seconds", n)
		}
		w.wait(time.Hour)
		if n := w.told("no ManageSieve server can be reached"); n != 1 || w.told("") != 1 {
			t.Errorf("told %d times that nothing answers, %d in all", n, w.told(""))
		}
		// Not again after a restart, but for another reason.
		w.stop()
		fake := &scripts{err: fmt.Errorf("%w: it has no date", sieve.ErrServer)}
		where := ""
		w.scripts = func(a remote.Account) (mirror.Scripts, error) { where = a.Addr; return fake, nil }
		w.start()
		w.wait(time.Minute)
		if n := w.told("it has no date"); n != 1 || w.told("") != 2 || where != "imap.host.example:4190" {
			t.Errorf("told %d times that an extension is missing, %d in all; asked at %s", n, w.told(""), where)
		}
		// Another address is tried at once.
		fake.err = nil
		w.setSieve("sieve.host.example")
		if n := fake.installed; where != "sieve.host.example:4190" || n == 0 {
			t.Errorf("asked at %s, installed %d times", where, n)
		}
		w.setSieve("none")
		if n, was := fake.removed, fake.installed; n != 1 {
			t.Errorf("taken away %d times", n)
		} else if w.wait(time.Hour); fake.installed != was {
			t.Error("installed although none is wanted")
		}
		if w.told("") != 2 {
			t.Errorf("told %d times in all:\n%s", w.told(""), w.logs.String())
		}
	})
}

func TestScriptsOfOnePersonAreToldByPerson(t *testing.T) {
	play(t, func(w *world) {
		for _, err := range []error{remote.ErrAuth, sieve.ErrOwn, remote.ErrFull} {
			w.scripts = func(remote.Account) (mirror.Scripts, error) { return &scripts{err: err}, nil }
			was := w.told("ana@team.example")
			for i := range 2 { // It is tried again at once at another address.
				w.setSieve(fmt.Sprintf("s%d%d.host.example", was, i))
			}
			if n := w.told("ana@team.example") - was; n != 1 {
				t.Errorf("%v: told %d times", err, n)
			}
		}
	})
}
