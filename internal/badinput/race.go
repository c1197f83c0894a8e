package badinput

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"tidepost/internal/gateway"
)

// tells reports whether the notes of a row have one of the words.
func (c *Case) tells(words ...string) bool {
	for _, s := range c.Steps {
		for _, w := range words {
			if s.kind == note && strings.Contains(strings.ToLower(s.text), w) {
				return true
			}
		}
	}
	return false
}

// racers is how many letters a race is about.
const racers = 20

// race lets the author take mail back at the instant of its release: each letter is
// either his again or at the smarthost, and never both.
func (r *run) race() {
	r.raced = true
	for i := range racers {
		if err := r.submit(fmt.Sprintf("race%d@remote.test", i), fmt.Sprintf("race %d", i), "x\r\n", "HOLDFOR=3600"); err != nil {
			r.miss("submit: %v", err)
			return
		}
	}
	c, err := r.w.login("alice")
	if err != nil {
		r.miss("%v", err)
		return
	}
	defer c.close()
	c.command("s0", "SELECT Scheduled")
	var group sync.WaitGroup
	var failed error
	group.Go(func() { failed = r.releaseAll() })
	won := 0
	for i := range racers {
		// The last is the furthest from its release, so that the two meet in the middle.
		if _, ok := c.command(fmt.Sprintf("m%d", i), "MOVE * Drafts"); ok {
			won++
		}
		time.Sleep(2 * time.Millisecond)
	}
	group.Wait()
	if failed != nil {
		r.miss("bring the release forward: %v", failed)
		return
	}
	r.countRace()
	if won == racers || won == 0 {
		r.open = append(r.open, fmt.Sprintf("the race: %d of %d were taken back", won, racers))
	}
}

// releaseAll lets one letter after the other be due.
func (r *run) releaseAll() error {
	for i := range racers {
		due := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		if err := r.w.change(`UPDATE recipient SET due = ? WHERE address = ? AND state = 'held'`, due, fmt.Sprintf("race%d@remote.test", i)); err != nil {
			return err
		}
		if err := gateway.Kick(r.ctx, r.w.setup.data()); err != nil {
			return err
		}
	}
	return nil
}

// countRace counts where the letters of a race are.
func (r *run) countRace() {
	for end := time.Now().Add(relayWait); time.Now().Before(end) && r.w.count(`SELECT count(*) FROM recipient WHERE state IN ('held', 'sending')`) > 0; time.Sleep(50 * time.Millisecond) {
		if err := gateway.Kick(r.ctx, r.w.setup.data()); err != nil {
			r.miss("wake the gateway: %v", err)
			return
		}
	}
	sent := map[string]int{}
	for _, t := range r.host.Delivered() {
		sent[t.Header("Subject")]++
	}
	for i := range racers {
		subject := fmt.Sprintf("race %d", i)
		drafts := r.w.count(`SELECT count(*) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id JOIN message m ON m.id = e.message_id
			WHERE b.name = 'Drafts' AND instr(CAST(m.head AS TEXT), ?) > 0`, "Subject: "+subject+"\r\n")
		if drafts+sent[subject] != 1 {
			r.miss("%q is %d times in Drafts and was sent %d times", subject, drafts, sent[subject])
		}
	}
}
