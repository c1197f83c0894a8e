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
		t, err := time.Parse(layout, v)
		if err != nil {
			return fmt.Errorf("read time: %w", err)
		}
		*s = stamp(t)
		return nil
	}
	return fmt.Errorf("read time: unexpected %T", src)
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
