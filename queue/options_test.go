package queue

import (
	"testing"
	"time"
)

func TestZeroIsTheDefaultAndLessIsNone(t *testing.T) {
	for _, c := range []struct {
		name      string
		in        Options
		grace     time.Duration
		budget    int
		undo, cap time.Duration
	}{
		{"nothing said", Options{}, 30 * time.Minute, 8, 0, 120 * time.Hour},
		{"none", Options{Grace: -1, Budget: -1}, 0, 0, 0, 120 * time.Hour},
		{"said", Options{Grace: time.Minute, Budget: 3, Undo: time.Second, Cap: time.Hour}, time.Minute, 3, time.Second, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.in.withDefaults()
			if o.Grace != c.grace || o.Budget != c.budget || o.Undo != c.undo || o.Cap != c.cap {
				t.Errorf("got grace %s, budget %d, undo %s, cap %s; want %s, %d, %s, %s",
					o.Grace, o.Budget, o.Undo, o.Cap, c.grace, c.budget, c.undo, c.cap)
			}
		})
	}
}
