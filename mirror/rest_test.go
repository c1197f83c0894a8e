package mirror_test

import (
	"sync"
	"testing"
	"time"

	"tidepost/internal/fakehost"
	"tidepost/mirror"
	"tidepost/remote"
)

// counting counts the commands that an account is sent.
type counting struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counting) count(op string) fakehost.Cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[op]++
	return fakehost.Whole
}

// since returns what was sent since the last call.
func (c *counting) since() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = map[string]int{}
	return n
}

// TestQuietAccountIsLeftAlone: an hour in which nothing happens costs a few commands, and
// what the person then does is seen soon, also where the server tells of nothing.
func TestQuietAccountIsLeftAlone(t *testing.T) {
	for _, kind := range []struct {
		name  string
		mute  bool
		looks int           // at the folders, in an hour
		soon  time.Duration // until a move is followed
	}{{"told", false, 40, 3 * time.Second}, {"looked at", true, 160, 31 * time.Second}} {
		t.Run(kind.name, func(t *testing.T) {
			play(t, func(w *world) {
				w.stop()
				w.host.SetMute(kind.mute)
				w.start()
				w.until(20, 0)
				w.sends("ana", "mei@team.example", "Budget", "Here is the budget.")
				w.wait(30 * time.Minute)
				c := &counting{}
				w.host.SetCut(c.count)
				c.since()
				w.wait(time.Hour)
				n := c.since()
				if n["STATUS"] > kind.looks || n["LIST"] > 8 || n["SELECT"] > 16 || n["FETCH BODY"] > 1 || n["STATUS"] == 0 {
					t.Errorf("an hour of quiet: %v", n)
				}
				w.host.SetCut(nil)
				w.must(w.host.Move("Tidepost/Scheduled", "Budget", "Drafts"))
				w.wait(kind.soon)
				if !w.has("INBOX", "Not sent: Budget") {
					t.Errorf("after %s INBOX holds %q", kind.soon, w.subjects("INBOX"))
				}
				w.want("Drafts", "Budget")
			})
		})
	}
}

// TestWhatPassesIsBackSoon: where a script files new mail before INBOX, what passes is back
// within five seconds, however quiet the account was and whatever the server tells.
func TestWhatPassesIsBackSoon(t *testing.T) {
	for name, mute := range map[string]bool{"told": false, "looked at": true} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.stop()
				w.host.SetMute(mute)
				w.scripts = func(remote.Account) (mirror.Scripts, error) { return &scripts{}, nil }
				w.start()
				w.wait(2 * time.Hour)
				w.arrives("Tidepost/Next delivery", "Your sign-in code is 123456", "Auto-Submitted: auto-generated")
				w.wait(5 * time.Second)
				if !w.has("INBOX", "Your sign-in code is 123456") {
					t.Errorf("INBOX holds %q", w.subjects("INBOX"))
				}
			})
		})
	}
}
