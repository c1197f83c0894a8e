package faults

import (
	"fmt"
	"time"

	"tidepost/e2e/reconcile"
)

// manyHeld kills a server that holds very much, and starts it again.
func manyHeld(t *T) {
	n := t.dose(100_000, 1_000_000)
	l := underLoad(install(t, setup{}))
	l.Size = 20
	l.start()
	if err := l.holdMore(); err != nil {
		t.Fatal(err)
	}
	l.stop()
	l.multiply(n)
	// One of them is due as soon as the server is up again: the first that leaves.
	l.start()
	c, err := l.Connect("submissions")
	if err != nil {
		t.Fatal(err)
	}
	s, text := l.Make(reconcile.Outside)
	if err := l.Send(c, s, text, "submissions"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	l.kill()
	begin := time.Now()
	ready := l.start()
	l.settle(time.Minute)
	first := time.Since(begin)
	folder, err := l.Author()
	if err != nil {
		t.Fatal(err)
	}
	folder.Close()
	rss := l.memory("VmHWM")
	if ready > 10*time.Second || first > 15*time.Second || rss > 400<<20 {
		t.Errorf("%d held: ready after %s, first mail out after %s, %d MB", n, ready, first, rss>>20)
	}
	held := l.count(`SELECT count(*) FROM recipient WHERE state = 'held'`)
	if held < n {
		t.Errorf("%d are held, want %d", held, n)
	}
	l.stop()
	t.say("%d held: ready %s after kill -9, first mail out after %s, %d MB", held, ready.Round(time.Millisecond), first.Round(time.Millisecond), rss>>20)
}

// multiply makes n held mails of the one that was accepted first, as accepting them
// would have left them.
func (l *load) multiply(n int) {
	db := l.open("rw")
	defer db.Close()
	tx, err := db.BeginTx(l.ctx, nil)
	if err != nil {
		l.Fatal(err)
	}
	count := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	for _, q := range []string{
		`INSERT INTO message (id, origin, body_id, head, size, mid, thread_id, created) ` + count + `SELECT 1000000 + i, origin, body_id, head, size, 'many' || i || '@many.example', thread_id, created
			FROM n, (SELECT * FROM message WHERE id = (SELECT message_id FROM submission ORDER BY id LIMIT 1))`,
		`INSERT INTO submission (id, message_id, author_id, reverse_path, env_id, ret, utf8, mid, in_reply_to, digest, subject, plan, urgent, frozen, file_sent, accepted) ` + count + `
			SELECT 1000000 + i, 1000000 + i, author_id, reverse_path, env_id, ret, utf8, 'many' || i || '@many.example', in_reply_to, digest, subject, plan, urgent, frozen, file_sent, accepted
			FROM n, (SELECT * FROM submission ORDER BY id LIMIT 1)`,
		`INSERT INTO recipient (id, submission_id, address, person_id, notify, orcpt, state, due, plan) ` + count + `SELECT 1000000 + i, 1000000 + i, address, person_id, notify, orcpt, state, due, plan
			FROM n, (SELECT * FROM recipient ORDER BY id LIMIT 1)`,
		`INSERT INTO event (at, kind, submission_id, recipient_id, person_id, state, detail) ` + count + `SELECT at, kind, 1000000 + i, 1000000 + i, person_id, state, detail
			FROM n, (SELECT * FROM event WHERE recipient_id = (SELECT min(id) FROM recipient) ORDER BY id LIMIT 1)`,
		`INSERT INTO derived SELECT m.id, d.version, d.envelope, d.structure, d.preview, '', 1 FROM message m,
			(SELECT * FROM derived WHERE message_id = (SELECT message_id FROM submission ORDER BY id LIMIT 1)) d WHERE m.id > 1000000`,
		`INSERT INTO entry (mailbox_id, uid, message_id, modseq, internaldate, flags, submission_id) SELECT e.mailbox_id, m.id, m.id, e.modseq, e.internaldate, e.flags, m.id
			FROM message m, (SELECT * FROM entry WHERE submission_id = (SELECT min(id) FROM submission) LIMIT 1) e WHERE m.id > 1000000`,
		`UPDATE mailbox SET uidnext = (SELECT max(uid) + 1 FROM entry WHERE mailbox_id = mailbox.id) WHERE id IN (SELECT mailbox_id FROM entry WHERE uid > 1000000)`,
	} {
		if _, err := tx.ExecContext(l.ctx, q); err != nil {
			l.Fatalf("%s: %v", q, err)
		}
	}
	if err := tx.Commit(); err != nil {
		l.Fatal(err)
	}
}
