package mirror_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/internal/fakehost"
)

// TestNothingIsLostOrDoubled lets a person work in their account for a day while mail
// comes, the connection breaks at any command, with and without its effect, and Tidepost
// is stopped and started; then everything that came is there once.
func TestNothingIsLostOrDoubled(t *testing.T) {
	seeds := 6
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(t, func(w *world) { soak(w, rand.New(rand.NewPCG(uint64(seed), 7))) })
		})
		if seed > 0 {
			continue
		}
		t.Run(fmt.Sprint(seed, " without MOVE"), func(t *testing.T) {
			play(t, func(w *world) {
				w.host.SetOld(true)
				soak(w, rand.New(rand.NewPCG(uint64(seed), 7)))
			})
		})
	}
}

// A fate is what the person did last with a message that came.
type fate struct {
	mid     string
	deleted bool
}

func soak(w *world, r *rand.Rand) {
	cuts, luck := 0, rand.New(rand.NewPCG(r.Uint64(), 1)) // The account's own: it is asked from elsewhere.
	w.host.SetCut(func(op string) fakehost.Cut {
		if luck.IntN(25) > 0 || op == "IDLE" && luck.IntN(10) > 0 {
			return fakehost.Whole
		}
		cuts++
		return fakehost.Cut(1 + luck.IntN(2))
	})
	w.host.MakeFolder("Projects")
	var fates []*fate
	for i := range 60 {
		switch r.IntN(9) {
		case 0, 1:
			fates = append(fates, &fate{mid: w.arrives("INBOX", fmt.Sprintf("Mail %d", i))})
		case 2:
			fates = append(fates, &fate{mid: w.arrives("Tidepost/Next delivery", fmt.Sprintf("Filed %d", i))})
		case 3:
			w.sends("mei", "ana@team.example", fmt.Sprintf("From Mei %d", i), "Ana, can you send me the contract by Friday?")
		case 4:
			w.sends("ana", "mei@team.example", fmt.Sprintf("To Mei %d", i), "Here is the budget.")
		case 5, 6:
			if len(fates) > 0 {
				w.toss(r, fates[r.IntN(len(fates))])
			}
		case 7:
			w.drag(r)
		case 8:
			if r.IntN(3) == 0 {
				w.stop()
				w.start()
			}
		}
		w.wait(time.Duration(r.IntN(20*60)) * time.Second)
	}
	w.host.SetCut(nil)
	w.wait(30 * time.Minute)
	if cuts < 20 {
		w.t.Errorf("only %d cuts", cuts)
	}
	for _, f := range fates {
		var at []string
		for _, name := range w.host.Folders() {
			if name == "Tidepost/Needs reply" || name == "Tidepost/Waiting for others" {
				continue
			}
			for _, v := range w.host.Folder(name) {
				if v.MID == f.mid && !slices.Contains(v.Flags, `\Deleted`) { // An old server can only mark what it removes.
					at = append(at, name)
				}
			}
		}
		if f.deleted && len(at) > 1 || !f.deleted && len(at) != 1 {
			w.must(fmt.Errorf("%s (deleted %t) is in %q after %d cuts", f.mid, f.deleted, at, cuts))
		}
	}
	w.agrees()
	for _, bad := range []string{"come to rest", "panicked", "level=ERROR"} {
		if strings.Contains(strings.ReplaceAll(w.logs.String(), "level=ERROR msg=alarm what=\"Sieve at", ""), bad) { // There is none.
			w.must(fmt.Errorf("the log says %q", bad))
		}
	}
}

// toss moves a message that came to wherever.
func (w *world) toss(r *rand.Rand, f *fate) {
	if w.host.Copies(f.mid) > 1 {
		return // In the middle of a move without MOVE: whoever takes one of the two has two.
	}
	for _, name := range w.host.Folders() {
		if !slices.ContainsFunc(w.host.Folder(name), func(v fakehost.View) bool { return v.MID == f.mid }) {
			continue
		}
		to := []string{"INBOX", "Archive", "Trash", "Projects", "Tidepost/Remind me/Tomorrow", "Tidepost/Scheduled/Send now", "Tidepost/Needs reply", ""}[r.IntN(8)]
		if to == "" {
			w.must(w.host.Delete(name, f.mid))
			f.deleted = true
		} else if to != name && slices.Contains(w.host.Folders(), to) {
			w.must(w.host.Move(name, f.mid, to))
		}
		return
	}
}

// drag moves a waiting mail.
func (w *world) drag(r *rand.Rand) {
	for _, v := range w.host.Folder("Tidepost/Scheduled") {
		if strings.HasPrefix(v.Subject, "To Mei") {
			to := []string{"Drafts", "Trash", "Tidepost/Scheduled/Send now", "Tidepost/Scheduled/Send Monday", "Projects"}[r.IntN(5)]
			w.must(w.host.Move("Tidepost/Scheduled", v.MID, to))
			return
		}
	}
}

// agrees checks that what waits in the store is in the account, once.
func (w *world) agrees() {
	w.t.Helper()
	for _, name := range w.host.Folders() {
		if !strings.HasPrefix(name, "Tidepost/") {
			continue
		}
		seen := map[string]bool{}
		for _, v := range w.host.Folder(name) {
			if slices.Contains(v.Flags, `\Deleted`) {
				continue
			}
			if seen[v.MID] {
				w.must(fmt.Errorf("%s is in %s twice", v.MID, name))
			}
			seen[v.MID] = true
		}
	}
	for _, name := range []string{"Tidepost/Scheduled/Send now", "Tidepost/Scheduled/Send Monday"} {
		for _, v := range w.host.Folder(name) {
			if !slices.Contains(v.Flags, `\Deleted`) {
				w.must(fmt.Errorf("%s holds %s", name, v.Subject))
			}
		}
	}
}
