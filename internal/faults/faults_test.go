package faults

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/e2e/reconcile"
	"tidepost/e2e/traffic"
)

func TestFaultThatFailsOrIsSkipped(t *testing.T) {
	var out bytes.Buffer
	p := &plan{out: &out, dir: t.TempDir()}
	run := func(name string, f func(*T)) result {
		return (&T{ctx: context.Background(), plan: p, name: name}).run(f)
	}
	var order []string
	results := []result{
		run("F1", func(t *T) {
			t.Cleanup(func() { order = append(order, "first") })
			t.Cleanup(func() { order = append(order, "second") })
			t.say("all well")
		}),
		run("F2", func(t *T) { t.Skipf("no disk") }),
		run("F3", func(t *T) { t.Fatalf("lost\nmail"); t.say("not reached") }),
		run("F4", func(*T) { panic("bug") }),
		run("F5", func(t *T) { t.Cleanup(func() { t.Error("in cleanup") }) }),
	}
	if table(&out, results) {
		t.Error("the table says that nothing failed")
	}
	var got []string
	for _, r := range results {
		got = append(got, r.verdict+" "+r.what)
	}
	want := []string{"PASS all well", "SKIP no disk", "FAIL lost mail", "FAIL panic: bug", "FAIL in cleanup"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"second", "first"}, order); d != "" {
		t.Error(d)
	}
	if !strings.HasSuffix(out.String(), "1 passed, 3 failed, 1 skipped\n") {
		t.Errorf("the last line is another:\n%s", out.String())
	}
}

func TestRepeatsOfEachKill(t *testing.T) {
	at := func(s int) time.Time { return time.Date(2026, 11, 23, 9, 0, s, 0, time.UTC) }
	hand := func(id string, s, code int) reconcile.Handover {
		return reconcile.Handover{ID: id, To: []string{"a@x.example"}, Seen: at(s), Code: code}
	}
	f := reconcile.Facts{Handovers: []reconcile.Handover{
		hand("a", 1, 250), hand("b", 2, 0), hand("c", 3, 250), hand("a", 12, 250), hand("b", 13, 250), hand("c", 25, 250), hand("a", 26, 250),
	}}
	if got := repeatsOf(f, []time.Time{at(5), at(10), at(20)}); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("got %v", got)
	}
	if got := traffic.Repeats(f); got != 3 {
		t.Errorf("%d repeats, want 3", got)
	}
}

func TestWhatIsInDoubt(t *testing.T) {
	d := newDoubter()
	d.wrote([]byte("\x00page load1@load.example and load2@load.example"))
	d.syncs(7)
	d.wrote([]byte("load3@load.example"))
	d.ends(8, true) // some other call of another thread
	if got := d.inDoubt(); !slices.Equal(got, []string{"load1@load.example", "load2@load.example", "load3@load.example"}) {
		t.Errorf("while the sync runs: %q", got)
	}
	d.ends(7, true)
	d.wrote([]byte("load1@load.example load4@load.example"))
	if got := d.inDoubt(); !slices.Equal(got, []string{"load3@load.example", "load4@load.example"}) {
		t.Errorf("behind it: %q", got)
	}
	d.syncs(7)
	d.ends(7, false)
	if got := d.inDoubt(); len(got) != 2 {
		t.Errorf("behind one that failed: %q", got)
	}
	if got := inDoubt("fsync tidepost.db-wal doubt=load3@load.example,load4@load.example again"); len(got) != 2 {
		t.Errorf("read back: %q", got)
	}
}

func TestMailsOfAReport(t *testing.T) {
	report := "Reporting-MTA: dns; x\r\n\r\nMessage-ID: <load2@load.example>\r\nSubject: x\r\nmessage-id: <load1@load.example>\r\n"
	if d := cmp.Diff([]string{"load1@load.example", "load2@load.example"}, midsIn(report)); d != "" {
		t.Error(d)
	}
}

// A traced shell arms its tracer and is killed at its second write: the third file
// stays empty of it.
func TestTraceKillsAtTheNthCall(t *testing.T) {
	if err := canTrace(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	o := traceOptions{report: filepath.Join(dir, "hit"), do: "kill", at: 2, calls: map[string]bool{"write": true},
		argv: []string{"sh", "-c", `cd "$0" && echo 0 > zero && kill -USR1 $PPID && sleep 0.3; echo 1 > one; echo 2 > two; echo 3 > three`, dir}}
	code := make(chan int, 1)
	go func() {
		c, err := traceProgram(o)
		if err != nil {
			t.Error(err)
		}
		code <- c
	}()
	if got := <-code; got != 128+9 {
		t.Errorf("exit code %d, want 137", got)
	}
	hit, err := os.ReadFile(o.report)
	if err != nil || !strings.HasPrefix(string(hit), "write two ") {
		t.Errorf("hit %q, %v; want the write of two", hit, err)
	}
	for name, want := range map[string]string{"zero": "0\n", "one": "1\n", "two": ""} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "three")); !os.IsNotExist(err) {
		t.Errorf("the shell went on: %v", err)
	}
}

func TestTraceLetsACallFail(t *testing.T) {
	if err := canTrace(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	o := traceOptions{report: filepath.Join(dir, "hit"), do: "eio", at: 1, calls: map[string]bool{"write": true},
		argv: []string{"sh", "-c", `cd "$0" && kill -USR1 $PPID && sleep 0.3; echo 1 > one; test $? != 0 && exit 7`, dir}}
	code := make(chan int, 1)
	go func() {
		c, err := traceProgram(o)
		if err != nil {
			t.Error(err)
		}
		code <- c
	}()
	if got := <-code; got != 7 {
		t.Errorf("exit code %d, want 7: the write should have failed", got)
	}
}
