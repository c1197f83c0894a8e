package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

func TestPruneKeepsTheNewestAndWhatIsNotIts(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tidepost-20261123T090000Z.db", "tidepost-20261123T100000Z.db", "tidepost-20261122T235959Z.db",
		"mine.db", "tidepost-20261122T235959Z.db.part"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := prune(dir, 2)
	if diff := cmp.Diff([]string{"tidepost-20261122T235959Z.db"}, removed); err != nil || diff != "" {
		t.Error(err, diff)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Errorf("%d files left, %v", len(left), err)
	}
	if removed, err = prune(dir, 2); err != nil || len(removed) != 0 {
		t.Errorf("removed again: %v, %v", removed, err)
	}
}

// A copy at once and one at each full hour; a copy that fails is reported and costs no
// older one; ^C ends it without an error.
func TestRotateThroughTheDay(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	from, away := filepath.Join(data, store.File), filepath.Join(data, "away")
	copies := filepath.Join(dir, "copies")
	names := func() (out []string) {
		t.Helper()
		entries, err := os.ReadDir(copies)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	synctest.Test(t, func(t *testing.T) { // It is midnight, 1 January 2000, UTC.
		time.Sleep(20 * time.Minute)
		ctx, stop := context.WithCancel(t.Context())
		var out, errw bytes.Buffer
		a := &app{out: &out, err: &errw}
		c := &backupCmd{To: copies, Every: time.Hour, Keep: 3}
		done := make(chan error, 1)
		go func() { done <- c.rotate(ctx, a, from) }()
		synctest.Wait()
		if diff := cmp.Diff([]string{"tidepost-20000101T002000Z.db"}, names()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		whole := []string{"tidepost-20000101T010000Z.db", "tidepost-20000101T020000Z.db", "tidepost-20000101T030000Z.db"}
		if diff := cmp.Diff(whole, names()); diff != "" {
			t.Error(diff)
		}
		if err := os.Rename(from, away); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if diff := cmp.Diff(whole, names()); diff != "" || strings.Count(errw.String(), "tidepost: backup") != 2 {
			t.Errorf("%s\n%s", diff, &errw)
		}
		if err := os.Rename(away, from); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]string{whole[1], whole[2], "tidepost-20000101T060000Z.db"}, names()); diff != "" {
			t.Error(diff)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := strings.Count(out.String(), "whole and verified"); n != 5 {
			t.Errorf("%d copies were reported:\n%s", n, &out)
		}
	})
}
