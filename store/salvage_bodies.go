package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// bodies proves every body by its checksum. What does not hold is no message any more:
// its octets go to a file, and it is shown to nobody.
func (v *salvager) bodies() error {
	if _, err := v.tx.exec(`DELETE FROM body WHERE state = 'staged'`); err != nil { // Never acknowledged.
		return fmt.Errorf("remove staged bodies: %w", err)
	}
	var total, last int64
	if err := v.tx.row([]any{&total}, `SELECT count(*) FROM body`); err != nil {
		return err
	}
	type body struct {
		id, size int64
		sum      []byte
	}
	for done := 0; ; {
		batch, err := all(v.tx, func(b *body) []any { return []any{&b.id, &b.size, &b.sum} },
			`SELECT id, size, sha256 FROM body WHERE id > ? ORDER BY id LIMIT 500`, last)
		if err != nil {
			return fmt.Errorf("read bodies: %w", err)
		}
		if len(batch) == 0 {
			return v.bodiless()
		}
		for _, b := range batch {
			last = b.id
			if err := v.body(b.id, b.size, b.sum); err != nil {
				return err
			}
		}
		if done += len(batch); v.o.Progress != nil {
			v.o.Progress(done, int(total))
		}
	}
}

// body proves one.
func (v *salvager) body(id, size int64, sum []byte) error {
	sha, n, err := v.writeBody(id, io.Discard)
	if err != nil {
		return err
	}
	if n == size && string(sha) == string(sum) {
		return nil
	}
	var wanted, named bool
	if err := v.tx.row([]any{&wanted, &named}, `SELECT EXISTS (SELECT 1 FROM message WHERE body_id = ?1 AND head <> x''),
		EXISTS (SELECT 1 FROM message WHERE body_id = ?1)`, id); err != nil {
		return err
	}
	if !wanted && (named || n == 0) {
		return v.tx.deleteChunks(id) // Swept: nobody needed it.
	}
	return v.damaged(id, fmt.Sprintf("%d of %d octets of its text are readable", min(n, size), size))
}

// writeBody copies the chunks there are and hashes them.
func (v *salvager) writeBody(id int64, w io.Writer) (sum []byte, size int64, err error) {
	sha := sha256.New()
	for at := id << 16; ; {
		var chunk int64
		var data []byte
		err := v.tx.row([]any{&chunk, &data}, `SELECT id, data FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT 1`, at, (id+1)<<16)
		if errors.Is(err, ErrNotFound) {
			return sha.Sum(nil), size, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read body %d: %w", id, err)
		}
		sha.Write(data)
		size += int64(len(data))
		if _, err := w.Write(data); err != nil {
			return nil, 0, fmt.Errorf("write pieces of body %d: %w", id, err)
		}
		at = chunk + 1
	}
}

// bodiless finds what lost its other half: messages without a body row, bodies and
// chunks without a message.
func (v *salvager) bodiless() error {
	// That of messages whose text nobody needs proves nothing, and may be made anew.
	if err := v.do(`INSERT INTO body (id, size, sha256, state, created) SELECT 0, 0, x'` + emptySum + `', 'whole', ?1
		WHERE EXISTS (SELECT 1 FROM message WHERE body_id = 0) AND NOT EXISTS (SELECT 1 FROM body WHERE id = 0)`); err != nil {
		return err
	}
	var ids []int64
	if err := each(v.tx, func(id int64) error { ids = append(ids, id); return nil },
		`SELECT DISTINCT body_id FROM message WHERE body_id NOT IN (SELECT id FROM body)`); err != nil {
		return err
	}
	empty := sha256.Sum256(nil)
	for _, id := range ids {
		if _, err := v.tx.exec(`INSERT INTO body (id, size, sha256, state, created) VALUES (?, 0, ?, 'whole', ?)`, id, empty[:], v.at()); err != nil {
			return err
		}
		if err := v.damaged(id, "nothing proves its text"); err != nil {
			return err
		}
	}
	ids = ids[:0]
	if err := each(v.tx, func(id int64) error { ids = append(ids, id); return nil },
		`SELECT id FROM body b WHERE NOT EXISTS (SELECT 1 FROM message WHERE body_id = b.id)
		 UNION SELECT DISTINCT id >> 16 FROM chunk WHERE id >> 16 NOT IN (SELECT id FROM body)`); err != nil {
		return err
	}
	for _, id := range ids {
		if err := v.headless(id); err != nil {
			return err
		}
	}
	return nil
}

// headless keeps the text of a body whose message is lost as a file.
func (v *salvager) headless(id int64) error {
	var some bool
	if err := v.tx.row([]any{&some}, `SELECT EXISTS (SELECT 1 FROM chunk WHERE id >= ?1 << 16 AND id < (?1 + 1) << 16)`, id); err != nil {
		return err
	}
	if some {
		file, err := v.piece("body-"+strconv.FormatInt(id, 10)+".txt", nil, id)
		if err != nil {
			return err
		}
		v.rep.lose(Loss{What: "body", First: id, Last: id, Detail: "a text whose message is lost" + file})
	}
	if err := v.tx.deleteChunks(id); err != nil {
		return err
	}
	_, err := v.tx.exec(`DELETE FROM body WHERE id = ?`, id)
	return err
}

// damaged strips every message of a body, as Sweep does, and lists them.
func (v *salvager) damaged(body int64, why string) error {
	msgs, err := all(v.tx, scanMessage, `SELECT `+messageColumns+` FROM message WHERE body_id = ? AND head <> x''`, body)
	if err != nil {
		return err
	}
	if len(msgs) == 0 {
		return v.headless(body)
	}
	for _, m := range msgs {
		file, err := v.piece(strconv.FormatInt(m.ID, 10)+".eml", m.Head, body)
		if err != nil {
			return err
		}
		v.rep.lose(Loss{What: "message", First: m.ID, Last: m.ID, MessageID: m.MID, Detail: why + file})
		if err := v.strip(m.ID); err != nil {
			return err
		}
	}
	return v.tx.deleteChunks(body)
}

// strip leaves the row of a message for the ledger. Its entries go, and their UIDs
// are remembered as gone.
func (v *salvager) strip(message int64) error {
	for _, q := range []string{
		`INSERT OR IGNORE INTO expunged (mailbox_id, uid, modseq, at, reason, submission_id)
			SELECT e.mailbox_id, e.uid, coalesce(m.modseq, e.modseq) + 1, ?2, 'expunged', e.submission_id
			FROM entry e LEFT JOIN mailbox m ON m.id = e.mailbox_id WHERE e.message_id = ?1`,
		`DELETE FROM entry WHERE message_id = ?1`,
		`DELETE FROM derived WHERE message_id = ?1`,
		`UPDATE message SET head = x'', size = 0 WHERE id = ?1`,
	} {
		args := []any{message}
		if q[:6] == "INSERT" {
			args = append(args, v.at())
		}
		if _, err := v.tx.exec(q, args...); err != nil {
			return fmt.Errorf("strip message %d: %w", message, err)
		}
	}
	return nil
}

// piece writes what is left of a message into a file and says where it is.
func (v *salvager) piece(name string, head []byte, body int64) (where string, err error) {
	if v.o.Pieces == "" {
		return "", nil
	}
	if err := os.MkdirAll(v.o.Pieces, 0o700); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(v.o.Pieces)
	if err != nil {
		return "", err
	}
	defer root.Close()
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(head)
	if err == nil {
		_, _, err = v.writeBody(body, f)
	}
	return "; what is left: " + filepath.Join(v.o.Pieces, name), errors.Join(err, f.Sync(), f.Close())
}
