package store

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"time"
)

const (
	// unpackMany is how much express mail that has landed is unpacked together, if it
	// does not have to be sooner.
	unpackMany = 64
	// unpackOctets is how much of its text may be packed: pages that are free again are
	// written again, and need not be written back meanwhile.
	unpackOctets = 1 << 20
	// unpackAfter is how long it may stay packed.
	unpackAfter = 100 * time.Millisecond
)

// flights are the express mail that this process has launched and that is not unpacked,
// as the writer knows it. What a transaction changes counts after its COMMIT (keep).
type flights struct {
	b    *bulk
	up   map[int64]*Express // by id of the submission
	mids map[string]struct{}
	done int  // of up have landed
	size int  // octets of their text, still on the disk
	due  bool // what has landed is unpacked by the next transaction

	version int64 // PRAGMA data_version: another process has written if it changes
	last    int64 // highest id of a submission; 0: must be asked

	// Of the running transaction.
	launched []*Express
	landed   []*job
	unpacked []*Express
	asked    int64 // what last becomes
}

// waiting reports whether something has landed.
func (f *flights) waiting() bool { return f.done > 0 }

// look notices what other processes have done. Express mail of theirs is unpacked: it
// is a dead one's, or its server can live with it.
func (f *flights) look() error {
	if f.up == nil {
		f.up, f.mids = map[int64]*Express{}, map[string]struct{}{}
	}
	f.asked = f.last
	var version int64
	if err := f.b.exec(`PRAGMA data_version`, func(v driver.Value) { version, _ = v.(int64) }); err != nil {
		return fmt.Errorf("look for other writers: %w", err)
	}
	if version == f.version {
		return nil
	}
	f.version, f.asked = version, 0
	there := map[int64]bool{}
	if err := f.b.exec(`SELECT id FROM express`, func(v driver.Value) { there[v.(int64)] = true }); err != nil {
		return fmt.Errorf("look for other writers: %w", err)
	}
	for id, x := range f.up {
		if !there[id] {
			f.drop(x) // Somebody has unpacked it.
		}
		delete(there, id)
	}
	var foreign []*Express
	for id := range there {
		x, err := f.b.readExpress(id)
		if err != nil {
			return err
		}
		foreign = append(foreign, x)
	}
	slices.SortFunc(foreign, func(a, b *Express) int { return int(a.Submission.ID - b.Submission.ID) })
	return f.b.unpack(foreign)
}

// readExpress reads a mail that a process before this one, or another one, has written.
func (b *bulk) readExpress(id int64) (*Express, error) {
	var parts [4][]byte
	for i, column := range []string{"CAST(record AS BLOB)", "head", "rendition", "body"} {
		err := b.exec(`SELECT `+column+` FROM express WHERE id = ?`, func(v driver.Value) { parts[i], _ = v.([]byte) }, id)
		if err != nil {
			return nil, fmt.Errorf("read express mail %d: %w", id, err)
		}
	}
	x, err := decodeExpress(id, parts[0], parts[1], parts[2], parts[3])
	if err != nil {
		return nil, err
	}
	var landed []byte
	err = b.exec(`SELECT CAST(record AS BLOB) FROM landed WHERE id = ?`, func(v driver.Value) { landed, _ = v.([]byte) }, id)
	if err != nil || landed == nil {
		return x, err
	}
	x.landing, err = decodeLanding(x, landed)
	return x, err
}

// land writes what has come of mail.
func (f *flights) land(batch []*job) error {
	var values []driver.Value
	for _, j := range batch {
		if j.landing == nil {
			continue
		}
		id := j.launch.Submission.ID
		if f.up[id] != j.launch {
			j.err = ErrUnpacked
			continue
		}
		j.err = nil
		values = append(values, id, string(j.landing.record))
		f.landed = append(f.landed, j)
	}
	if err := f.b.insert(`INSERT INTO landed (id, record)`, 2, values); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	return nil
}

// unpack writes the rows of mail that has landed when there is enough of it, or of all
// mail. What this very transaction has landed stays packed in the first case.
func (f *flights) unpack(all bool) error {
	if !all && !f.due && f.done < unpackMany && f.size < unpackOctets {
		return nil
	}
	for _, j := range f.landed {
		if all {
			j.launch.landing = j.landing
		}
	}
	for _, x := range f.up {
		if all || x.landing != nil {
			f.unpacked = append(f.unpacked, x)
		}
	}
	slices.SortFunc(f.unpacked, func(a, b *Express) int { return int(a.Submission.ID - b.Submission.ID) })
	if all {
		f.asked = 0 // A closure may give ids to submissions.
	}
	return f.b.unpack(f.unpacked)
}

// launch writes new mail, unless its Message-ID is known.
func (f *flights) launch(batch []*job) error {
	var mids, subjects []driver.Value
	var jobs []*job
	for _, j := range batch {
		if j.launch == nil || j.landing != nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		mid := j.launch.Submission.MID
		if _, known := f.mids[mid]; known || slices.Contains(mids, driver.Value(mid)) {
			j.err = ErrKnown
			continue
		}
		mids, jobs, subjects = append(mids, mid), append(jobs, j), j.launch.Ref.Told.subject(subjects)
	}
	if len(jobs) == 0 {
		return nil
	}
	known := map[driver.Value]bool{}
	if err := f.b.where(knownMIDs, mids, func(v driver.Value) { known[text(v)] = true }); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	bare, err := f.b.bareAnswers(subjects)
	if err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	if err := f.ask(); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	var values []driver.Value
	for _, j := range jobs {
		if known[j.launch.Submission.MID] || bare.may(j.launch.Ref.Told) {
			j.err = ErrKnown
			continue
		}
		if j.err = f.render(j.launch, f.asked+1); j.err != nil {
			continue
		}
		f.asked++
		x := j.launch
		values = append(values, x.Submission.ID, string(x.record), notNil(x.Head), notNil(x.Rendition), notNil(x.Body))
		f.launched = append(f.launched, x)
	}
	if err := f.b.insert(`INSERT INTO express (id, record, head, rendition, body)`, 5, values); err != nil {
		return fmt.Errorf("launch: %w", err)
	}
	return nil
}

// ask looks up the highest id of a submission, unless it is known.
func (f *flights) ask() error {
	if f.asked != 0 {
		return nil
	}
	return f.b.exec(`SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'submission'), 0), coalesce((SELECT max(id) FROM express), 0))`,
		func(v driver.Value) { f.asked, _ = v.(int64) })
}

func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// render gives a mail its id and the head it leaves with. A panic is this mail's error.
func (f *flights) render(x *Express, id int64) error {
	x.Submission.ID = id
	return guarded(func(*Tx) error {
		x.Rendition = x.Render(id)
		return nil
	}, nil)
}

// keep makes what the transaction did what is known: it is on the disk.
func (f *flights) keep() {
	for _, j := range f.landed {
		x := j.launch
		x.landing, x.octets = j.landing, len(x.Body)
		x.Body, x.Rendition = nil, nil
		f.done, f.size = f.done+1, f.size+x.octets
	}
	for _, x := range f.unpacked {
		f.drop(x)
	}
	for _, x := range f.launched {
		x.record = nil
		f.up[x.Submission.ID] = x
		f.mids[x.Submission.MID] = struct{}{}
	}
	f.last, f.due = f.asked, false
	f.clean()
}

// forget is what a lost transaction leaves behind.
func (f *flights) forget() {
	for _, j := range f.landed {
		j.launch.landing = nil
	}
	f.last, f.version = 0, 0 // Foreign mail must be looked for again.
	f.clean()
}

func (f *flights) clean() {
	clear(f.launched)
	clear(f.landed)
	clear(f.unpacked)
	f.launched, f.landed, f.unpacked = f.launched[:0], f.landed[:0], f.unpacked[:0]
}

func (f *flights) drop(x *Express) {
	if x.landing != nil {
		f.done, f.size = f.done-1, f.size-x.octets
	}
	delete(f.up, x.Submission.ID)
	delete(f.mids, x.Submission.MID)
}

func (f *flights) close() {
	if f.b != nil {
		f.b.close()
	}
}
