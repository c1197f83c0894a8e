package commands

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var policyNames = []string{"attachment", "context", "cta", "proposal", "nobody-named", "due", "superseded", "storm", "in-person", "tone", "length", "subject"}

// written is the Monday of which testdata is written.
func written(t testing.TB) time.Time {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, 2, 10, 0, 0, 0, zone)
}

// A phrasing is a line of testdata.
type phrasing struct {
	line       int
	want, text string
}

func phrasings(t testing.TB, file string) []phrasing {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []phrasing
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		if strings.HasPrefix(in.Text(), "#") {
			continue
		}
		want, text, ok := strings.Cut(in.Text(), "\t")
		if !ok {
			t.Fatalf("%s:%d: no tab", file, n)
		}
		out = append(out, phrasing{n, want, strings.ReplaceAll(text, `\n`, "\n")})
	}
	return out
}

// A verdict is how well a phrasing was read.
type verdict int

const (
	understood verdict = iota
	cameBack           // with the right command among the nearest
	lostIt             // nothing was done, and the right command is not named
	misread            // something else was done: the worst
)

func judge(p phrasing, r Reading) (verdict, string) {
	var list []string
	for _, c := range r.Commands {
		list = append(list, c.String())
	}
	got := strings.Join(list, "; ")
	kind, trap := strings.CutPrefix(p.want, "? ")
	var nearest []Kind
	for _, b := range r.Back {
		nearest = append(nearest, b.Nearest...)
		got += " | " + b.Text + " (" + b.Why + ") " + strings.Join(strs(b.Nearest), ",")
	}
	switch {
	case trap && len(list) > 0 && p.want != "? help":
		return misread, got
	case trap && kind == "-":
		return understood, got
	case !trap && strings.Join(list, "; ") == p.want:
		return understood, got
	case len(list) > 0:
		return misread, got
	}
	if !trap {
		kind, _, _ = strings.Cut(p.want, " ")
	}
	if slices.Contains(nearest, Kind(strings.TrimSuffix(kind, ";"))) {
		return cameBack, got
	}
	return lostIt, got
}

func strs(list []Kind) []string {
	var out []string
	for _, k := range list {
		out = append(out, string(k))
	}
	return out
}

func score(t *testing.T, file string, wantUnderstood, wantRight int) {
	t.Helper()
	var n [4]int
	all := phrasings(t, file)
	for _, p := range all {
		r := Read(Input{Text: p.text, Now: written(t), Policies: policyNames})
		v, got := judge(p, r)
		trap := strings.HasPrefix(p.want, "?")
		if trap && v == cameBack {
			v = understood
		}
		n[v]++
		switch {
		case v == misread:
			t.Errorf("%s:%d: %q was misread: %s, want %s", file, p.line, p.text, got, p.want)
		case v != understood:
			t.Logf("%s:%d: %q: %s, want %s", file, p.line, p.text, got, p.want)
		}
	}
	t.Logf("%s: of %d phrasings %d as they should be, %d came back with the right command, %d with others, %d misread", file, len(all), n[understood], n[cameBack], n[lostIt], n[misread])
	if n[understood] < wantUnderstood || n[understood]+n[cameBack] < wantRight {
		t.Errorf("%s: %d as they should be, %d right in all: want %d and %d", file, n[understood], n[understood]+n[cameBack], wantUnderstood, wantRight)
	}
}

func TestPhrasings(t *testing.T) { score(t, "testdata/phrasings.txt", 350, 350) }

func TestHeldOut(t *testing.T) { score(t, "testdata/heldout.txt", 104, 105) }

func TestSecond(t *testing.T) { score(t, "testdata/second.txt", 94, 100) }

func TestThird(t *testing.T) { score(t, "testdata/third.txt", 58, 60) }
