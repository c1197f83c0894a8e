package faults

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/e2e/reconcile"
)

// damage does to the database what disks and people do.
func damage(t *T) {
	n := t.dose(20, 100)
	l := underLoad(install(t, setup{}))
	l.Size = 30
	l.start()
	l.Begin()
	l.more(300)
	l.Halt()
	busy := l.heldByAnother(t)
	l.settle(time.Minute)
	l.stop()
	l.sound()
	l.Judge(true, 0)
	whole := l.snapshot()
	refused, served := 0, 0
	for range n {
		l.restore(whole)
		l.overwritePage()
		if l.refuses() {
			refused++
		} else {
			served++
		}
	}
	for _, c := range []struct {
		name   string
		damage func()
	}{
		{"cut in half", func() { l.truncate(int64(len(whole)) / 2) }},
		{"cut by a page", func() { l.truncate(int64(len(whole)) - 4096) }},
		{"no database at all", func() { l.overwrite(bytes.Repeat([]byte("mail "), 1000)) }},
		{"of a newer version", func() { l.change(`PRAGMA user_version = 999`) }},
	} {
		l.restore(whole)
		c.damage()
		if !l.refuses() {
			t.Errorf("%s: the server serves it", c.name)
		}
	}
	l.restore(whole)
	lost := l.withoutWAL()
	t.say("held for %s by another: 451, then on; of %d overwritten pages %d were refused at start, %d served with every body right or refused; cut, foreign, newer: refused; WAL removed: consistent, %d mails of it are gone",
		busy, n, refused, served, lost)
}

// heldByAnother keeps the write lock of the database.
func (l *load) heldByAnother(t *T) time.Duration {
	hold := 8 * time.Second
	if t.plan.Long {
		hold = time.Minute
	}
	db := l.open("rw")
	defer db.Close()
	tx, err := db.BeginTx(context.Background(), nil) // _txlock=immediate
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(hold)
	refusals := 0
	for time.Now().Before(end) {
		c, err := l.Connect("lmtp")
		if err != nil {
			t.Fatal(err)
		}
		s, text := l.Make(reconcile.Inbound)
		err = l.Send(c, s, text, "lmtp")
		c.Close()
		var refused *textproto.Error
		switch {
		case err == nil && time.Now().Before(end):
			t.Errorf("<%s> was acknowledged although nobody could write", s.ID)
		case errors.As(err, &refused) && refused.Code/10 == 45:
			refusals++
		case err != nil:
			t.Errorf("while another process writes: %v", err)
		}
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if refusals == 0 {
		t.Errorf("nothing was refused while another process wrote")
	}
	c, err := l.Connect("lmtp")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, text := l.Make(reconcile.Inbound)
	if err := l.Send(c, s, text, "lmtp"); err != nil {
		t.Errorf("after another process has written: %v", err)
	}
	return hold
}

func (l *load) file() string { return filepath.Join(l.data, "tidepost.db") }

// snapshot keeps the database of a stopped server.
func (l *load) snapshot() []byte {
	text, err := os.ReadFile(l.file())
	if err != nil {
		l.Fatal(err)
	}
	return text
}

// restore puts the database back as it was.
func (l *load) restore(whole []byte) {
	l.kill()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(l.file() + suffix); err != nil && !os.IsNotExist(err) {
			l.Fatal(err)
		}
	}
	l.overwrite(whole)
}

func (l *load) overwrite(text []byte) {
	if err := os.WriteFile(l.file(), text, 0o600); err != nil {
		l.Fatal(err)
	}
}

func (l *load) truncate(size int64) {
	if err := os.Truncate(l.file(), size); err != nil {
		l.Fatal(err)
	}
}

// overwritePage writes noise over a page.
func (l *load) overwritePage() {
	f, err := os.OpenFile(l.file(), os.O_RDWR, 0)
	if err != nil {
		l.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		l.Fatal(err)
	}
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	if _, err := f.WriteAt(noise, rand.Int64N(st.Size()/4096)*4096); err != nil {
		l.Fatal(err)
	}
}

// refuses starts the server on a damaged database. Either it ends with an error, or
// what it serves is right.
func (l *load) refuses() bool {
	l.launch()
	defer l.kill()
	err := l.ready(startTime)
	if err != nil {
		if errors.Is(err, errWell) {
			l.Errorf("the server ended with exit code 0 on a damaged database")
		} else if l.running() {
			l.Errorf("on a damaged database: %v", err)
		}
		return true
	}
	l.readAll()
	return false
}

// readAll reads every mail of Ana and compares it with what was sent to her. An error
// is right; other octets are not.
func (l *load) readAll() {
	c, err := l.Author()
	if err != nil {
		return
	}
	defer c.Close()
	sent := map[string]string{}
	for _, s := range l.Journal() {
		sent[s.ID] = s.Hash
	}
	for _, folder := range []string{"INBOX", "Scheduled", "Drafts"} {
		if _, err := c.Select(folder, nil).Wait(); err != nil {
			continue
		}
		whole := &imap.FetchItemBodySection{Peek: true}
		found, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
		if err != nil {
			continue // It was told that it cannot have it.
		}
		for _, m := range found {
			head, body, _ := bytes.Cut(m.FindBodySection(whole), []byte("\r\n\r\n"))
			mid := midIn(head)
			if want, ok := sent[mid]; ok && want != reconcile.Hash(body) {
				l.Errorf("%s: <%s> is served with another body", folder, mid)
			}
		}
	}
}

func midIn(head []byte) string {
	list := midsIn(string(head))
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// withoutWAL kills the server and takes its WAL away. SQLite cannot know; what is left
// must be sound, and older.
func (l *load) withoutWAL() int {
	l.start()
	l.Begin()
	l.more(50)
	l.kill()
	l.Halt()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(l.file() + suffix); err != nil && !os.IsNotExist(err) {
			l.Fatal(err)
		}
	}
	l.start()
	l.stop()
	l.sound()
	n := 0
	for _, x := range reconcile.Check(l.Facts()) {
		switch {
		case x.Rule == reconcile.Lost:
			n++
		case !slices.Contains([]reconcile.Rule{reconcile.Mistaken, reconcile.Doubled, reconcile.Unknown}, x.Rule):
			l.Error(x)
		}
	}
	return n
}
