package store

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// express unpacks the express mail that came back. An old copy of a row that was unpacked
// before is nothing: its submission, or a line of the ledger, is there.
func (v *salvager) express() error {
	if err := v.do(`DELETE FROM express WHERE id IN (SELECT id FROM submission) OR id IN (SELECT submission_id FROM event)`,
		`DELETE FROM landed WHERE id NOT IN (SELECT id FROM express)`); err != nil {
		return err
	}
	ids, err := v.ids(`SELECT id FROM express ORDER BY id`)
	if err != nil || len(ids) == 0 {
		return err
	}
	return v.conn.Raw(func(c any) error {
		b := newBulk(c.(*sqlite3.SQLiteConn))
		defer b.close()
		for _, id := range ids {
			if err := v.expressOne(b, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// expressOne unpacks one mail, if it is whole. What is left of another one is no mail
// that could be sent.
func (v *salvager) expressOne(b *bulk, id int64) error {
	x, err := b.readExpress(id)
	if err == nil && x.landing == nil && sha256.Sum256(x.Body) != x.Sum {
		err = fmt.Errorf("express mail %d: %w: its text does not fit its checksum", id, ErrDamaged)
	}
	if err == nil {
		return b.unpack([]*Express{x})
	}
	var se sqlite3.Error
	if errors.As(err, &se) {
		return err // Trouble of the new file.
	}
	where, perr := v.expressPiece(b, id)
	if perr != nil {
		return perr
	}
	v.rep.lose(Loss{What: "submission", First: id, Last: id, Detail: err.Error() + "; it may have been sent, or not: ask its author" + where})
	if err := b.exec(`DELETE FROM express WHERE id = ?`, nil, id); err != nil {
		return err
	}
	return b.exec(`DELETE FROM landed WHERE id = ?`, nil, id)
}

// expressPiece writes what is left of a mail into a file.
func (v *salvager) expressPiece(b *bulk, id int64) (where string, err error) {
	if v.o.Pieces == "" {
		return "", nil
	}
	var text bytes.Buffer
	for _, column := range []string{"head", "body"} {
		if err := b.exec(`SELECT `+column+` FROM express WHERE id = ?`, func(x driver.Value) {
			part, _ := x.([]byte)
			text.Write(part)
		}, id); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(v.o.Pieces, 0o700); err != nil {
		return "", err
	}
	name := filepath.Join(v.o.Pieces, fmt.Sprintf("express-%d.eml", id))
	return "; what is left: " + name, os.WriteFile(name, text.Bytes(), 0o600)
}
