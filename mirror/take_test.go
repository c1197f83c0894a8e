package mirror_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"tidepost/remote"
)

// A message that the provider cannot read, or that makes us fail, keeps no other waiting.
func TestMailThatCannotBeReadGoesToInbox(t *testing.T) {
	for name, fault := range map[string]func() error{
		"refused":  func() error { return fmt.Errorf("fetch: %w", remote.ErrRefused) },
		"panicked": func() error { panic("a fault of ours") },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				w.host.SetBroken(func(text []byte) error {
					if bytes.Contains(text, []byte("Subject: Broken")) {
						return fault()
					}
					return nil
				})
				w.arrives("Tidepost/Next delivery", "Broken 1")
				w.arrives("INBOX", "Broken 2")
				w.arrives("INBOX", "Figures")
				w.host.Import("Archive", []byte("Subject: Broken 3\r\nMessage-ID: <b3@x>\r\n\r\nOld.\r\n"), time.Now().Add(-100*24*time.Hour))
				w.must(w.host.Move("Archive", "Broken 3", "Tidepost/Remind me/Tomorrow"))
				w.wait(5 * time.Minute)
				w.want("Tidepost/Next delivery", "Figures")
				for _, s := range []string{"Broken 1", "Broken 2", "Broken 3"} {
					if n := count(w.subjects("INBOX"), s); n != 1 {
						t.Errorf("%s is %d times in INBOX: %q", s, n, w.subjects("INBOX"))
					}
				}
			})
		})
	}
}
