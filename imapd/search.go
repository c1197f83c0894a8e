package imapd

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

// Limits of a search program; the guard bounds its depth and length as well.
const (
	searchDepth = 100
	searchKeys  = 2000
	searchPage  = 64 // heads read in one snapshot
)

var errSearchTime = no(imap.ResponseCodeLimit, "The search took too long; say more, or search in a smaller folder")

// Search implements SEARCH (RFC 9051 §6.4.4). It asks three times, each time only of
// the messages still in doubt: what the view knows, what the heads say, what the
// texts say.
func (s *Session) Search(kind imapserver.NumKind, c *imap.SearchCriteria, o *imap.SearchOptions) (data *imap.SearchData, err error) {
	err = s.selected("SEARCH", func(v *view) error {
		saved := s.saved // The program itself may name the result before.
		if o.ReturnSave {
			s.saved = nil // It stays so if the search fails (RFC 9051 §6.4.4.4).
		}
		if n := countKeys(c, 0); n > searchKeys {
			return no(imap.ResponseCodeLimit, "The search has too many keys")
		}
		ctx, cancel := context.WithTimeout(s.ctx, s.server.opts.SearchTime)
		defer cancel()
		hits, again := s.found.of(v, c, saved)
		if !again {
			q := &query{ctx: ctx, s: s, v: v, crit: c, saved: saved, spans: map[any][]span{}, narrowed: map[string]map[int64]bool{}}
			hits, err = q.run()
		}
		if errors.Is(err, context.DeadlineExceeded) && s.ctx.Err() == nil {
			return errSearchTime
		}
		if err != nil {
			return err
		}
		s.found = found{v, v.changes, c, saved, hits}
		if o.ReturnSave {
			s.save(v, hits, o)
		}
		data = searchData(v, hits, kind)
		return nil
	})
	return data, err
}

// A found is the last search of a session. Clients ask the same thing again and again,
// for every virtual folder they show; what a message says never changes.
type found struct {
	view    *view
	changes uint64
	crit    *imap.SearchCriteria
	saved   []uint32
	hits    []int
}

// of returns the rows that were found, if the same program was asked of the same rows.
func (f found) of(v *view, c *imap.SearchCriteria, saved []uint32) (hits []int, ok bool) {
	ok = f.view == v && f.changes == v.changes && slices.Equal(f.saved, saved) && reflect.DeepEqual(f.crit, c)
	return f.hits, ok
}

// countKeys counts the keys of a program; one that is too deep counts as too many.
func countKeys(c *imap.SearchCriteria, depth int) int {
	if depth > searchDepth {
		return searchKeys + 1
	}
	n := 1 + len(c.SeqNum) + len(c.UID) + len(c.Header) + len(c.Body) + len(c.Text) + len(c.Flag) + len(c.NotFlag)
	for i := range c.Not {
		n += countKeys(&c.Not[i], depth+1)
	}
	for i := range c.Or {
		n += countKeys(&c.Or[i][0], depth+1) + countKeys(&c.Or[i][1], depth+1)
	}
	return n
}

// A query is a SEARCH that runs.
type query struct {
	ctx      context.Context //nolint:containedctx // lives as long as one command
	s        *Session
	v        *view
	crit     *imap.SearchCriteria
	saved    []uint32                  // what "$" stands for
	spans    map[any][]span            // of the number sets of the program, by where they stand
	last     map[int64]*candidate      // heads of the page before, by message
	narrowed map[string]map[int64]bool // needle: the only messages whose body may hold it; nil: any may
	held     map[string]map[int64]bool // needle: the only messages whose head may hold it; nil: not looked
}

// run returns the rows that fit, ascending.
func (q *query) run() ([]int, error) {
	var sure, doubtful []int
	for i := range q.v.rows {
		if q.v.rows[i].gone {
			continue
		}
		switch q.eval(&candidate{row: i}, q.crit) {
		case yes:
			sure = append(sure, i)
		case maybe:
			doubtful = append(doubtful, i)
		}
	}
	if len(doubtful) == 0 {
		return sure, nil
	}
	if err := q.narrow(q.crit, 0); err != nil {
		return nil, err
	}
	if err := q.skim(doubtful); err != nil {
		return nil, err
	}
	read, all := sure, doubtful
	doubtful = doubtful[:0]
	for _, i := range all {
		if q.eval(&candidate{row: i}, q.crit) != nay {
			doubtful = append(doubtful, i)
		}
	}
	for len(doubtful) > 0 {
		n := min(searchPage, len(doubtful))
		hits, err := q.page(doubtful[:n])
		if err != nil {
			return nil, err
		}
		read = append(read, hits...)
		doubtful = doubtful[n:]
	}
	return ascending(read), nil
}

// page reads heads, and texts where they decide.
func (q *query) page(rows []int) ([]int, error) {
	candidates := make([]*candidate, 0, len(rows))
	// Copies of a message are one message: it is read once a page, and once more
	// never while a page brings the same again.
	read := make(map[int64]*candidate, len(rows))
	err := q.s.db.View(q.ctx, func(tx *store.Tx) error {
		for _, r := range rows {
			id := q.v.rows[r].message
			if c := cmp.Or(read[id], q.last[id]); c != nil {
				again := *c
				again.row, read[id] = r, c
				candidates = append(candidates, &again)
				continue
			}
			l, err := readLetter(tx, q.v.rows[r].message, false)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			c := newCandidate(r, l)
			read[id] = c
			candidates = append(candidates, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.last = read
	var hits []int
	for _, c := range candidates {
		v := q.eval(c, q.crit)
		if v == maybe {
			if err := c.read(q); err != nil {
				return nil, err
			}
			v = q.eval(c, q.crit)
		}
		if v == yes {
			hits = append(hits, c.row)
		}
		if err := q.ctx.Err(); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// narrow asks the full-text index about every needle of the program.
func (q *query) narrow(c *imap.SearchCriteria, depth int) error {
	for _, needle := range append(c.Body[:len(c.Body):len(c.Body)], c.Text...) {
		if _, ok := q.narrowed[needle]; ok || needle == "" {
			continue
		}
		err := q.s.db.View(q.ctx, func(tx *store.Tx) error {
			ids, narrowed, err := tx.SearchText(q.v.box.ID, needle)
			if !narrowed {
				ids = nil
			} else if ids == nil {
				ids = map[int64]bool{}
			}
			q.narrowed[needle] = ids
			return err
		})
		if err != nil {
			return err
		}
	}
	for i := range c.Not {
		if err := q.narrow(&c.Not[i], depth+1); err != nil {
			return err
		}
	}
	for i := range c.Or {
		for j := range c.Or[i] {
			if err := q.narrow(&c.Or[i][j], depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// save keeps what "$" stands for from now on (RFC 9051 §6.4.4.1: with MIN or MAX
// alone, only those).
func (s *Session) save(v *view, hits []int, o *imap.SearchOptions) {
	if len(hits) > 0 && !o.ReturnAll && !o.ReturnCount && (o.ReturnMin || o.ReturnMax) {
		var ends []int
		if o.ReturnMin {
			ends = append(ends, hits[0])
		}
		if o.ReturnMax && (len(hits) > 1 || !o.ReturnMin) {
			ends = append(ends, hits[len(hits)-1])
		}
		hits = ends
	}
	s.saved = make([]uint32, 0, len(hits))
	for _, i := range hits {
		s.saved = append(s.saved, v.rows[i].uid)
	}
}

// searchData is the answer. All must be a typed set, or the library panics.
func searchData(v *view, hits []int, kind imapserver.NumKind) *imap.SearchData {
	nums := make([]uint32, len(hits))
	for i, h := range hits {
		nums[i] = uint32(h + 1)
		if kind == imapserver.NumKindUID {
			nums[i] = v.rows[h].uid
		}
	}
	data := &imap.SearchData{Count: uint32(len(nums))}
	if len(nums) > 0 {
		data.Min, data.Max = nums[0], nums[len(nums)-1]
	}
	uids := uidSet(nums)
	if kind == imapserver.NumKindUID {
		data.All = uids
		return data
	}
	seqs := imap.SeqSet{}
	for _, r := range uids {
		seqs = append(seqs, imap.SeqRange{Start: uint32(r.Start), Stop: uint32(r.Stop)})
	}
	data.All = seqs
	return data
}

// civil is the date of t as a number, without its zone: SEARCH compares dates as
// they are written (RFC 9051 §6.4.4, SENTON).
func civil(t time.Time) int {
	y, m, d := t.Date()
	return y*10000 + int(m)*100 + d
}
