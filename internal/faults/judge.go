package faults

import (
	"database/sql"
	"fmt"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
)

// rows reads a whole answer of the database.
func rows[V any](t *T, db *sql.DB, one func(scan func(...any) error) (V, error), query string) []V {
	out, err := traffic.Rows(db, one, query)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// waiting counts what may leave and has not.
func (s *site) waiting() int {
	return s.count(`SELECT count(*) FROM recipient WHERE state IN ('held', 'sending', 'deferred') AND address <> ?`, mei)
}

// settle waits until everything that may leave has left.
func (l *load) settle(within time.Duration) {
	l.until(within, func() error {
		if n := l.waiting(); n > 0 {
			return fmt.Errorf("%d recipients have not left; %s", n, l.stuck())
		}
		return nil
	})
}

// stuck describes one of those that wait.
func (s *site) stuck() (what string) {
	db := s.open("ro")
	defer db.Close()
	_ = db.QueryRowContext(s.ctx, `SELECT printf('tp%d to %s: %s, due %s, claimed %s, attempt %d, last reply %s', submission_id, address, state,
		coalesce(due, '-'), coalesce(claimed, '-'), attempts, reply) FROM recipient
		WHERE state IN ('held', 'sending', 'deferred') AND address <> ? LIMIT 1`, mei).Scan(&what) // It may have left meanwhile.
	return what
}

// verdict stops the server and reconciles everything, once all is over.
func (l *load) verdict(kills int) reconcile.Facts {
	l.settle(2 * time.Minute)
	l.stop()
	return l.Judge(true, kills)
}
