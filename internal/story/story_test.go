package story

import (
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stories are the files to play instead of ../../scenarios: `make scenarios STORIES=…`.
var stories = flag.String("stories", "../../scenarios", "a story file, or a folder of them")

// files lists the stories below a path.
func files(path string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (p == path || strings.HasSuffix(p, ".txt")) {
			out = append(out, p)
		}
		return err
	})
	slices.Sort(out)
	return out, err
}

// sample is how many files with -short, as under the race detector, one is played of.
const sample = 6

// TestScenarios plays every story; with -short some.
func TestScenarios(t *testing.T) {
	list, err := files(*stories)
	if err != nil || len(list) == 0 {
		t.Fatalf("no stories in %s: %v", *stories, err)
	}
	for n, f := range list {
		if testing.Short() && n%sample != 0 {
			continue
		}
		read, err := ReadFile(f)
		name := strings.TrimSuffix(filepath.Base(f), ".txt")
		if err != nil {
			t.Run(name, func(t *testing.T) { t.Fatal("\n" + err.Error()) })
			continue
		}
		for i, s := range read {
			if len(read) > 1 {
				name = fmt.Sprintf("%s/%d-%s", strings.TrimSuffix(filepath.Base(f), ".txt"), i+1, s.Title)
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s.Play(t)
			})
		}
	}
}
