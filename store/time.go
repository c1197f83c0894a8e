package store

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// layout is fixed-width, so that order by text is order by time.
const layout = "2006-01-02T15:04:05.000Z"

// A stamp is an instant in a column; the zero time is NULL. Instants are cut to
// the millisecond.
type stamp time.Time

// Value implements driver.Valuer.
func (s stamp) Value() (driver.Value, error) {
	t := time.Time(s)
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format(layout), nil
}

// Scan implements sql.Scanner.
func (s *stamp) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s = stamp{}
		return nil
	case string:
		t, ok := readStamp(v)
		if !ok {
			var err error
			if t, err = time.Parse(layout, v); err != nil {
				return fmt.Errorf("read time: %w", err)
			}
		}
		*s = stamp(t)
		return nil
	}
	return fmt.Errorf("read time: unexpected %T", src)
}

// readStamp reads what Value writes, digit by digit: time.Parse takes several times as
// long, and every row has some times. ok is false for anything else.
func readStamp(s string) (t time.Time, ok bool) {
	if len(s) != len(layout) {
		return t, false
	}
	var f [7]int // year to millisecond
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && layout[i] >= '0' && layout[i] <= '9':
			f[n] = 10*f[n] + int(c-'0')
		case c == layout[i] && n < len(f):
			n++
		default:
			return t, false
		}
	}
	t = time.Date(f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], f[6]*1e6, time.UTC)
	same := t.Day() == f[2] && int(t.Month()) == f[1] && t.Hour() == f[3] && t.Minute() == f[4] && t.Second() == f[5]
	return t, same
}

// A nullID is a foreign key that may be absent; 0 is NULL.
type nullID int64

// Value implements driver.Valuer.
func (n nullID) Value() (driver.Value, error) {
	if n == 0 {
		return nil, nil
	}
	return int64(n), nil
}

// Scan implements sql.Scanner.
func (n *nullID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*n = 0
		return nil
	case int64:
		*n = nullID(v)
		return nil
	}
	return fmt.Errorf("read id: unexpected %T", src)
}
