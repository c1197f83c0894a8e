package queue

import (
	"crypto/ed25519"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"encoding/base64"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

func TestWhatChangesInAHead(t *testing.T) {
	now := monday(13, 0)
	released := "Mon, 2 Mar 2026 22:00:00 +0000"
	composed := "Mon, 2 Mar 2026 13:00:00 +0000"
	cases := []struct {
		name, subject, body string
		fields              []string
		options             func(*Options)
		date, wantSubject   string
	}{
		{"the date is that of the release", "x", "text", nil, nil, released, "x"},
		{"unless the team wants it otherwise", "x", "text", nil, func(o *Options) { o.DateComposed = true }, composed, "x"},
		{"a signed date stays", "x", "text", []string{"DKIM-Signature: v=1; a=rsa-sha256; d=x; s=s; h=from:date; bh=x; b=x"}, nil, composed, "x"},
		{"words that go stale within the day do not matter", "x", "See you tomorrow.", nil, nil, released, "x"},
		{"a tag is cut off", "[as is] x", "text", nil, nil, released, "x"},
		{"what is no tag stays", "[send help] x", "text", nil, nil, released, "[send help] x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(o *Options) {
				if c.options != nil {
					c.options(o)
				}
			})
			fields := append([]string{"To: mei@team.example", "Bcc: tom@team.example"}, c.fields...)
			w.submit(now, w.ana, letter(w.ana, "h@team.example", c.subject, now, c.body, fields...), "mei@team.example")
			w.run(monday(22, 0))
			o := w.octets(w.entries(w.mei, store.KindInbox)[0])
			if got := header(o, "Date"); got != c.date {
				t.Errorf("Date: got %q, want %q", got, c.date)
			}
			if got := header(o, "Subject"); got != c.wantSubject {
				t.Errorf("Subject: got %q, want %q", got, c.wantSubject)
			}
			if strings.Contains(o, "Bcc") || !strings.HasPrefix(o, "Received: ") {
				t.Errorf("head:\n%s", o)
			}
			if _, body, _ := strings.Cut(o, "\r\n\r\n"); body != c.body+"\r\n" {
				t.Errorf("body changed: %q", body)
			}
		})
	}
}

func TestStaleWordsKeepTheDateOverMidnight(t *testing.T) {
	w := newWorld(t)
	// Tom writes on Monday 20:00 in New York; Ana opens on Tuesday 09:00.
	now := time.Date(2026, 3, 3, 1, 0, 0, 0, time.UTC)
	w.submit(now, w.tom, letter(w.tom, "st@team.example", "x", now, "Let us talk tomorrow.", "To: ana@team.example"), "ana@team.example")
	w.submit(now, w.tom, letter(w.tom, "st2@team.example", "y", now, "Let us talk.", "To: ana@team.example"), "ana@team.example")
	w.run(time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC))
	e := w.entries(w.ana, store.KindInbox)
	if got := header(w.octets(e[0]), "Date"); got != "Tue, 3 Mar 2026 01:00:00 +0000" {
		t.Errorf("Date of stale words: %q", got)
	}
	if got := header(w.octets(e[1]), "Date"); got != "Tue, 3 Mar 2026 04:00:00 -0500" {
		t.Errorf("Date: %q, want the release in the author's zone", got)
	}
}

func TestDKIMSignsAtRelease(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	w := newWorld(t, func(o *Options) { o.DKIM = Signer{Domain: "team.example", Selector: "s1", Key: key} })
	now := monday(10, 0)
	id := w.outside(now, "dk@team.example")
	w.run(now.Add(time.Minute))
	w.wantStates(id, "delivered")
	public := base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	got, err := dkim.VerifyWithOptions(strings.NewReader(w.out.list()[0].octet), &dkim.VerifyOptions{
		LookupTXT: func(string) ([]string, error) { return []string{"v=DKIM1; k=ed25519; p=" + public}, nil },
	})
	if err != nil || len(got) != 1 || got[0].Err != nil {
		t.Fatalf("verify: %v %+v", err, got)
	}
	// Mail that somebody has signed is not signed again.
	text := letter(w.ana, "dk2@team.example", "x", now, "t", "To: joe@else.example", "DKIM-Signature: v=1; a=rsa-sha256; d=x; s=s; h=from; bh=x; b=x")
	w.submit(now, w.ana, text, "joe@else.example")
	w.run(now.Add(2 * time.Minute))
	if n := strings.Count(w.out.list()[1].octet, "DKIM-Signature"); n != 1 {
		t.Errorf("%d signatures, want 1", n)
	}
}

func TestEightBitIsKnownToTheSender(t *testing.T) {
	w := newWorld(t)
	now := monday(10, 0)
	id := w.submit(now, w.ana, letter(w.ana, "e8@team.example", "x", now, "Grüße", "To: joe@else.example"), "joe@else.example")
	for range 2 { // The second time the head is read from the store.
		if err := w.q.RunDue(t.Context(), now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		u, ok := w.q.pool.take()
		if !ok || !u[0].f.eight {
			t.Fatalf("unit %v does not know of its 8-bit octets", u)
		}
		w.reopen()
	}
	w.run(now.Add(2 * time.Minute))
	w.wantStates(id, "delivered")
}

func TestReplanFollowsACalendar(t *testing.T) {
	w := newWorld(t)
	id, _ := w.held("rp@team.example")
	explicit := w.submit(monday(13, 0), w.ana, letter(w.ana, "rp2@team.example", "[send in 3h] x", monday(13, 0), "t", "To: mei@team.example"), "mei@team.example")
	early := func(p *people.Profile) {
		for day := range p.Calendar.Hours {
			for i := range p.Calendar.Hours[day] {
				p.Calendar.Hours[day][i].Start = 7 * 60
			}
		}
	}
	w.profile(w.mei, early)
	if err := w.q.Replan(t.Context(), w.tom, monday(13, 30)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Mon 22:00:00") // Tom has nothing to do with it.
	if err := w.q.Replan(t.Context(), w.mei, monday(13, 30)); err != nil {
		t.Fatal(err)
	}
	w.wantStates(id, "held Mon 20:00:00")
	w.wantStates(explicit, "held Mon 16:00:00")
	w.view(func(tx *store.Tx) error {
		list, err := w.q.Why(tx, id, monday(13, 30))
		if err != nil || len(list) != 1 || list[0].Why == "" || !strings.Contains(list[0].When, "Tue 07:00 Sydney") {
			t.Errorf("why: %+v %v", list, err)
		}
		return nil
	})
	at, why := w.q.When(w.ana, w.mei, monday(13, 30))
	if !at.Equal(monday(20, 0)) || why == "" {
		t.Errorf("when: %v %q", at, why)
	}
}

func TestOptedInDomainsWaitForTheAuthorsHours(t *testing.T) {
	w := newWorld(t, func(o *Options) {
		o.OutsideDomains = []string{"partner.example"}
		o.Spread, o.Jitter = 3*time.Minute, rand.New(rand.NewPCG(1, 2))
	})
	now := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
	id := w.submit(now, w.ana, letter(w.ana, "pa@team.example", "x", now, "t", "To: joe@partner.example"), "joe@partner.example")
	due := w.recipients(id)[0].Due
	if late := due.Sub(monday(9, 0)); late < 0 || late >= 3*time.Minute {
		t.Errorf("due %v, want within three minutes after 09:00", due)
	}
	if w.plan(id, 0).Rule != RuleAuthor {
		t.Errorf("rule %q", w.plan(id, 0).Rule)
	}
}

func TestAForwardStepPausesReleases(t *testing.T) {
	boot := time.Duration(0)
	w := newWorld(t, func(o *Options) { o.Clock = scheduler.NewStepGuard(func() time.Duration { return boot }) })
	id, _ := w.held("cl@team.example")
	w.run(monday(13, 1))
	w.run(monday(23, 0)) // Ten hours in no time.
	if got := w.states(id); !strings.HasPrefix(got, "held") {
		t.Errorf("released by a clock that was set forward: %s", got)
	}
	if strings.Join(w.alarms, " ") != "clock" {
		t.Errorf("alarms %v", w.alarms)
	}
	boot += 11 * time.Minute
	w.run(monday(23, 11))
	if got := w.states(id); got != "held Tue 09:00:00" && got != "delivered" {
		t.Errorf("after the pause: %s", got)
	}
}

func TestSweepForgetsWhatHasSettled(t *testing.T) {
	w := newWorld(t)
	w.out.answer = func(_ mail.Address, n int) Result {
		if n < 80 {
			return replied(451, "Later")
		}
		return taken()
	}
	now := monday(10, 0)
	id := w.outside(now, "ss@team.example")
	here := w.submit(now, w.ana, letter(w.ana, "sh@team.example", "[urgent] x", now, "text", "To: mei@team.example"), "mei@team.example")
	heads := func(when time.Time, want string) {
		t.Helper()
		if err := w.q.Sweep(t.Context(), when); err != nil {
			t.Fatal(err)
		}
		got := ""
		w.view(func(tx *store.Tx) error {
			for _, mid := range []string{"ss@team.example", "sh@team.example"} {
				list, err := tx.MessagesByMID(mid)
				if err != nil {
					return err
				}
				for _, m := range list {
					got += map[bool]string{true: "-", false: "+"}[len(m.Head) == 0]
				}
			}
			return nil
		})
		if got != want {
			t.Errorf("at %v: got %s, want %s", when, got, want)
		}
	}
	w.forward(now, now.AddDate(0, 0, 4))
	heads(now.AddDate(0, 0, 4), "++++")
	w.forward(now.AddDate(0, 0, 4), now.AddDate(0, 0, 6))
	w.wantStates(id, "expired")
	w.wantStates(here, "delivered")
	heads(now.AddDate(0, 0, 11), "++-+") // The rendition stands in Mei's INBOX.
	heads(now.AddDate(0, 0, 40), "---+")
	if o := w.octets(w.entries(w.mei, store.KindInbox)[0]); !strings.HasSuffix(o, "text\r\n") {
		t.Errorf("Mei's mail:\n%s", o)
	}
	said := w.reply(w.ana, "Urgent: x", "tom", now.AddDate(0, 0, 41))
	if !strings.Contains(said, "too long ago") {
		t.Errorf("answer:\n%s", said)
	}
}

func TestSweepForgetsWhatNobodyNeeds(t *testing.T) {
	w := newWorld(t)
	id, e := w.held("sw@team.example")
	w.run(monday(22, 0))
	w.wantStates(id, "delivered")
	box := w.box(w.ana, store.KindScheduled)
	for _, c := range []struct {
		at   time.Time
		uid  bool
		head bool
	}{
		{monday(23, 0), true, true},
		{monday(23, 0).AddDate(0, 0, 31), false, false},
	} {
		if err := w.q.Sweep(t.Context(), c.at); err != nil {
			t.Fatal(err)
		}
		w.view(func(tx *store.Tx) error {
			_, err := tx.ExpungedUID(box.ID, e.UID)
			if (err == nil) != c.uid {
				t.Errorf("at %v: the UID is remembered: %v", c.at, err)
			}
			m, err := tx.Message(e.MessageID)
			if err != nil || (len(m.Head) > 0) != c.head {
				t.Errorf("at %v: head of %d octets, %v", c.at, len(m.Head), err)
			}
			return nil
		})
	}
}
