package badinput

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// sameTime compares a wrong password with an unknown name: text, and the medians of
// how long the answers take.
func (r *run) sameTime(m []string) string {
	limit, _ := strconv.ParseFloat(m[1], 64)
	// alice:bad, nobody1:bad, and bob:bad, which tells how much a busy machine blurs.
	tries := []string{"AGFsaWNlAGJhZA==", "AG5vYm9keTEAYmFk", "AGJvYgBiYWQ="}
	took := make([][]time.Duration, len(tries))
	said := map[string]bool{}
	const rounds = 40
	for i := range rounds * len(tries) {
		k := i % len(tries)
		d, text, err := r.timeLogin(tries[k], fmt.Sprintf("127.2.%d.%d", k, i/len(tries)+1))
		if err != nil {
			return err.Error()
		}
		took[k] = append(took[k], d)
		said[text] = true
	}
	for i := range took {
		slices.Sort(took[i])
	}
	apart := func(i, j int) float64 {
		a, b := took[i][rounds/2].Seconds(), took[j][rounds/2].Seconds()
		return 100 * (max(a, b) - min(a, b)) / max(a, b)
	}
	diff, blur := apart(0, 1), apart(0, 2)
	switch {
	case len(said) != 1:
		return fmt.Sprintf("%d different answers", len(said))
	case diff >= limit && diff < 2*blur+limit:
		return unobservable + fmt.Sprintf(" (%.0f %%, but %.0f %% between two who exist: the machine is busy)", diff, blur)
	case diff >= limit:
		return fmt.Sprintf("%.0f %% over %d tries", diff, rounds)
	}
	return ""
}

// timeLogin measures how long the answer to one initial response takes.
func (r *run) timeLogin(initial, source string) (took time.Duration, said string, err error) {
	c, err := dialTLS(r.w.doors["submissions"], source, r.w.trust)
	if err != nil {
		return 0, "", err
	}
	defer c.close()
	c.listen()
	c.write([]byte("EHLO client.test\r\n"))
	c.settle(patience, patience, func() bool { return len(readSMTP(c, false).said()) == 2 })
	t := time.Now()
	c.write([]byte("AUTH PLAIN " + initial + "\r\n"))
	c.settle(patience, patience, func() bool { return len(readSMTP(c, false).said()) == 3 })
	took = time.Since(t)
	if e, ok := readSMTP(c, false).first("AUTH"); ok {
		said = e.last().text()
	}
	return took, said, nil
}

// meanwhile plays the row again while somebody else works, and compares the slowest of
// his hundred commands.
func (r *run) meanwhile(limit string) string {
	var group sync.WaitGroup
	group.Go(func() {
		if p, err := r.c.play(r.w, whole()); err == nil {
			p.wire.close()
		}
	})
	defer group.Wait()
	time.Sleep(50 * time.Millisecond)
	c, err := r.w.login("bob")
	if err != nil {
		return err.Error()
	}
	defer c.close()
	var took []time.Duration
	for i := range 100 {
		t := time.Now()
		if _, ok := c.command(fmt.Sprintf("m%d", i), "STATUS INBOX (MESSAGES UNSEEN)"); !ok {
			return "his command fails: " + lastLine(c)
		}
		took = append(took, time.Since(t))
		time.Sleep(2 * time.Millisecond)
	}
	slices.Sort(took)
	return compare(float64(took[98].Milliseconds()), "<", limit)
}

// ascending checks the UIDs of every mailbox.
func (r *run) ascending([]string) string {
	if n := r.w.count(`SELECT count(*) FROM entry e JOIN mailbox b ON b.id = e.mailbox_id WHERE e.uid >= b.uidnext`); n != 0 {
		return fmt.Sprintf("%d UIDs are not below UIDNEXT", n)
	}
	if n := r.w.count(`SELECT count(*) FROM entry e JOIN expunged x ON x.mailbox_id = e.mailbox_id AND x.uid = e.uid`); n != 0 {
		return fmt.Sprintf("%d UIDs were used twice", n)
	}
	return ""
}
