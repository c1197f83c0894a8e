package archive

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"tidepost/store"
)

// Exported are the folders of a person that Export writes: those that only show what
// lies in others are left out.
func Exported(ctx context.Context, db *store.DB, person int64) ([]store.Mailbox, error) {
	var boxes []store.Mailbox
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		boxes, err = tx.Mailboxes(person)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := boxes[:0]
	for _, box := range boxes {
		switch box.Kind {
		case store.KindRemind, store.KindSendNow, store.KindSendTomorrow, store.KindSendMonday, store.KindSendOpening, store.KindNeedsReply, store.KindWaitingFor:
		default:
			out = append(out, box)
		}
	}
	return out, nil
}

// WriteFolder writes one folder to w as an mbox file and returns how many messages it
// had. told may be nil.
func WriteFolder(ctx context.Context, db *store.DB, box store.Mailbox, w io.Writer, told func(f Folder, done int64)) (int, error) {
	r, err := exportFolder(ctx, db, box, &oneMbox{w: NewMboxWriter(w)}, told)
	return r.Messages, err
}

// MboxPath is the file below a directory that a folder is written to: a file cannot be
// a directory too, so "Scheduled/Send now" lies in "Scheduled.sbd".
func MboxPath(root, name string) string {
	levels := strings.Split(strings.ReplaceAll(name, "\x00", "_"), "/")
	for i := range levels {
		if levels[i] == "." || levels[i] == ".." {
			levels[i] = "_"
		}
		if i < len(levels)-1 {
			levels[i] += ".sbd"
		}
	}
	return filepath.Join(append([]string{root}, levels...)...) + ".mbox"
}
