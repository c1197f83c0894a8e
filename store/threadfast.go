package store

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
)

// What express and held mail need of threads: it begins one, names nobody, and nobody
// has named it.

// insertFirst writes the refs of such mail, each of firstFields values.
const (
	insertFirst = `INTO thread_ref (mid, thread_id, rank, here, subject, written, people)`
	firstFields = 7
)

// first is the row of a message that begins a thread.
func (r Ref) first(mid string, thread int64) []driver.Value {
	told := r.Told.values()
	return []driver.Value{mid, thread, int64(r.Rank), int64(1), told[0], told[1], told[2]}
}

// knownMIDs asks which of a set of Message-IDs were seen before.
const knownMIDs = `SELECT mid FROM thread_ref WHERE mid IN (*) UNION ALL SELECT mid FROM submission WHERE mid IN (*) AND mid <> ''`

// subject adds the subject to a list.
func (t *Told) subject(list []driver.Value) []driver.Value {
	if t == nil || slices.Contains(list, driver.Value(t.Subject)) {
		return list
	}
	return append(list, t.Subject)
}

// A bareSet says when the last answer without references to a subject was written.
type bareSet map[string]string

// bareAnswers looks for answers without references: almost always there are none.
func (b *bulk) bareAnswers(subjects []driver.Value) (bareSet, error) {
	out := bareSet{}
	err := b.where(`SELECT max(written) || subject FROM thread_ref WHERE subject IN (*) AND bare = 1 GROUP BY subject`, subjects, func(v driver.Value) {
		if s := text(v); len(s) > len(layout) {
			out[s[len(layout):]] = s[:len(layout)]
		}
	})
	if err != nil {
		return nil, fmt.Errorf("look for bare answers: %w", err)
	}
	return out, nil
}

// may reports whether one of them may be an answer to a message that comes behind it.
func (s bareSet) may(t *Told) bool {
	if t == nil {
		return false
	}
	last, ok := s[t.Subject]
	return ok && strings.Compare(last, t.Written.UTC().Format(layout)) >= 0
}
