package e2e

import (
	"bufio"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	_ "github.com/mattn/go-sqlite3" // the judge reads the database by itself

	"tidepost/e2e/reconcile"
	"tidepost/internal/testkit"
	"tidepost/store"
)

// A load is mail of every kind from many sessions at once, and what was written down
// of it.
type load struct {
	*server
	undo     time.Duration // how long everything waits
	journal  *reconcile.Journal
	upstream string // log of the fake smarthost
	path     string // of the journal
	next     atomic.Int64
	acked    atomic.Int64
	after    time.Time   // no mail to mei before
	held     chan string // ids of held mail that its author may take back

	stopping chan struct{}
	sessions sync.WaitGroup
}

// underLoad makes an installation for runs that end and start the server again. With an
// undo time there is always mail about to leave, without one mail leaves as it is
// accepted.
func underLoad(t *testing.T, undo time.Duration) *load {
	t.Helper()
	outside := t.TempDir() // of the data directory
	l := &load{undo: undo, held: make(chan string, 10_000), path: filepath.Join(outside, "journal"), upstream: filepath.Join(outside, "upstream")}
	l.server = setup(t, options{
		people:    []person{awake("ana"), awake("tom", "--tides", hoursFrom("Europe/London", 10)[len("daily "):][:5]), asleep("mei")},
		config:    map[string]string{"hold.undo": strconv.Quote(undo.String()), "log.level": `"info"`, "relay.connections": "8"},
		smarthost: testkit.SmarthostOptions{Log: l.upstream},
	})
	// A reply that takes its time: kills fall between the end of a mail and its 250.
	l.smarthost.Script(testkit.Rule{Verb: "EOD", Delay: 20 * time.Millisecond})
	l.after = time.Now().Add(9 * time.Hour)
	var err error
	if l.journal, err = reconcile.OpenJournal(l.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.journal.Close() })
	return l
}

// begin starts ten sessions that send until halt, and one that takes mail back.
func (l *load) begin() {
	l.stopping = make(chan struct{})
	l.sessions.Go(l.recaller)
	for i := range 10 {
		l.sessions.Go(func() { l.session(i) })
	}
}

// halt lets the sessions end after the mail that they are sending.
func (l *load) halt() {
	close(l.stopping)
	l.sessions.Wait()
}

func (l *load) halted() bool {
	select {
	case <-l.stopping:
		return true
	default:
		return false
	}
}

// session sends over one connection after the other. That the server goes away is the
// point of the run; what counts is what it had acknowledged.
func (l *load) session(n int) {
	for !l.halted() {
		if err := l.connection(n); err != nil {
			var refused *textproto.Error
			if errors.As(err, &refused) && refused.Code/100 == 5 {
				l.t.Errorf("session %d was refused: %v", n, err)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// connection sends until halt or an error. Two sessions of ten are other servers, one
// of them over LMTP; the others are logins.
func (l *load) connection(n int) error {
	door, inbound := "submissions", false
	if n >= 8 {
		door, inbound = []string{"inbound", "lmtp"}[n-8], true
	}
	c, err := l.connect(door)
	if err != nil {
		return err
	}
	defer c.Close()
	for !l.halted() {
		s, text := l.message(inbound)
		if err := l.journal.Sent(s); err != nil {
			l.t.Error(err)
			return nil
		}
		if err := transact(c, s, text, door == "lmtp", inbound); err != nil {
			return err
		}
		if err := l.journal.Acked(s.ID, time.Now()); err != nil {
			l.t.Error(err)
			return nil
		}
		l.acked.Add(1)
		if len(s.To) == 1 && s.To[0].Way == reconcile.Held {
			l.held <- s.ID
		}
	}
	return c.Quit()
}

// recaller takes back half of what is held, one IMAP session after the other.
func (l *load) recaller() {
	for !l.halted() {
		if err := l.recalls(); err != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// recalls takes mail back until halt or an error.
func (l *load) recalls() error {
	c, err := imapclient.DialTLS(l.addr("imaps"), &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // loopback
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login("ana@team.example", password).Wait(); err != nil {
		return err
	}
	if _, err := c.Select("Scheduled", nil).Wait(); err != nil {
		return err
	}
	for {
		select {
		case <-l.stopping:
			return nil
		case id := <-l.held:
			if rand.IntN(2) == 0 {
				continue
			}
			if err := l.recall(c, id); err != nil {
				return err
			}
		}
	}
}

// recall takes one mail back: by MOVE, or with other numbers by deleting it.
func (l *load) recall(c *imapclient.Client, id string) error {
	if err := c.Noop().Wait(); err != nil { // it may be younger than our view
		return err
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
	if err != nil {
		return err
	}
	uids := found.AllUIDs()
	if len(uids) != 1 {
		l.t.Errorf("<%s> was acknowledged and is %d times in Scheduled", id, len(uids))
		return nil
	}
	if err := l.journal.Recalled(id, time.Now()); err != nil {
		l.t.Error(err)
	}
	set := imap.UIDSetNum(uids...)
	if byMove(id) {
		_, err = c.Move(set, "Drafts").Wait()
	} else if err = c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err == nil {
		err = c.UIDExpunge(set).Close()
	}
	if err != nil {
		return err
	}
	if err := l.journal.Returned(id, time.Now()); err != nil {
		l.t.Error(err)
	}
	return nil
}

// byMove says how recall takes a mail back.
func byMove(id string) bool {
	var n int
	fmt.Sscanf(id, "load%d@", &n)
	return n%8 == 1
}

// connect opens a session, with ana's login where one is asked for.
func (l *load) connect(door string) (*smtp.Client, error) {
	conf := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // loopback
	if door == "submissions" {
		conn, err := tls.Dial("tcp", l.addr(door), conf)
		if err != nil {
			return nil, err
		}
		c, err := smtp.NewClient(conn, "127.0.0.1")
		if err != nil {
			return nil, err
		}
		return c, c.Auth(smtp.PlainAuth("", "ana@team.example", password, "127.0.0.1"))
	}
	c, err := smtp.Dial(l.addr(door))
	if err != nil {
		return nil, err
	}
	if door == "inbound" {
		return c, c.Hello("load.example")
	}
	_, err = command(c, 250, "LHLO load.example")
	return c, err
}

// command sends a line and wants a code.
func command(c *smtp.Client, code int, format string, args ...any) (string, error) {
	id, err := c.Text.Cmd(format, args...)
	if err != nil {
		return "", err
	}
	c.Text.StartResponse(id)
	defer c.Text.EndResponse(id)
	_, msg, err := c.Text.ReadResponse(code)
	return msg, err
}

// transact sends one message; nil means that it was acknowledged.
func transact(c *smtp.Client, s reconcile.Sent, text string, lmtp, inbound bool) error {
	from := "ana@team.example"
	if inbound {
		from = "carol@outside.example"
	}
	if _, err := command(c, 250, "MAIL FROM:<%s>", from); err != nil {
		return err
	}
	for _, g := range s.To {
		if _, err := command(c, 250, "RCPT TO:<%s>", g.Address); err != nil {
			return err
		}
	}
	if _, err := command(c, 354, "DATA"); err != nil {
		return err
	}
	w := c.Text.DotWriter()
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	replies := 1
	if lmtp {
		replies = len(s.To)
	}
	for range replies {
		if _, _, err := c.Text.ReadResponse(250); err != nil {
			return err
		}
	}
	return nil
}

// message makes the next mail: to the outside, held, batched, to all of them, or from
// the outside.
func (l *load) message(inbound bool) (reconcile.Sent, string) {
	n := l.next.Add(1)
	now := time.Now().Truncate(time.Millisecond) // as the ledger writes times
	var goals []reconcile.Goal
	outside := func() {
		goals = append(goals, reconcile.Goal{Address: fmt.Sprintf("r%d@outside.example", n%5), Way: reconcile.Outside, NotBefore: now.Add(l.undo)})
	}
	held := func() {
		goals = append(goals, reconcile.Goal{Address: mei, Way: reconcile.Held, NotBefore: l.after})
	}
	here := func() {
		goals = append(goals, reconcile.Goal{Address: "tom@team.example", Way: reconcile.Here, NotBefore: now.Add(l.undo)})
	}
	switch {
	case inbound:
		goals = append(goals, reconcile.Goal{Address: "ana@team.example", Way: reconcile.Inbound, NotBefore: now})
		if n%3 == 0 {
			goals = append(goals, reconcile.Goal{Address: "tom@team.example", Way: reconcile.Inbound, NotBefore: now})
		}
	case n%4 == 0:
		outside()
	case n%4 == 1:
		held()
	case n%4 == 2:
		here()
	default:
		outside()
		held()
		here()
	}
	id := fmt.Sprintf("load%d@load.example", n)
	lines := 3 + rand.IntN(40)
	if n%50 == 0 {
		lines = 20_000 // over the size that is stored in pieces while it arrives
	}
	content := strings.Repeat(fmt.Sprintf("This is line of message %d, which has many like it.\r\n", n), lines)
	from := "ana@team.example"
	if inbound {
		from = "carol@outside.example"
	}
	text := testkit.Letter(from, "list@outside.example", fmt.Sprintf("Load %d", n), id, content)
	return reconcile.Sent{ID: id, Hash: reconcile.Hash([]byte(content)), To: goals, At: now}, text
}

// facts reads what everybody wrote down. The server must not be running.
func (l *load) facts() reconcile.Facts {
	l.t.Helper()
	var f reconcile.Facts
	read := func(path string, into func(io.Reader) error) {
		file, err := os.Open(path)
		if err != nil {
			l.t.Fatal(err)
		}
		defer file.Close()
		if err := into(bufio.NewReader(file)); err != nil {
			l.t.Fatalf("%s: %v", path, err)
		}
	}
	read(l.path, func(r io.Reader) (err error) { f.Sent, err = reconcile.ReadJournal(r); return err })
	read(l.upstream, func(r io.Reader) (err error) { f.Handovers, err = reconcile.ReadHandovers(r); return err })
	opened, err := store.Open(l.data) // What was killed has not unpacked its express mail.
	if err == nil {
		err = opened.Close()
	}
	if err != nil {
		l.t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(l.data, "tidepost.db")+"?mode=ro")
	if err != nil {
		l.t.Fatal(err)
	}
	defer db.Close()
	f.Rows = rows(l.t, db, func(scan func(...any) error) (r reconcile.Row, err error) {
		return r, scan(&r.ID, &r.To, &r.State)
	}, `SELECT s.mid, r.address, r.state FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.author_id IS NOT NULL`)
	f.Copies = rows(l.t, db, func(scan func(...any) error) (c reconcile.Copy, err error) {
		var at string
		if err := scan(&c.ID, &c.To, &c.Hash, &at); err != nil {
			return c, err
		}
		c.Filed, err = time.Parse(time.RFC3339Nano, at)
		return c, err
	}, `SELECT m.mid, p.address, lower(hex(b.sha256)), d.arrived FROM delivery d JOIN message m ON m.id = d.message_id
		JOIN body b ON b.id = m.body_id JOIN person p ON p.id = d.person_id WHERE m.mid LIKE '%@load.example'`)
	return f
}

// rows reads a whole answer of the database.
func rows[T any](t *testing.T, db *sql.DB, one func(scan func(...any) error) (T, error), query string) []T {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var out []T
	for found.Next() {
		v, err := one(found.Scan)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// judge compares everything and fails the test on what is wrong.
func (l *load) judge(settled bool, kills int) reconcile.Facts {
	l.t.Helper()
	f := l.facts()
	f.Settled, f.Kills, f.Workers = settled, kills, 20
	found := reconcile.Check(f)
	for i, x := range found {
		if i == 20 {
			l.t.Errorf("… and %d more", len(found)-i)
			break
		}
		l.t.Error(x)
	}
	return f
}

// settle waits until everything that may leave has left.
func (l *load) settle() {
	l.t.Helper()
	until(l.t, 2*time.Minute, func() error {
		var list []queued
		l.ask(&list, "queue", "list", "--limit", "10000")
		for _, q := range list {
			for _, r := range q.Recipients {
				if r.Address != mei && !slices.Contains([]string{"delivered", "bounced", "cancelled", "expired"}, r.State) {
					return fmt.Errorf("<%s> to %s is still %s", q.MessageID, r.Address, r.State)
				}
			}
		}
		return nil
	})
}

// readers compares what is read over IMAP with what should have arrived: every
// acknowledged mail once, in some folder, and drafts of what was taken back.
func (l *load) readers(f reconcile.Facts) {
	l.t.Helper()
	r := l.reader(l.t, "ana")
	drafts, waiting := map[string]int{}, map[string]int{}
	for _, mid := range r.mids("Drafts") {
		drafts[mid]++
	}
	for _, mid := range r.mids("Scheduled") {
		waiting[mid]++
	}
	for _, s := range f.Sent {
		d, w := drafts[s.ID], waiting[s.ID]
		if want := 1; !s.Returned.IsZero() && byMove(s.ID) && d != want || d > want || w > want || d+w == 2 {
			l.t.Errorf("<%s>, taken back %v, is %d times in Drafts and %d times in Scheduled", s.ID, !s.Returned.IsZero(), d, w)
		}
	}
	for _, name := range []string{"ana", "tom", "mei"} {
		r := l.reader(l.t, name)
		have := map[string]int{}
		for _, folder := range []string{"INBOX", "Next delivery"} {
			for _, mid := range r.mids(folder) {
				if strings.HasSuffix(mid, "@load.example") {
					have[mid]++
				}
			}
		}
		for _, s := range f.Sent {
			for _, g := range s.To {
				if g.Address != name+"@team.example" {
					continue
				}
				n := have[s.ID]
				switch {
				case g.Way == reconcile.Held && n != 0:
					l.t.Errorf("%s has <%s>, which is held", name, s.ID)
				case g.Way != reconcile.Held && n > 1, g.Way != reconcile.Held && n == 0 && !s.Acked.IsZero():
					l.t.Errorf("%s sees <%s> %d times", name, s.ID, n)
				}
			}
		}
	}
}
