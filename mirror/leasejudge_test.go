package mirror

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tidepost/remote"
)

func TestWhoTendsAnAccount(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	me := claimant{who: "here", instance: "me", dead: map[string]bool{"past": true}}
	at := func(uid remote.UID, who, instance, state string, ago time.Duration) lease {
		return lease{uid: uid, who: who, instance: instance, state: state, when: now.Add(-ago)}
	}
	for _, c := range []struct {
		name string
		all  []lease
		want leaseStep
		gone int
	}{
		{"nobody was here", nil, takeLease, 0},
		{"our own of an earlier version", []lease{at(1, "here", "", "", time.Hour)}, takeLease, 1},
		{"who ran here before", []lease{at(1, "here", "past", stateHolds, time.Minute)}, takeLease, 1},
		{"ours", []lease{at(1, "here", "me", stateHolds, time.Minute)}, holdLease, 0},
		{"ours, old", []lease{at(1, "here", "me", stateHolds, 7*time.Hour)}, renewLease, 1},
		{"another installation", []lease{at(1, "there", "x", stateHolds, 23*time.Hour)}, standBack, 0},
		{"another installation, long gone", []lease{at(1, "there", "x", stateHolds, 25*time.Hour)}, takeLease, 0},
		{"a copy, perhaps", []lease{at(1, "here", "twin", stateHolds, time.Hour)}, claimLease, 0},
		{"a copy, long gone", []lease{at(1, "here", "twin", stateHolds, 25*time.Hour)}, takeLease, 1},
		{"a copy has been asked", []lease{at(1, "here", "twin", stateHolds, time.Hour), at(2, "here", "me", stateClaim, 30*time.Second)}, waitLease, 0},
		{"a copy did not answer", []lease{at(1, "here", "twin", stateHolds, time.Hour), at(2, "here", "me", stateClaim, claimTime)}, takeLease, 2},
		{"a copy answered", []lease{at(2, "here", "me", stateClaim, 20*time.Second), at(3, "here", "twin", stateHolds, 0)}, standBack, 1},
		{"a copy asked first", []lease{at(1, "here", "twin", stateClaim, 40*time.Second), at(2, "here", "me", stateClaim, 30*time.Second)}, standBack, 1},
		{"a copy asked later", []lease{at(1, "here", "past", stateHolds, time.Hour), at(2, "here", "me", stateClaim, time.Minute), at(3, "here", "twin", stateClaim, 0)}, takeLease, 2},
		{"a copy asked, and ended", []lease{at(1, "here", "twin", stateClaim, time.Hour)}, takeLease, 1},
		{"a copy asks us", []lease{at(1, "here", "me", stateHolds, time.Minute), at(2, "here", "twin", stateClaim, 0)}, renewLease, 1},
		{"a copy was answered", []lease{at(2, "here", "twin", stateClaim, time.Minute), at(3, "here", "me", stateHolds, time.Second)}, holdLease, 0},
		{"a copy took it", []lease{at(2, "here", "twin", stateHolds, 0), at(3, "here", "me", stateHolds, time.Second)}, standBack, 1},
		{"a copy took it too late", []lease{at(2, "here", "me", stateHolds, 0), at(3, "here", "twin", stateHolds, time.Second)}, holdLease, 0},
	} {
		if v := judgeLease(c.all, me, now); v.do != c.want || len(v.remove) != c.gone {
			t.Errorf("%s: %s, removes %v; want %s and %d removed", c.name, v.do, v.remove, c.want, c.gone)
		}
	}
}

// Who ran in a data directory is known there, and not in a copy of it.
func TestInstancesOfADirectory(t *testing.T) {
	dir, twin := t.TempDir(), t.TempDir()
	run := func(dir, self string) map[string]bool {
		t.Helper()
		before, err := succeed(dir, self)
		if err != nil {
			t.Fatal(err)
		}
		return before
	}
	if got := run(dir, "a"); len(got) != 0 {
		t.Errorf("before the first: %v", got)
	}
	run(dir, "b")
	if got := run(dir, "c"); len(got) != 2 || !got["a"] || !got["b"] {
		t.Errorf("before the third: %v", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, instanceFile))
	if err == nil {
		err = os.WriteFile(filepath.Join(twin, instanceFile), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := run(twin, "d"); len(got) != 0 {
		t.Errorf("in a copy: %v", got)
	}
	if got := run(twin, "e"); len(got) != 1 || !got["d"] {
		t.Errorf("in a copy, later: %v", got)
	}
}
