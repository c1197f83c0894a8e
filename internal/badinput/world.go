package badinput

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// The fixed names of the catalogue.
const (
	domain   = "here.test"
	hostname = "mx.here.test"
	// forcedError is the local part of somebody whose mail meets a fault of ours.
	forcedError = "force-internal-error"
	// maxSize is MAX, the SIZE that the gateway is configured with.
	maxSize = 30_000_000
)

// bare returns what stands for the password of a fixed person.
func password(name string) string { return "pw-" + name }

// A template is a team's data as each row begins with it.
type template struct {
	dir   string
	trust *tls.Config
}

// newTemplate makes the team in dir: alice, bob, full and boss.
func newTemplate(ctx context.Context, dir string) (*template, error) {
	t := &template{dir: dir}
	now := time.Now()
	cert := filepath.Join(dir, "cert.pem")
	if err := gateway.SelfSigned(cert, filepath.Join(dir, "key.pem"), []string{hostname, "127.0.0.1"}, now); err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(cert)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	t.trust = &tls.Config{RootCAs: roots, ServerName: hostname, MinVersion: tls.VersionTLS12}
	if err := os.WriteFile(filepath.Join(dir, "relay.secret"), []byte("pw-relay\n"), 0o600); err != nil {
		return nil, err
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, err
	}
	for _, name := range []string{"alice", "bob", "full", "boss"} {
		if err := addPerson(ctx, filepath.Join(dir, "data"), name, true); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// addPerson adds name@here.test. The passwords of the catalogue are below what the
// rules for people allow, so they are set behind their back.
func addPerson(ctx context.Context, data, name string, login bool) error {
	db, err := store.Open(data)
	if err != nil {
		return err
	}
	defer db.Close()
	strong, err := people.GeneratePassword(rand.Reader)
	if err != nil {
		return err
	}
	_, err = people.NewEditor(db, []string{domain}, rand.Reader).Add(ctx, people.Request{Password: strong, Fields: map[people.Field]string{
		people.FieldName: name, people.FieldAddress: name + "@" + domain, people.FieldZone: "Europe/London",
		people.FieldHours: "daily 09:00-17:00", people.FieldTides: "09:00 13:00",
	}}, time.Now())
	if err != nil || !login {
		return err
	}
	hash, err := people.HashPassword(password(name), rand.Reader)
	if err != nil {
		return err
	}
	return db.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.People()
		if err != nil {
			return err
		}
		for _, p := range list {
			if p.Address == name+"@"+domain {
				p.Password = hash
				if name == "full" {
					if p.Profile, err = noRoom(p.Profile); err != nil {
						return err
					}
				}
				return tx.UpdatePerson(p)
			}
		}
		return fmt.Errorf("add %s: %w", name, store.ErrNotFound)
	})
}

// noRoom gives somebody a quota that nothing fits into.
func noRoom(profile []byte) ([]byte, error) {
	p, err := people.DecodeProfile(profile)
	if err != nil {
		return nil, err
	}
	p.Quota = new(int64)
	*p.Quota = 1
	return p.Encode()
}

// A world is the gateway of one row.
type world struct {
	setup  setup
	trust  *tls.Config
	doors  map[string]string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	log    bytes.Buffer // all that the child wrote; complete once it has ended
	ended  chan error
	before files

	cpu0 time.Duration
	rss0 int64
}

// files are names in a directory.
type files map[string]bool

func filesIn(dir string) files {
	out := files{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		out[e.Name()] = true
	}
	return out
}

// clone copies the template into s.Dir, with the people a row needs besides.
func (t *template) clone(ctx context.Context, s setup, names []string) error {
	if err := os.CopyFS(s.Dir, os.DirFS(t.dir)); err != nil {
		return err
	}
	// The copy of a file system forgets modes.
	for _, f := range []string{"key.pem", "relay.secret"} {
		if err := os.Chmod(filepath.Join(s.Dir, f), 0o600); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.data(), 0o700); err != nil {
		return err
	}
	for _, n := range names {
		if n == "alice" || n == "bob" || n == "full" || n == "boss" {
			continue
		}
		if err := addPerson(ctx, s.data(), n, false); err != nil {
			return err
		}
	}
	return nil
}

// start runs the gateway on s.Dir and waits until it listens.
func (t *template) start(s setup) (*world, error) {
	w := &world{setup: s, trust: t.trust, ended: make(chan error, 1)}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w.cmd = exec.Command(self, "gateway")
	w.cmd.Env = append(os.Environ(), "TIDEPOST_BADINPUT_CHILD=1")
	w.cmd.Stderr = &w.log
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	err = errors.Join(json.NewEncoder(w.stdin).Encode(s), json.NewDecoder(out).Decode(&w.doors))
	go func() {
		_, _ = io.Copy(io.Discard, out)
		w.ended <- w.cmd.Wait()
	}()
	if err != nil {
		_ = w.cmd.Process.Kill()
		<-w.ended
		return nil, fmt.Errorf("start gateway: %w\n%s", err, w.log.String())
	}
	w.before = filesIn(filepath.Dir(s.Dir))
	return w, w.warm()
}

// warm lets the gateway do each thing once, so that what it needs anyhow does not
// count as a row's.
func (w *world) warm() error {
	for _, name := range []string{"alice", "bob", "boss"} { // A good password is remembered.
		c, err := w.login(name)
		if err != nil {
			return err
		}
		c.close()
	}
	if _, err := net.LookupHost("127.0.0.1"); err != nil {
		return err
	}
	w.mark()
	return nil
}

// mark begins the measurement of memory and CPU time.
func (w *world) mark() {
	_ = os.WriteFile(w.proc("clear_refs"), []byte("5"), 0o200) // VmHWM counts from here.
	w.cpu0, w.rss0 = w.cpu(), w.memory("VmRSS:")
}

func (w *world) proc(name string) string {
	return "/proc/" + strconv.Itoa(w.cmd.Process.Pid) + "/" + name
}

// cpu is the processor time the gateway has used.
func (w *world) cpu() time.Duration {
	b, err := os.ReadFile(w.proc("stat"))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 13 {
		return 0
	}
	var ticks int64
	for _, s := range f[11:13] {
		n, _ := strconv.ParseInt(s, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// memory is a figure of /proc/PID/status in octets.
func (w *world) memory(name string) int64 {
	b, err := os.ReadFile(w.proc("status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// used is what has been used since mark: peak growth of memory, processor time.
func (w *world) used() (growth int64, cpu time.Duration) {
	return w.memory("VmHWM:") - w.rss0, w.cpu() - w.cpu0
}

// alive reports whether the gateway still runs.
func (w *world) alive() bool {
	select {
	case err := <-w.ended:
		w.ended <- err
		return false
	default:
		return true
	}
}

// stop ends the gateway and returns how it ended.
func (w *world) stop() error {
	w.stdin.Close()
	select {
	case err := <-w.ended:
		w.ended <- err
		return err
	case <-time.After(30 * time.Second):
		_ = w.cmd.Process.Kill()
		err := <-w.ended
		w.ended <- err
		return fmt.Errorf("the gateway did not stop: %w", err)
	}
}

// login opens a connection to the imaps door as name.
func (w *world) login(name string) (*wire, error) {
	c, err := dialTLS(w.doors["imaps"], "127.0.0.1", w.trust)
	if err != nil {
		return nil, err
	}
	c.listen()
	c.write([]byte("w0 LOGIN " + name + " " + password(name) + "\r\n"))
	if !c.await("w0") {
		c.close()
		return nil, fmt.Errorf("log in as %s: %s", name, lastLine(c))
	}
	return c, nil
}

// command sends an IMAP command and returns its responses; ok: it was answered by OK.
func (c *wire) command(tag, text string) (list []response, ok bool) {
	c.write([]byte(tag + " " + text + "\r\n"))
	ok = c.await(tag)
	return readIMAP(c).responses, ok
}

// await waits for the tagged response and reports whether it is OK.
func (c *wire) await(tag string) bool {
	var found *response
	c.settle(patience, patience, func() bool {
		for _, r := range readIMAP(c).responses {
			if r.tag == tag {
				found = &r
				return true
			}
		}
		return false
	})
	if found == nil { // It may have come with the end of the connection.
		for _, r := range readIMAP(c).responses {
			if r.tag == tag {
				found = &r
			}
		}
	}
	return found != nil && found.word() == "OK"
}

// db opens the database for looking, beside the gateway.
func (w *world) db() (*sql.DB, error) {
	return sql.Open("sqlite3", "file:"+w.dbPath()+"?_busy_timeout=5000&_query_only=1")
}

// change runs one statement on the database, beside the gateway.
func (w *world) change(query string, args ...any) error {
	db, err := sql.Open("sqlite3", "file:"+w.dbPath()+"?_busy_timeout=5000")
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(query, args...)
	return err
}

func (w *world) dbPath() string { return filepath.Join(w.setup.data(), "tidepost.db") }

// count is the one number of a query, -1 if it fails.
func (w *world) count(query string, args ...any) int {
	db, err := w.db()
	if err != nil {
		return -1
	}
	defer db.Close()
	n := -1
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		return -1
	}
	return n
}

// texts is the one text column of a query.
func (w *world) texts(query string, args ...any) []string {
	db, err := w.db()
	if err != nil {
		return nil
	}
	defer db.Close()
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s []byte
		if rows.Scan(&s) == nil {
			out = append(out, string(s))
		}
	}
	return out
}

// raw is a stored message, octet by octet.
func (w *world) raw(id int) []byte {
	head := w.texts(`SELECT head FROM message WHERE id = ?`, id)
	chunks := w.texts(`SELECT c.data FROM message m JOIN chunk c ON c.id >= m.body_id << 16 AND c.id < (m.body_id + 1) << 16 WHERE m.id = ? ORDER BY c.id`, id)
	return []byte(strings.Join(head, "") + strings.Join(chunks, ""))
}

// received are the messages that doors took, as they came, oldest first.
func (w *world) received() []int {
	return w.ids(`SELECT CAST(id AS TEXT) FROM message WHERE origin = 'received' ORDER BY id`)
}

// submitted are the messages that logins gave.
func (w *world) submitted() []int {
	return w.ids(`SELECT CAST(message_id AS TEXT) FROM submission WHERE author_id IS NOT NULL ORDER BY id`)
}

func (w *world) ids(query string, args ...any) []int {
	var out []int
	for _, s := range w.texts(query, args...) {
		if n, err := strconv.Atoi(s); err == nil {
			out = append(out, n)
		}
	}
	return out
}
