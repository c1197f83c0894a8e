package store

import (
	"database/sql"
	"fmt"
)

// EachHead calls f with the heads of a mailbox's messages whose UIDs lie in [from, to],
// in that order. head is valid during the call only. It is for whoever looks through
// very many heads and wants few: nothing is kept.
func (tx *Tx) EachHead(mailbox int64, from, to uint32, f func(message int64, head []byte)) error {
	rows, err := tx.q.QueryContext(tx.ctx, `SELECT m.id, m.head FROM entry e JOIN message m ON m.id = e.message_id
		WHERE e.mailbox_id = ? AND e.uid BETWEEN ? AND ? ORDER BY e.uid`, mailbox, from, to)
	if err != nil {
		return fmt.Errorf("read heads: %w", mapError(err))
	}
	defer rows.Close()
	var id int64
	var head sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&id, &head); err != nil {
			return fmt.Errorf("read heads: %w", mapError(err))
		}
		f(id, head)
	}
	return mapError(rows.Err())
}
