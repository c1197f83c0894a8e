package imapd

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"tidepost/internal/testkit"
)

// TestDialogues plays testdata/dialogues, each in a world of its own.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			d, err := testkit.ReadDialogue(f)
			if err != nil {
				t.Fatal(err)
			}
			passwordHash() // takes its time outside of the bubble
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if err := d.Play(w.stage()); err != nil {
					t.Errorf("%v\n%s", err, w.logs)
				}
			})
		})
	}
}
