package mirror_test

import (
	"fmt"
	"testing"
	"time"
)

// What somebody puts beside our letter must not hide it: it would be written again at
// every look.
func TestOneLetterAmongOtherMail(t *testing.T) {
	play(t, func(w *world) {
		w.stop()
		for i := range 25 {
			w.host.Import("Tidepost/About", fmt.Appendf(nil, "From: x@y.example\r\nSubject: Old %d\r\nMessage-ID: <o%d@y>\r\n\r\nOld.\r\n", i, i), time.Now().Add(-time.Hour))
		}
		for _, v := range w.host.Folder("Tidepost/About") {
			if v.Subject == "This mailbox is tended by Tidepost" {
				w.must(w.host.Delete("Tidepost/About", v.MID))
			}
		}
		w.start()
		w.wait(2 * time.Hour)
		if n := len(w.host.Folder("Tidepost/About")); n != 26 {
			t.Errorf("%d letters beside 25 mails", n-25)
		}
	})
}
