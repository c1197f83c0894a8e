package mirror_test

import (
	"bytes"
	"testing"
	"time"

	"tidepost/remote"
)

// What the provider will not have keeps nothing else from the account, and its reader
// hears of it once.
func TestMailThatTheProviderRefuses(t *testing.T) {
	for name, why := range map[string]error{"too large": remote.ErrTooLarge, "refused": remote.ErrRefused} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				tries := 0
				w.host.SetDeny(func(_ string, text []byte) error {
					if bytes.Contains(text, []byte("Subject: The film\r\n")) {
						tries++
						return why
					}
					return nil
				})
				w.sends("mei", "ana@team.example", "The film", "Ana, here is the film.")
				w.wait(2 * time.Minute)
				w.sends("mei", "ana@team.example", "The plan", "Ana, here is the plan.")
				w.until(17, 30)
				if !w.has("INBOX", "The plan") {
					t.Errorf("the other mail is not there: %q", w.subjects("INBOX"))
				}
				if n := count(w.subjects("INBOX"), "Not in your mailbox: The film"); n != 1 {
					t.Errorf("told %d times: %q", n, w.subjects("INBOX"))
				}
				if tries > 3 {
					t.Errorf("tried %d times", tries)
				}
			})
		})
	}
}

// A full account is not asked again for each message that waits.
func TestFullAccountIsAskedOnce(t *testing.T) {
	play(t, func(w *world) {
		tries := 0
		w.host.SetDeny(func(string, []byte) error { tries++; return remote.ErrFull })
		for range 12 {
			w.sends("mei", "ana@team.example", "The plan", "Ana, here is the plan.")
		}
		w.wait(8 * time.Minute)
		if tries > 2 {
			t.Errorf("%d messages went to an account that takes no more", tries)
		}
	})
}
