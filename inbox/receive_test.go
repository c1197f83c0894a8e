package inbox_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidepost/digest"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

func envelope(from string, to ...string) mail.Envelope {
	env := mail.Envelope{From: address(from)}
	for _, a := range to {
		env.Recipients = append(env.Recipients, mail.Recipient{Address: address(a)})
	}
	return env
}

func TestReceivePutsItsTraceOnTop(t *testing.T) {
	h := newHouse(t, nil)
	text := h.text("henrik@customer.test", "Offer", "Return-Path: <old@x.test>")
	peer := inbox.Peer{Helo: "mx.customer.test", IP: netip.MustParseAddr("::ffff:192.0.2.7"), Protocol: "ESMTPS",
		TLS: &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}}
	if err := h.box.Receive(context.Background(), envelope("bounces@customer.test", "ana+shop@team.example"), h.stage(text, monday), peer, monday); err != nil {
		t.Fatal(err)
	}
	d := delivered(h, h.ana)
	head, body := h.message(d.MessageID)
	if !strings.HasSuffix(head+body, text) {
		t.Errorf("octets were changed:\n%s%s", head, body)
	}
	trace := strings.TrimSuffix(head+body, text)
	if !strings.HasPrefix(trace, "Return-Path: <bounces@customer.test>\r\nDelivered-To: ana+shop@team.example\r\nReceived: from mx.customer.test") {
		t.Errorf("trace:\n%s", trace)
	}
	for _, want := range []string{"192.0.2.7", "by mail.team.example", "with ESMTPS", "TLS 1.3", "Mon, 23 Nov 2026 10:00:00 +0000"} {
		if !strings.Contains(trace, want) {
			t.Errorf("trace lacks %q:\n%s", want, trace)
		}
	}
	if d.ReversePath != "bounces@customer.test" || d.ThreadID == 0 {
		t.Errorf("delivery %+v", d)
	}
}

func TestReceiveForSeveral(t *testing.T) {
	h := newHouse(t, nil)
	text := h.text("henrik@customer.test", "Offer")
	env := envelope("", "ana@team.example", "ana.silva@team.example", "tom@team.example")
	if err := h.box.Receive(context.Background(), env, h.stage(text, monday), inbox.Peer{}, monday); err != nil {
		t.Fatal(err)
	}
	// A null reverse-path is a machine's. Two addresses of one person are one delivery.
	h.expectList(h.ana, store.KindNotifications, "*Offer")
	h.expectList(h.tom, store.KindNotifications, "*Offer")
	if delivered(h, h.ana).MessageID != delivered(h, h.tom).MessageID {
		t.Error("the message is stored twice")
	}
	head, _ := h.message(delivered(h, h.ana).MessageID)
	if strings.Contains(head, "Delivered-To") || strings.Contains(head, "tom@team.example") {
		t.Errorf("recipients hear of each other:\n%s", head)
	}
	if !strings.HasPrefix(head, "Return-Path: <>\r\n") {
		t.Errorf("null reverse-path:\n%s", head)
	}
}

func TestReceiveALargeBody(t *testing.T) {
	h := newHouse(t, nil)
	text := h.text("henrik@customer.test", "Big") + strings.Repeat("0123456789abcdef\r\n", 80_000)
	h.mustReceive("ana@team.example", text, monday)
	head, body := h.message(delivered(h, h.ana).MessageID)
	if !strings.HasSuffix(head+body, text) {
		t.Error("octets were changed")
	}
}

func TestReceiveRefusesLoops(t *testing.T) {
	ours := "Received: from a by mail.team.example with ESMTP; Mon, 23 Nov 2026 09:00:00 +0000"
	theirs := "Received: from a by mx.x.test; Mon, 23 Nov 2026 09:00:00 +0000"
	many := func(n int, s string) []string {
		return strings.Split(strings.TrimSuffix(strings.Repeat(s+"\n", n), "\n"), "\n")
	}
	for _, tt := range []struct {
		name   string
		fields []string
		loop   bool
	}{
		{"a hundred hops are none", many(100, theirs), false},
		{"over a hundred are", many(101, theirs), true},
		{"five times here is none", many(5, ours), false},
		{"six times is", many(6, ours), true},
		{"delivered to this mailbox by us", []string{ours, "Delivered-To: ANA@team.example"}, true},
		{"a letter of ours that came back", []string{digest.LoopField + ": team.example", "Delivered-To: ana@team.example"}, true},
		{"delivered to this mailbox by a server in front", []string{theirs, "Delivered-To: ana@team.example"}, false},
		{"delivered to another mailbox by us", []string{ours, "Delivered-To: tom@team.example"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, nil)
			err := h.receive("ana@team.example", h.text("henrik@customer.test", "Offer", tt.fields...), monday)
			var reply *mail.Reply
			if loop := errors.As(err, &reply); loop != tt.loop || err != nil && !loop {
				t.Fatalf("error %v, want a loop %v", err, tt.loop)
			}
			if tt.loop && (reply.Code != 554 || reply.Enhanced != [3]int{5, 4, 6}) {
				t.Errorf("reply %v", reply)
			}
			if n := len(h.entries(h.ana, store.KindInbox)); (n == 0) != tt.loop {
				t.Errorf("%d entries", n)
			}
		})
	}
}

func TestReceiveForSomebodyWhoHasLeft(t *testing.T) {
	h := newHouse(t, nil)
	err := h.box.Receive(context.Background(), envelope("a@x.test", "ana@team.example", "gone@team.example"), h.stage(h.text("a@x.test", "x"), monday), inbox.Peer{}, monday)
	var reply *mail.Reply
	if !errors.As(err, &reply) || !reply.Temporary() {
		t.Errorf("error %v, want a temporary reply", err)
	}
	if got := h.list(h.ana, store.KindInbox); got != nil {
		t.Errorf("half of it was delivered: %q", got)
	}
}

func TestAStoreThatIsClosedIsTemporaryTrouble(t *testing.T) {
	h := newHouse(t, nil)
	staged := h.stage(h.text("a@x.test", "x"), monday)
	h.db.Close()
	err := h.box.Receive(context.Background(), envelope("a@x.test", "ana@team.example"), staged, inbox.Peer{}, monday)
	var reply *mail.Reply
	if err == nil || errors.As(err, &reply) || !errors.Is(err, store.ErrClosed) {
		t.Errorf("error %v, want that of the store", err)
	}
	if err := h.box.RunDue(context.Background(), monday); err == nil {
		t.Error("RunDue without a database says nothing")
	}
	if err := h.box.ReplanAll(context.Background(), monday); err == nil {
		t.Error("ReplanAll without a database says nothing")
	}
	if _, err := h.box.Index(context.Background()); err == nil {
		t.Error("Index without a database says nothing")
	}
	if _, err := h.box.Rebuild(context.Background(), nil); err == nil {
		t.Error("Rebuild without a database says nothing")
	}
}

func TestThreadsOfTheStore(t *testing.T) {
	h := newHouse(t, nil)
	place := func(text string) (id int64) {
		h.update(func(tx *store.Tx) error {
			m, _, _, err := h.insert(tx, text, monday)
			id = m.ThreadID
			return err
		})
		return id
	}
	first := place(h.text("ana@team.example", "Budget", "Message-ID: <a@x>"))
	if got := place(h.text("tom@team.example", "Re: Budget", "In-Reply-To: <a@x>")); got != first {
		t.Errorf("an answer is in thread %d, want %d", got, first)
	}
	// Without references: the same subject between the same people.
	if got := place(h.text("ana@team.example", "Re: budget")); got != first {
		t.Errorf("an answer by subject is in thread %d, want %d", got, first)
	}
	if got := place(h.text("eve@evil.test", "Re: budget")); got == first {
		t.Error("a stranger joined by subject")
	}
	// Two halves become one when the message between them comes.
	late := place(h.text("tom@team.example", "Re: Offer", "In-Reply-To: <o2@x>"))
	root := place(h.text("ana@team.example", "Offer", "Message-ID: <o1@x>"))
	if late == root {
		t.Fatal("two halves are one too soon")
	}
	whole := place(h.text("mei@team.example", "Re: Offer", "Message-ID: <o2@x>", "In-Reply-To: <o1@x>"))
	h.view(func(tx *store.Tx) error {
		list, err := tx.MessagesOfThread(whole, 10)
		if len(list) != 3 {
			t.Errorf("%d messages in the whole thread, want 3", len(list))
		}
		for _, mid := range []string{"o1@x", "o2@x"} {
			if id, _ := tx.ThreadOf(mid); id != whole {
				t.Errorf("%s is in thread %d, want %d", mid, id, whole)
			}
		}
		return err
	})
}

func TestLetters(t *testing.T) {
	h := newHouse(t, nil)
	to := digest.Reader{Name: h.ana.Name, Address: h.ana.Address, Zone: h.ana.Zone()}
	letter := h.box.Letters().Stuck(to, digest.About{Subject: "Budget", MID: "b@x"})
	var mid string
	h.update(func(tx *store.Tx) error {
		if _, err := h.insertMID(tx, "b@x"); err != nil {
			return err
		}
		var err error
		if _, mid, err = h.box.Put(tx, h.ana, store.KindInbox, letter, monday); err != nil {
			return err
		}
		if _, _, err = h.box.PutSeen(tx, h.ana, store.KindScheduled, letter, monday); err != nil {
			return err
		}
		_, err = h.box.PutRaw(tx, h.ana, store.KindInbox, []byte("Subject: Report\r\nMessage-ID: <r@x>\r\n\r\n"), []byte("Text.\r\n"), monday)
		return err
	})
	h.expectList(h.ana, store.KindInbox, "*Waits: Budget", "*Report")
	h.expectList(h.ana, store.KindScheduled, "Waits: Budget")
	head, body := h.message(h.entries(h.ana, store.KindInbox)[0].MessageID)
	for _, want := range []string{"Message-Id: <" + mid + ">", "Date: Mon, 23 Nov 2026 10:00:00 +0000", "Auto-Submitted: auto-generated", "In-Reply-To: <b@x>"} {
		if !strings.Contains(strings.ToLower(head), strings.ToLower(want)) {
			t.Errorf("head lacks %q:\n%s", want, head)
		}
	}
	if !strings.Contains(body, "is safe but waits") {
		t.Errorf("body:\n%s", body)
	}
	h.view(func(tx *store.Tx) error {
		a, err := tx.ThreadOf("b@x")
		b, err2 := tx.ThreadOf(mid)
		if a != b || a == 0 {
			t.Errorf("the letter is in thread %d, its mail in %d", b, a)
		}
		return errors.Join(err, err2)
	})
	err := h.db.Update(context.Background(), func(tx *store.Tx) error {
		_, _, err := h.box.Put(tx, h.ana, store.Kind("nowhere"), letter, monday)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown folder: %v", err)
	}
}

func (h *house) insertMID(tx *store.Tx, mid string) (store.Message, error) {
	m, _, _, err := h.insert(tx, h.text("ana@team.example", "Budget", fmt.Sprintf("Message-ID: <%s>", mid)), monday)
	return m, err
}

func TestDerivedDataOfARendition(t *testing.T) {
	h := newHouse(t, nil)
	text := h.text("tom@team.example", "Budget")
	var source store.Message
	h.update(func(tx *store.Tx) error {
		m, content, _, err := h.insert(tx, text, monday)
		if err != nil {
			return err
		}
		source = m
		return tx.PutDerived(h.box.Derive(m, content))
	})
	rendition := func(sourceID int64) store.Derived {
		var out store.Derived
		h.update(func(tx *store.Tx) error {
			r := source
			r.ID, r.Origin, r.SourceID = 0, store.OriginRendition, sourceID
			r.Head = []byte(strings.Replace(string(source.Head), "Budget", "Budget 2", 1))
			r.Size += 2
			if err := tx.InsertMessage(&r); err != nil {
				return err
			}
			if _, err := h.box.Deliver(tx, inbox.Arrival{Person: h.ana, Message: r, Author: h.tom, At: monday}); err != nil {
				return err
			}
			var err error
			if out, err = tx.Derived(r.ID); errors.Is(err, store.ErrNotFound) {
				return nil
			}
			return err
		})
		return out
	}
	got := rendition(source.ID)
	if got.Envelope == nil || got.Envelope.Subject != "Budget 2" || !strings.Contains(got.Preview, "text about Budget") {
		t.Errorf("derived %+v", got)
	}
	// Without a source it is computed behind.
	if got := rendition(0); got.Envelope != nil {
		t.Errorf("derived %+v", got)
	}
	if n, err := h.box.Rebuild(context.Background(), nil); err != nil || n != 1 {
		t.Errorf("rebuilt %d, %v; want 1", n, err)
	}
}

func TestDeriveNeverFails(t *testing.T) {
	h := newHouse(t, nil)
	m := store.Message{ID: 7, Head: []byte("Subject: x\r\n\r\n"), Size: 20}
	for name, c := range map[string]*mail.Content{"nothing": nil, "no tree": {}} {
		d := h.box.Derive(m, c)
		if diff := cmp.Diff(&mail.Part{Type: "text", Subtype: "plain", BodyEnd: 6}, d.Root); diff != "" || d.Envelope == nil {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMailThatMakesTheReaderPanicIsDelivered(t *testing.T) {
	h := newHouse(t, nil)
	staged := h.stage(h.text("henrik@customer.test", "Odd"), night)
	staged.Content = &mail.Content{Root: &mail.Part{Type: "multipart", Subtype: "mixed", Children: []*mail.Part{nil}}}
	if err := h.box.Receive(context.Background(), envelope("henrik@customer.test", "ana@team.example"), staged, inbox.Peer{}, night); err != nil {
		t.Fatal(err)
	}
	h.expectList(h.ana, store.KindInbox, "*Odd")
	d := delivered(h, h.ana)
	if d.Reason != string(inbox.ReasonFailed) {
		t.Errorf("reason %s", d.Reason)
	}
	h.view(func(tx *store.Tx) error {
		derived, err := tx.Derived(d.MessageID)
		if err == nil && (derived.Root.MediaType() != "text/plain" || len(derived.Root.Children) != 0) {
			t.Errorf("shown as %s", derived.Root.MediaType())
		}
		return err
	})
}

// Odd mail from the corpus of package mail is kept octet for octet.
func TestOddMailIsDelivered(t *testing.T) {
	files, err := filepath.Glob("../mail/testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	h := newHouse(t, func(o *inbox.Options) { o.Batch = people.Off })
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.box.Receive(context.Background(), envelope("a@x.test", "ana@team.example"), h.stage(string(raw), monday), inbox.Peer{}, monday); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		head, body := h.message(delivered(h, h.ana).MessageID)
		if !strings.HasSuffix(head+body, string(raw)) {
			t.Errorf("%s: octets were changed", name)
		}
	}
	if got := len(h.entries(h.ana, store.KindInbox)); got != len(files) {
		t.Errorf("%d entries, want %d", got, len(files))
	}
}
