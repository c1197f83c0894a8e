package mirror_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/store"
)

// Servers lock accounts for refused logins, and a team is edited all day.
func TestOnlyAChangeOfTheAccountTriesARefusedLoginSooner(t *testing.T) {
	play(t, func(w *world) {
		w.host.SetRefuse(remote.ErrAuth)
		w.cut()
		w.wait(time.Minute)
		before := w.logins
		for range 20 {
			w.g.Kick()
			w.wait(10 * time.Second)
		}
		if n := w.logins - before; n != 0 {
			t.Errorf("%d logins in three minutes, although only others changed", n)
		}
		w.host.SetRefuse(nil)
		w.setPassword("secret")
		w.wait(10 * time.Second)
		if n := w.logins - before; n != 1 {
			t.Errorf("%d logins after a new password", n)
		}
	})
}

// cut breaks the connection that there is.
func (w *world) cut() {
	w.t.Helper()
	w.host.Break()
	w.wait(time.Second)
}

func (w *world) setPassword(word string) {
	w.t.Helper()
	w.edit(func(db *store.DB) {
		keep := accounts.New(accounts.Options{DB: db, Box: secrets.Open(filepath.Join(w.dir, "data"), rand.Reader)})
		_, err := keep.Set(context.Background(), w.ana, accounts.Settings{Side: accounts.IMAP, Addr: "imap.host.example", User: "ana", Password: word}, time.Now())
		w.must(err)
	})
}

// edit changes the database as another process does, and tells the server.
func (w *world) edit(f func(db *store.DB)) {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	f(db)
	w.must(db.Close())
	w.must(w.g.Reload(context.Background()))
}

func TestScriptGoesWithTheTender(t *testing.T) {
	play(t, func(w *world) {
		w.stop()
		fake := &scripts{}
		w.scripts = func(remote.Account) (mirror.Scripts, error) { return fake, nil }
		w.start()
		w.wait(time.Minute)
		w.stop() // What comes meanwhile waits.
		if fake.installed == 0 || fake.removed != 0 {
			t.Fatalf("installed %d times, removed %d times", fake.installed, fake.removed)
		}
		w.start()
		w.wait(time.Minute)
		w.setInbox("store")
		w.wait(time.Minute)
		if fake.removed != 1 {
			t.Errorf("removed %d times: new mail goes on being filed where nobody looks", fake.removed)
		}
	})
}

// Beside no running server the command gives one account back, and tends nobody's.
func TestGivingOneAccountBackTendsNoOther(t *testing.T) {
	play(t, func(w *world) {
		var tom int64
		w.edit(func(db *store.DB) {
			edit := people.NewEditor(db, []string{"team.example"}, rand.Reader)
			e, err := edit.Add(context.Background(), people.Request{Password: password, Fields: map[people.Field]string{
				people.FieldName: "Tom", people.FieldAddress: "tom@team.example", people.FieldZone: "Europe/London",
				people.FieldInbox: "store"}}, time.Now())
			w.must(err)
			keep := accounts.New(accounts.Options{DB: db, Box: secrets.Open(filepath.Join(w.dir, "data"), rand.Reader)})
			_, err = keep.Set(context.Background(), e.ID, accounts.Settings{Side: accounts.IMAP, Addr: "imap.host.example", User: "tom", Password: "secret"}, time.Now())
			w.must(err)
			tom = e.ID
		})
		w.stop()
		w.open()
		p, ok := w.g.People().ByID(tom)
		if !ok {
			t.Fatal("Tom is not there")
		}
		ctx, cancel := context.WithCancel(context.Background())
		_, err := w.g.Mailboxes().Rollback(ctx, p, mirror.KeepWaiting)
		w.must(err)
		if n := w.g.Mailboxes().Tended(); n != 0 {
			t.Errorf("%d accounts are tended", n)
		}
		cancel()
		w.run() // It is closed at the end.
	})
}

// Who has left has an account to give back, too.
func TestAccountOfSomebodyWhoLeftIsGivenBack(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("INBOX", "Figures")
		w.wait(20 * time.Second)
		w.want("Tidepost/Next delivery", "Figures")
		w.edit(func(db *store.DB) {
			w.must(people.NewEditor(db, []string{"team.example"}, rand.Reader).Remove(context.Background(), "ana@team.example", time.Now()))
		})
		w.wait(time.Minute)
		p, ok := w.g.People().ByID(w.ana)
		if !ok || p.Active {
			t.Fatalf("%v %v", p, ok)
		}
		_, err := w.g.Mailboxes().Rollback(context.Background(), p, mirror.KeepWaiting)
		w.must(err)
		if !w.has("INBOX", "Figures") {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		for _, name := range w.host.Folders() {
			if strings.HasPrefix(name, "Tidepost") {
				t.Errorf("%s is still there", name)
			}
		}
	})
}
