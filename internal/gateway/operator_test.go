package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// desk returns a desk with Ana in London and Mei in Sydney.
func desk(t *testing.T) *Desk {
	t.Helper()
	cfg := configuration(t)
	d, err := OpenDesk(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	edit := people.NewEditor(d.DB, cfg.Server.Domains, rand.Reader)
	for name, zone := range map[string]string{"ana": "Europe/London", "mei": "Australia/Sydney"} {
		r := people.Request{Fields: map[people.Field]string{
			people.FieldAddress: name + "@" + cfg.Server.Domains[0], people.FieldZone: zone}}
		if _, err := edit.Add(context.Background(), r, noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.People.Reload(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

// noon is a Monday noon in London and 23:00 in Sydney.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func (d *Desk) at(t *testing.T, local string) mail.Address {
	t.Helper()
	a, err := mail.ParsePath(local+"@"+d.Config.Server.Domains[0], false)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (d *Desk) person(t *testing.T, local string) *people.Person {
	t.Helper()
	p, _, ok := d.People.ByAddress(d.at(t, local))
	if !ok {
		t.Fatalf("nobody is %s", local)
	}
	return p
}

// hold submits a mail of Ana's that waits five hours.
func (d *Desk) hold(t *testing.T, mid string, to ...mail.Address) int64 {
	t.Helper()
	return d.holdAt(t, noon, mid, to...)
}

func (d *Desk) holdAt(t *testing.T, now time.Time, mid string, to ...mail.Address) int64 {
	t.Helper()
	from := d.at(t, "ana")
	head := "Date: " + now.Format(time.RFC1123Z) + "\r\nFrom: <" + from.String() + ">\r\nTo: <" + to[0].String() +
		">\r\nMessage-ID: <" + mid + ">\r\nSubject: [send in 5h] Plan\r\n\r\n"
	env := mail.Envelope{From: from}
	for _, a := range to {
		env.Recipients = append(env.Recipients, mail.Recipient{Address: a})
	}
	id, err := d.Queue.Submit(context.Background(), queue.Submission{
		Author: d.person(t, "ana"), Envelope: env, Staged: store.StageBytes([]byte(head), []byte("x\r\n")), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// order has an order carried out in this process.
func (d *Desk) order(o Order) (queue.Outcome, error) {
	o.By = "root"
	return operate(context.Background(), d.gateway, o, noon, nil)
}

// states returns the states of a submission's recipients in their order.
func (d *Desk) states(t *testing.T, id int64) string {
	t.Helper()
	var out []string
	err := d.DB.View(context.Background(), func(tx *store.Tx) error {
		rcpts, err := tx.Recipients(id)
		for _, r := range rcpts {
			out = append(out, string(r.State))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestFind(t *testing.T) {
	d := desk(t)
	id := d.hold(t, "m@x", d.at(t, "mei"))
	err := d.DB.View(context.Background(), func(tx *store.Tx) error {
		for _, s := range []string{"1", "q1", "m@x", "<m@x>", " <m@x> "} {
			if got, err := Find(tx, s); err != nil || got.ID != id {
				t.Errorf("Find(%q) = %d, %v", s, got.ID, err)
			}
		}
		for _, s := range []string{"", "2", "q", "qq1", "d1", "<>"} {
			if got, err := Find(tx, s); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Find(%q) = %d, %v", s, got.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What its author is taking back (\Deleted in Scheduled) is not released over their head.
func TestReleaseRespectsAFreeze(t *testing.T) {
	ctx, d := context.Background(), desk(t)
	id := d.hold(t, "m@x", d.at(t, "mei"))
	freeze := func(on bool) {
		err := d.DB.Update(ctx, func(tx *store.Tx) error {
			s, err := tx.Submission(id)
			if err != nil {
				return err
			}
			entries, err := tx.EntriesOfSubmission(s.ID)
			if err != nil || len(entries) != 1 {
				t.Fatalf("entries %v, %v", entries, err)
			}
			e := entries[0]
			return d.Queue.SetFrozen(tx, d.person(t, "ana"), e, on, noon)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	freeze(true)
	if _, err := d.order(Order{Do: DoRelease, IDs: []string{"q1"}}); err == nil || !strings.Contains(err.Error(), "marked as deleted") {
		t.Errorf("released although frozen: %v", err)
	}
	freeze(false)
	got, err := d.order(Order{Do: DoRelease, IDs: []string{"m@x"}})
	if err != nil || got.Mails != 1 || len(got.To) != 1 || got.IDs[0] != id {
		t.Fatalf("release: %+v, %v", got, err)
	}
	if err := d.Queue.RunDue(ctx, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if s := d.states(t, id); s != "delivered" {
		t.Errorf("after the release it is %s", s)
	}
	if _, err := d.order(Order{Do: DoCancel, IDs: []string{"1"}}); !errors.Is(err, queue.ErrNothingWaits) {
		t.Errorf("cancelled what has left: %v", err)
	}
}

// Cancelling all is what the author does by moving to Trash; cancelling one leaves the
// others where they are, and the author is told of both.
func TestCancelOneThenAll(t *testing.T) {
	ctx, d := context.Background(), desk(t)
	out := mail.Address{Local: "x", Domain: "out.example"}
	id := d.hold(t, "m@x", d.at(t, "mei"), out)
	letters := func() (inbox, trash, waits int) {
		err := d.DB.View(ctx, func(tx *store.Tx) error {
			for kind, n := range map[store.Kind]*int{store.KindInbox: &inbox, store.KindTrash: &trash} {
				box, err := tx.MailboxByKind(d.person(t, "ana").ID, kind)
				if err != nil {
					return err
				}
				entries, err := tx.Entries(box.ID)
				if err != nil {
					return err
				}
				*n = len(entries)
			}
			box, err := tx.MailboxByKind(d.person(t, "ana").ID, store.KindScheduled)
			if err != nil {
				return err
			}
			entries, err := tx.EntriesOfSubmission(id)
			for _, e := range entries {
				if e.MailboxID == box.ID {
					waits++
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return inbox, trash, waits
	}
	before, _, _ := letters()
	if _, err := d.order(Order{Do: DoCancel, IDs: []string{"1"}, To: "X@OUT.example"}); err != nil {
		t.Fatal(err)
	}
	inbox, trash, waits := letters()
	if s := d.states(t, id); s != "held cancelled" || inbox != before+1 || trash != 0 || waits != 1 {
		t.Errorf("after one: %s, %d notes, %d in Trash, %d in Scheduled", s, inbox-before, trash, waits)
	}
	if _, err := d.order(Order{Do: DoCancel, IDs: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	inbox, trash, waits = letters()
	if s := d.states(t, id); s != "cancelled cancelled" || inbox != before+2 || trash != 1 || waits != 0 {
		t.Errorf("after all: %s, %d notes, %d in Trash, %d in Scheduled", s, inbox-before, trash, waits)
	}
	rep, err := d.DB.CheckLedger(ctx)
	if err != nil || len(rep.Findings) != 0 {
		t.Errorf("ledger: %+v, %v", rep.Findings, err)
	}
}

func TestWhen(t *testing.T) {
	d := desk(t)
	d.Config.Hold.OutsideDomains, d.Config.Hold.Undo = []string{"partner.example"}, 30*time.Second
	night := noon.Add(8 * time.Hour) // 20:00 in London
	ana, mei := d.person(t, "ana"), d.at(t, "mei")
	opening := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC) // Tuesday 09:00 in Sydney
	for _, c := range []struct {
		name, tag       string
		to              mail.Address
		at              time.Time
		leaves, arrives time.Time
		hold            string
	}{
		{"night", "", mei, noon, opening, opening, "the working day is over"},
		{"urgent", "urgent", mei, noon, noon, noon, ""},
		{"now", "now", mei, noon, noon.Add(30 * time.Second), opening, "taken back"},
		{"explicit", "in 2h", mei, noon, noon.Add(2 * time.Hour), opening, "asked for"},
		{"outside", "", mail.Address{Local: "x", Domain: "out.example"}, night, night.Add(30 * time.Second), night.Add(30 * time.Second), "taken back"},
		{"partner", "", mail.Address{Local: "x", Domain: "partner.example"}, night, noon.Add(21 * time.Hour), noon.Add(21 * time.Hour), "the working day is over"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := d.When(ana, c.to, c.tag, c.at)
			if err != nil || !e.Leaves.Equal(c.leaves) || !e.Arrives.Equal(c.arrives) || !strings.Contains(e.Hold, c.hold) || (c.hold == "") != (e.Hold == "") {
				t.Errorf("leaves %v (%q), arrives %v (%q), %v", e.Leaves, e.Hold, e.Arrives, e.Tide, err)
			}
		})
	}
	if _, err := d.When(ana, d.at(t, "nobody"), "", noon); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := d.When(ana, mei, "one day", noon); err == nil {
		t.Error("a tag that is no time was taken")
	}
}

// An order goes to the server that runs, which lets the mail go at once and answers with
// what it did and how the errors can be told apart.
func TestOrdersGoToTheServer(t *testing.T) {
	ctx, d, now := context.Background(), desk(t), time.Now() // The server looks at the clock.
	for _, mid := range []string{"a@x", "b@x", "c@x"} {
		d.holdAt(t, now, mid, d.at(t, "mei"))
	}
	start(t, d.Config)
	log := slog.New(slog.DiscardHandler)
	if _, err := ask(ctx, t.TempDir(), Order{}, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no server: %v", err)
	}
	for _, c := range []struct {
		o    Order
		want error
	}{
		{Order{Do: DoRelease, IDs: []string{"q99"}}, store.ErrNotFound},
		{Order{Do: DoRelease, Author: "nobody@team.example"}, store.ErrNotFound},
		{Order{Do: DoCancel, IDs: []string{"q1"}, To: "x@out.example"}, store.ErrNotFound},
	} {
		if _, err := Operate(ctx, d.Config, log, c.o, now, nil); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.o, err, c.want)
		}
	}
	if _, err := Operate(ctx, d.Config, log, Order{Do: "burn"}, now, nil); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("an unknown verb: %v", err)
	}
	out, err := Operate(ctx, d.Config, log, Order{Do: DoCancel, IDs: []string{"<a@x>"}, By: "root"}, now, nil)
	if err != nil || out.Mails != 1 || out.To[0] != d.at(t, "mei").String() {
		t.Errorf("cancel one: %+v, %v", out, err)
	}
	if out, err = Operate(ctx, d.Config, log, Order{Do: DoRelease, By: "root", DryRun: true}, now, nil); err != nil || out.Mails != 2 {
		t.Errorf("dry run: %+v, %v", out, err)
	}
	if out, err = Operate(ctx, d.Config, log, Order{Do: DoRelease, By: "root"}, now, nil); err != nil || out.Mails != 2 || out.Recipients != 2 {
		t.Errorf("release all: %+v, %v", out, err)
	}
	// The server was woken by it: it would look again only after a minute.
	for deadline := time.Now().Add(20 * time.Second); d.states(t, 3) != "delivered" || d.states(t, 2) != "delivered"; {
		if time.Now().After(deadline) {
			t.Fatalf("20 s after the release they are %s and %s", d.states(t, 2), d.states(t, 3))
		}
		runtime.Gosched()
	}
	if _, err := Operate(ctx, d.Config, log, Order{Do: DoCancel, IDs: []string{"q3"}}, now, nil); !errors.Is(err, queue.ErrNothingWaits) {
		t.Errorf("cancel what has left: %v", err)
	}
}
