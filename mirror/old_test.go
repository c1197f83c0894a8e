package mirror_test

import (
	"slices"
	"testing"
	"time"

	"tidepost/internal/fakehost"
)

// A move on a server without MOVE is a copy and a removal: between the two the message
// stands in both folders.
func TestConnectionLostBetweenCopyAndRemovalDoublesNothing(t *testing.T) {
	for _, lost := range []string{"COPY", "STORE", "EXPUNGE"} {
		for _, cut := range []fakehost.Cut{fakehost.Before, fakehost.After} {
			t.Run(lost, func(t *testing.T) {
				play(t, func(w *world) {
					w.host.SetOld(true)
					w.arrives("INBOX", "Figures")
					w.wait(30 * time.Second)
					w.want("Tidepost/Next delivery", "Figures")
					w.until(12, 59)
					cuts := 0
					w.host.SetCut(func(op string) fakehost.Cut {
						if op != lost || cuts == 3 || time.Now().UTC().Hour() < 13 {
							return fakehost.Whole
						}
						cuts++
						return cut
					})
					w.until(13, 30)
					if n := count(w.subjects("INBOX"), "Figures"); n != 1 || cuts == 0 {
						t.Errorf("INBOX holds it %d times after %d cuts: %q", n, cuts, w.subjects("INBOX"))
					}
					w.want("Tidepost/Next delivery")
				})
			})
		}
	}
}

// What the person marked as deleted keeps such a server from removing what we marked.
func TestWhatStaysMarkedIsNotDeliveredAgain(t *testing.T) {
	play(t, func(w *world) {
		w.host.SetOld(true)
		w.host.Import("Tidepost/Next delivery", []byte("From: x@y.example\r\nSubject: Old\r\nMessage-ID: <old@y>\r\n\r\nOld.\r\n"),
			time.Now().Add(-9*24*time.Hour), `\Deleted`)
		w.arrives("INBOX", "Figures")
		w.wait(30 * time.Second)
		w.until(16, 30)
		if n := count(w.subjects("INBOX"), "Figures"); n != 1 {
			t.Errorf("INBOX: %q", w.subjects("INBOX"))
		}
		for _, v := range w.host.Folder("Tidepost/Next delivery") {
			if !slices.Contains(v.Flags, `\Deleted`) {
				t.Errorf("%s waits", v.Subject)
			}
		}
	})
}
