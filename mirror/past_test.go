package mirror_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tidepost/store"
)

// letter is a mail of Ana's that Tidepost never sees on its way.
func (w *world) letter(subject string, fields ...string) (mid string, text []byte) {
	w.n++
	mid = fmt.Sprintf("w%d@webmail.example", w.n)
	head := "From: Ana <ana@team.example>\r\nTo: Bob <bob@customer.example>\r\nSubject: " + subject + "\r\nMessage-ID: <" + mid +
		">\r\nDate: " + time.Now().Format(time.RFC1123Z) + "\r\n"
	for _, f := range fields {
		head += f + "\r\n"
	}
	return mid, []byte(head + "\r\nYes, Thursday at three works for me.\r\n")
}

// past is what was counted to have gone past, by mail program.
func (w *world) past() map[string]int {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	out := map[string]int{}
	w.must(db.View(context.Background(), func(tx *store.Tx) error {
		list, err := tx.PassagesSince(time.Now().Add(-30 * 24 * time.Hour))
		for _, p := range list {
			if p.Kind == store.PassageBypass {
				out[p.Client] += p.N
			}
		}
		return err
	}))
	w.must(db.Close())
	return out
}

func (w *world) wantPast(want map[string]int) {
	w.t.Helper()
	if got := w.past(); !maps.Equal(got, want) {
		w.must(fmt.Errorf("went past: %v, want %v", got, want))
	}
}

const bypassing = "User-Agent: Roundcube Webmail/1.4.3"

func TestMailSentByTheProviderIsCountedOnce(t *testing.T) {
	play(t, func(w *world) {
		_, text := w.letter("Offer", bypassing)
		w.must(w.host.Put("Sent", text, `\Seen`))
		w.wait(10 * time.Minute)
		w.wantPast(map[string]int{}) // It may still be submitted.
		w.stop()
		w.start() // What was seen is not forgotten.
		w.wait(10 * time.Minute)
		w.wantPast(map[string]int{"Roundcube Webmail": 1})

		w.must(w.host.Copy("Sent", "Offer", "Archive"))
		w.must(w.host.Delete("Sent", "Offer"))
		w.must(w.host.Move("Archive", "Offer", "Sent"))
		w.wait(30 * time.Minute)
		w.host.Renumber("Sent")
		w.wait(30 * time.Minute)
		w.stop()
		w.start()
		w.wait(30 * time.Minute)
		w.wantPast(map[string]int{"Roundcube Webmail": 1})
		w.want("Sent", "Offer")

		_, text = w.letter("Prices", "X-Mailer: iPhone Mail (21F90)")
		w.must(w.host.Put("Sent", text, `\Seen`))
		w.wait(20 * time.Minute)
		w.wantPast(map[string]int{"Roundcube Webmail": 1, "iPhone Mail": 1})
	})
}

// What is in Sent and did not go past: each of these was counted if its rule were left out.
func TestWhatStandsInSentAndPassed(t *testing.T) {
	for name, put := range map[string]func(w *world){
		"filed before it is submitted": func(w *world) {
			mid, text := w.letter("Offer", bypassing)
			w.must(w.host.Put("Sent", text, `\Seen`))
			w.wait(5 * time.Minute)
			w.submits(mid, "ana", "bob@customer.example", "Offer", "As agreed.")
		},
		"filed while it waits": func(w *world) {
			mid, text := w.letter("Offer", bypassing)
			w.submits(mid, "ana", "bob@customer.example", "[send 16:30] Offer", "As agreed.")
			w.must(w.host.Put("Sent", text, `\Seen`))
		},
		"a draft": func(w *world) {
			_, text := w.letter("Offer", bypassing)
			w.must(w.host.Put("Sent", text, `\Draft`))
		},
		"of somebody else": func(w *world) {
			w.must(w.host.Put("Sent", []byte("From: Bob <bob@customer.example>\r\nMessage-ID: <b@x>\r\nSubject: Kept\r\n\r\nKept here.\r\n")))
		},
		"of two": func(w *world) {
			_, text := w.letter("Offer", "Sender: ana@team.example")
			w.must(w.host.Put("Sent", bytes.Replace(text, []byte("<ana@team.example>"), []byte("<ana@team.example>, mei@team.example"), 1)))
		},
		"without a name": func(w *world) {
			w.must(w.host.Put("Sent", []byte("From: Ana <ana@team.example>\r\nTo: bob@customer.example\r\nSubject: Bare\r\n\r\nBare.\r\n")))
		},
		"out of an archive": func(w *world) {
			_, text := w.letter("Offer", bypassing)
			w.host.Import("Archive", text, time.Now().Add(-9*24*time.Hour))
			w.must(w.host.Move("Archive", "Offer", "Sent"))
		},
		"imported": func(w *world) {
			w.must(w.host.Put("Sent", []byte("From: Ana <ana@team.example>\r\nTo: bob@customer.example\r\nSubject: Old\r\nMessage-ID: <o@x>\r\nDate: "+
				time.Now().Add(-9*24*time.Hour).Format(time.RFC1123Z)+"\r\n\r\nOld.\r\n")))
		},
		"by a machine": func(w *world) {
			_, text := w.letter("I am away", "Auto-Submitted: auto-replied")
			w.must(w.host.Put("Sent", text))
		},
		"gone again": func(w *world) {
			_, text := w.letter("Offer", bypassing)
			w.must(w.host.Put("Sent", text))
			w.wait(5 * time.Minute)
			w.must(w.host.Delete("Sent", "Offer"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(w *world) {
				put(w)
				w.wait(40 * time.Minute)
				w.wantPast(map[string]int{})
				_, text := w.letter("Control", bypassing)
				w.must(w.host.Put("Sent", text))
				w.wait(20 * time.Minute)
				w.wantPast(map[string]int{"Roundcube Webmail": 1})
			})
		})
	}
}

// Mail that was in Sent when the account was set up was there before.
func TestMailFromBeforeDidNotGoPast(t *testing.T) {
	playAfter(t, func(w *world) {
		_, text := w.letter("Before", bypassing)
		w.must(w.host.Put("Sent", text, `\Seen`))
	}, func(w *world) {
		w.wait(40 * time.Minute)
		w.host.Renumber("Sent")
		w.wait(40 * time.Minute)
		w.wantPast(map[string]int{})
	})
}

// Who answers by webmail is not asked any more, and the question knows its answer.
func TestAnswerInSentStopsTheClock(t *testing.T) {
	play(t, func(w *world) {
		question := w.sends("mei", "ana@team.example", "Question", "Ana, can you send me the contract by Friday?")
		w.until(13, 1)
		w.want("Tidepost/Needs reply", "Question")
		_, text := w.letter("Re: Question", bypassing, "In-Reply-To: <"+question+">", "References: <"+question+">")
		w.must(w.host.Put("Sent", text, `\Seen`)) // To somebody else: Mei has no answer.
		w.wait(20 * time.Minute)
		w.want("Tidepost/Needs reply", "Question")

		mid, text := w.letter("Re: Question", bypassing, "In-Reply-To: <"+question+">", "References: <"+question+">")
		w.must(w.host.Put("Sent", bytes.Replace(text, []byte("Bob <bob@customer.example>"), []byte("Mei <mei@team.example>"), 1), `\Seen`))
		w.wait(10 * time.Minute)
		w.want("Tidepost/Needs reply", "Question")
		w.wait(10 * time.Minute)
		w.want("Tidepost/Needs reply")
		w.wantPast(map[string]int{"Roundcube Webmail": 2})
		for _, v := range w.host.Folder("INBOX") {
			if v.Subject == "Question" && !slices.Contains(v.Flags, `\Answered`) {
				t.Errorf("the question has the flags %q", v.Flags)
			}
		}
		// The answer stays where she filed it, alone, also when Tidepost starts again and when
		// the account is given back.
		w.stop()
		w.start()
		w.wait(30 * time.Minute)
		w.want("Sent", "Re: Question", "Re: Question")
		w.want("Trash")
		if n := w.host.Copies(mid); n != 1 {
			t.Errorf("the answer stands %d times in the account", n)
		}
		w.wantPast(map[string]int{"Roundcube Webmail": 2})
	})
}
