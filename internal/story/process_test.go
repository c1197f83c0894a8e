package story

import (
	"flag"
	"os"
	"testing"
	"time"

	"tidepost/internal/bubble"
)

// program is the gateway by which TestByProcesses plays; it and this test live in a bubble.
var program = flag.String("program", "", "the gateway, built for a bubble (make week)")

// TestByProcesses plays one story by the program that ships, over real sockets and by its
// command line: make week.
func TestByProcesses(t *testing.T) {
	if *program == "" || os.Getenv(bubble.Variable) == "" {
		t.Skip("needs a program that was built for a bubble, and one: make week")
	}
	read, err := ReadFile(*stories)
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	for i := range read {
		s := &read[i]
		passwordHash()
		dir := scratch(t)
		o, err := newOutside(t, *program, dir)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, story: s, dir: dir, zone: s.cast.zone, mails: map[string]*sent{}, logs: &logBook{}, outside: o}
		if err := w.live(); err != nil {
			t.Errorf("%s, at %s:\n%v", s.Title, time.Now().Format(time.RFC3339), err)
		}
		t.Logf("kill -9: %d times", o.kills)
	}
}
