package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"tidepost/queue"
	"tidepost/store"
)

// The same mail comes in for two recipients, one after the other, and stands in Sent: it
// went past once. A mark that nobody else can make says that it did not.
func TestMailGoesPastOnce(t *testing.T) {
	p := newPier(t)
	ctx, now := context.Background(), time.Now()
	seen := func(text string) (past bool) {
		t.Helper()
		err := p.db.Update(ctx, func(tx *store.Tx) (err error) {
			past, err = p.wentPast(tx, []byte(text), now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return past
	}
	const text = "From: ana@team.example\r\nMessage-ID: <w@webmail.example>\r\nX-Mailer: iPhone Mail (21F90)\r\n\r\n"
	p.bypassed(ctx, []byte(text), now)
	p.bypassed(ctx, []byte(text), now.Add(time.Hour))
	if n := p.passages()[store.PassageBypass]; n != 1 {
		t.Errorf("counted %d times", n)
	}
	if !seen(text) {
		t.Error("in Sent it did not go past, for it came in before")
	}
	if n := p.passages()[store.PassageBypass]; n != 1 {
		t.Errorf("counted %d times, the last in Sent", n)
	}
	marked := func(value string) string {
		return strings.Replace(text, "<w@", "<marked@", 1)[:len(text)+3] + queue.MarkField + ": " + value + "\r\n\r\n"
	}
	if seen(marked(mark(p.passKey, 7, "marked@webmail.example"))) {
		t.Error("mail with our mark went past")
	}
	if !seen(marked(mark([]byte("another's key"), 7, "marked@webmail.example"))) {
		t.Error("mail with a mark that is not ours did not go past")
	}
	if n := p.passages()[store.PassageBypass]; n != 2 {
		t.Errorf("counted %d", n)
	}
}
