package badinput

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"tidepost/mail"
)

const (
	// maxGrowth and maxCPU hold for every row.
	maxGrowth = 64 << 20
	maxCPU    = 2 * time.Second
)

// A Result is what came of one row.
type Result struct {
	Case       *Case
	Misses     []string // why it failed
	Unchecked  []string // invariants that this program cannot observe
	Skipped    string   // why it was not run
	Growth     int64    // of memory, octets
	CPU        time.Duration
	Took       time.Duration
	Cuts       int // sessions of the sweep
	SingleDone bool
}

// Passed reports whether a row was run and nothing is wrong.
func (r Result) Passed() bool { return r.Skipped == "" && len(r.Misses) == 0 }

// A run is one row on its way.
type run struct {
	c    *Case
	ctx  context.Context //nolint:containedctx // of the whole row
	w    *world
	host *fakeSmarthost
	p    *player // nil for rows that are not octets at a door
	smtp dialogue
	imap talk

	closed bool
	growth int64
	cpu    time.Duration
	took   time.Duration
	opened []int // answers of many sessions: how many were let in
	late   lateView
	honest int  // letters that are not the row's own
	raced  bool // release and recall were raced, and counted
	misses []string
	open   []string // not checked
}

// miss notes something wrong.
func (r *run) miss(format string, args ...any) {
	r.misses = append(r.misses, fmt.Sprintf(format, args...))
}

// A Catalogue runs rows.
type Catalogue struct {
	template *template
	dir      string
	Sweep    time.Duration // how long each short row is cut and chopped; 0: not
	Keep     bool          // directories stay, to look at
}

// NewCatalogue prepares the team in dir, which is to be empty.
func NewCatalogue(ctx context.Context, dir string) (*Catalogue, error) {
	base := filepath.Join(dir, "template")
	if err := os.Mkdir(base, 0o700); err != nil {
		return nil, err
	}
	t, err := newTemplate(ctx, base)
	if err != nil {
		return nil, fmt.Errorf("prepare the team: %w", err)
	}
	return &Catalogue{template: t, dir: dir}, nil
}

// Run runs one row with a gateway of its own.
func (k *Catalogue) Run(ctx context.Context, c *Case) (res Result) {
	began := time.Now()
	res.Case = c
	defer func() {
		if v := recover(); v != nil {
			res.Misses = append(res.Misses, fmt.Sprintf("the runner panics: %v\n%s", v, debug.Stack()))
		}
		res.Took = time.Since(began)
	}()
	if s, ok := c.step(unknown); ok {
		res.Misses = []string{"not of the language: " + s.text}
		return res
	}
	if c.unknown != nil {
		res.Misses = []string{c.unknown.Error()}
		return res
	}
	switch c.Protocol {
	case "http":
		res.Skipped = "there are no control or status pages"
		return res
	case "schedule":
		return k.schedule(ctx, c, res)
	case "smarthost", "mime", "smtp", "submission", "lmtp", "imap":
		return k.guarded(ctx, c, res)
	}
	res.Misses = []string{"protocol " + c.Protocol + " is not known"}
	return res
}

// guarded runs a row that needs a gateway.
func (k *Catalogue) guarded(ctx context.Context, c *Case, res Result) Result {
	r := &run{c: c, ctx: ctx}
	end, err := k.open(r)
	defer end()
	if err != nil {
		res.Misses = append(res.Misses, "set up: "+err.Error())
		return res
	}
	t := time.Now()
	switch {
	case c.Protocol == "smarthost":
		r.relay()
	case c.has(page) || c.has(calendar):
		r.letter()
	case c.has(sessions) || c.has(rate):
		r.crowd()
	case c.onlyNoted():
		r.together()
	default:
		r.dialogue()
	}
	if r.took == 0 {
		r.took = time.Since(t)
	}
	if r.growth == 0 && r.cpu == 0 {
		r.growth, r.cpu = r.w.used()
	}
	r.bounds()
	r.live()
	if r.p != nil {
		r.p.wire.close()
	}
	if r.misses == nil && k.Sweep > 0 {
		r.sweep(k, &res)
	}
	r.ending()
	res.Misses, res.Unchecked, res.Growth, res.CPU = r.misses, r.open, r.growth, r.cpu
	return res
}

// open starts smarthost and gateway of a row; end stops them.
func (k *Catalogue) open(r *run) (end func(), err error) {
	var undo []func()
	end = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	dir, err := os.MkdirTemp(k.dir, "row")
	if err != nil {
		return end, err
	}
	if !k.Keep {
		undo = append(undo, func() { os.RemoveAll(dir) })
	}
	s := r.c.setup(filepath.Join(dir, "team"))
	if err := os.Mkdir(s.Dir, 0o700); err != nil {
		return end, err
	}
	if err := k.template.clone(r.ctx, s, r.c.people()); err != nil {
		return end, err
	}
	if r.host, err = newFakeSmarthost(&s, r.c); err != nil {
		return end, err
	}
	undo = append(undo, r.host.close)
	if r.w, err = k.template.start(s); err != nil {
		return end, err
	}
	undo = append(undo, func() { _ = r.w.stop() })
	return end, r.prepare()
}

// setup is the configuration a row needs.
func (c *Case) setup(dir string) setup {
	s := setup{Dir: dir, Hold: c.Protocol != "smarthost", Shrink: 1, Trusted: true}
	if (c.has(untilEnd) && !c.waitsForTLS()) || c.has(dropNet) || c.slow() {
		s.Shrink = 60
	}
	if strings.HasPrefix(c.Phase, "connect") || c.has(sessions) || c.has(rate) {
		s.Trusted = false
	}
	if f, ok := c.step(fileLimit); ok {
		s.FileLimit = uint64(f.n)
	}
	if _, ok := c.invariant("median_ms_difference"); ok {
		s.Lenient = true
	}
	return s
}

// waitsForTLS reports whether what a row waits for is the end of a handshake that never
// begins: that comes soon enough.
func (c *Case) waitsForTLS() bool {
	return c.mentions("STARTTLS\r\n") && !c.has(handshake)
}

// inWords reports whether the codes of a row are prose.
func (c *Case) inWords() bool {
	return c.onlyNoted() || c.has(scenario)
}

// onlyNoted reports whether a row has no octets, only words about what goes on.
func (c *Case) onlyNoted() bool {
	for _, s := range c.Steps {
		if s.kind != note {
			return false
		}
	}
	return c.Protocol == "imap" && len(c.Steps) > 0
}

// slow reports whether the row's own pauses are too long to be waited for.
func (c *Case) slow() bool {
	var sum time.Duration
	for _, s := range c.Steps {
		sum += s.every * time.Duration(len(s.chunks))
	}
	return sum > 15*time.Second
}

// prepare brings the state about that a row speaks of.
func (r *run) prepare() error {
	if r.c.Protocol == "imap" {
		if err := r.fillInbox(); err != nil {
			return err
		}
	}
	if r.c.mentions(forcedError) {
		// A fault of ours can only be met where something is written.
		err := r.w.change(`CREATE TRIGGER secret_fault BEFORE INSERT ON delivery
			WHEN NEW.person_id = (SELECT person_id FROM address WHERE address = '` + forcedError + "@" + domain + `')
			BEGIN SELECT RAISE (ABORT, 'no such table: secret_fault in /var/lib/tidepost'); END`)
		if err != nil {
			return err
		}
	}
	for _, s := range r.c.Steps {
		if s.kind == dbSet {
			if err := r.set(s.text); err != nil {
				return err
			}
		}
	}
	r.w.mark()
	return nil
}

// set changes one value of the state: "uidnext=N" of alice's INBOX.
func (r *run) set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	switch {
	case ok && (key == "uidnext" || key == "uidvalidity" || key == "modseq"):
		return r.w.change(`UPDATE mailbox SET `+key+` = ? WHERE kind = 'inbox' AND person_id = (SELECT person_id FROM address WHERE address = 'alice@`+domain+`')`, value)
	}
	return fmt.Errorf("db_set %q is not known", text)
}

// fillInbox puts three letters into alice's INBOX; more and bigger ones where a row
// fetches or searches.
func (r *run) fillInbox() error {
	c, err := r.w.login("alice")
	if err != nil {
		return err
	}
	defer c.close()
	for i := range 3 {
		body := strings.Repeat("A line of a letter.\r\n", 5)
		if i == 0 && r.c.Phase == "fetch" {
			body = strings.Repeat(strings.Repeat("big ", 18)+"\r\n", 20<<20/74)
		}
		m := fmt.Sprintf("From: bob@%s\r\nTo: alice@%s\r\nSubject: letter %d\r\nMessage-ID: <letter%d@%s>\r\nDate: Mon, 23 Nov 2026 0%d:00:00 +0000\r\n\r\n%s", domain, domain, i, i, domain, i, body)
		if _, ok := c.command(fmt.Sprintf("w%d", i+1), fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(m), m)); !ok {
			return fmt.Errorf("fill INBOX: %s", lastLine(c))
		}
	}
	if r.c.Phase == "search" {
		if _, ok := c.command("w4", "SELECT INBOX"); !ok {
			return fmt.Errorf("fill INBOX: %s", lastLine(c))
		}
		for i := range 9 { // 3 · 2⁹
			if _, ok := c.command(fmt.Sprintf("v%d", i), "COPY 1:* INBOX"); !ok {
				return fmt.Errorf("fill INBOX: %s", lastLine(c))
			}
		}
	}
	return nil
}

func lastLine(c *wire) string {
	b, _ := c.said()
	b = bytes.TrimSpace(b)
	return string(b[bytes.LastIndexByte(b, '\n')+1:])
}

// dialogue plays a row that is octets at a door, and reads what was said.
func (r *run) dialogue() {
	p, err := r.c.play(r.w, whole())
	r.p = p
	if err != nil {
		r.miss("connect: %v", err)
		return
	}
	if r.growth, r.cpu = r.w.used(); p.mute {
		r.growth, r.cpu = p.growth, p.cpu
	}
	if r.forced() {
		r.growth, r.cpu = r.w.used()
	}
	_, r.closed = p.wire.said()
	r.read()
	r.misses = append(r.misses, r.judge()...)
	r.misses = append(r.misses, r.kept()...)
	if bad := p.usable(); bad != "" {
		r.miss("%s", bad)
	}
}

// read reads the dialogue off the wire.
func (r *run) read() {
	if r.p.door.imap {
		r.imap = readIMAP(r.p.wire)
	} else {
		r.smtp = readSMTP(r.p.wire, r.p.door.lmtp)
	}
}

// forced goes on to the end of the transaction in a row about a fault of ours: it is
// not before the message is written that there can be one.
func (r *run) forced() bool {
	if !r.c.mentions(forcedError) || r.c.mentions("DATA\r\n") {
		return false
	}
	w := r.p.wire
	w.write([]byte("DATA\r\n"))
	r.p.sync()
	w.write([]byte("Subject: fault\r\n\r\nx\r\n.\r\n"))
	r.p.sync()
	return true
}

// kept compares what is stored with what was acknowledged, for every row: nothing
// that was not, all that was, and octet by octet.
func (r *run) kept() []string {
	if r.p.door.imap {
		return nil
	}
	var out []string
	want := r.smtp.accepted()
	ids := r.stored(want)
	if got := len(ids); got != want {
		out = append(out, fmt.Sprintf("%d messages are stored, %d were acknowledged", got, want))
	}
	for _, x := range r.smtp.extra {
		if x.code != 421 {
			out = append(out, fmt.Sprintf("a reply that no command asked for: %q", x.text()))
			break
		}
	}
	for _, e := range r.smtp.exchanges {
		if e.verb != "BODY" || e.last().code/100 != 2 {
			continue
		}
		found := false
		data := e.data
		if r.p.door.lmtp {
			data = []byte(lines(bytes.ReplaceAll(data, []byte{0}, []byte("\ufffd")))) // repaired there, not refused
		}
		for _, id := range ids {
			found = found || bytes.HasSuffix(r.w.raw(id), data)
		}
		found = found || r.passedOn(data)
		if !found {
			out = append(out, "the stored octets are not those that were sent")
		}
	}
	return out
}

// passedOn reports whether the smarthost has got a text: of mail that has left as it was
// taken, no copy stays.
func (r *run) passedOn(data []byte) bool {
	_, text := mail.SplitHead(data)
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, t := range r.host.Delivered() {
			if _, got := mail.SplitHead(t.Data); bytes.Equal(got, text) {
				return true
			}
		}
	}
	return false
}

// stored are the messages that were taken, once there are so many or enough time has
// passed: mail that leaves as it is taken gets rows of its own a moment later.
func (r *run) stored(want int) []int {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ids := append(r.w.received(), r.w.submitted()...)
		if len(ids) == want || time.Now().After(end) {
			return ids
		}
	}
}

// bounds are the limits of every row.
func (r *run) bounds() {
	if r.growth > maxGrowth {
		r.miss("memory grew by %d MiB", r.growth>>20)
	}
	if r.cpu > maxCPU && !r.c.has(rate) {
		r.miss("%v of processor time", r.cpu)
	}
	if !r.w.alive() {
		r.miss("the gateway has died")
	}
}

// ending stops the gateway and looks at what can be seen then.
func (r *run) ending() {
	if err := r.w.stop(); err != nil {
		r.miss("the gateway ends with %v", err)
	}
	log := r.w.log.Bytes()
	if i := bytes.Index(log, []byte("panic")); i >= 0 {
		r.miss("the log has a panic: %q", log[max(0, i-100):min(len(log), i+300)])
	}
	if bytes.ContainsFunc(log, func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c == 0x1b }) {
		r.miss("the log has raw control octets")
	}
	for _, pw := range []string{"pw-alice", "pw-bob", alicePlain} {
		if bytes.Contains(log, []byte(pw)) {
			r.miss("the log has a password")
		}
	}
	r.afterwards()
}
