package gateway

import (
	"strconv"
	"strings"
	"time"

	"tidepost/store"
)

// FindThread returns the id of the conversation that an operator means by t42, 42, or
// the Message-ID of a mail in it. store.ErrNotFound.
func FindThread(tx *store.Tx, id string) (int64, error) {
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "t"), 10, 64); err == nil {
		return tx.ResolveThread(n)
	}
	n, err := tx.ThreadOf(TrimID(id))
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return n, err
}

// LookAtThreads writes into the ledger that an operator looked at subjects and people of
// conversations: at one, or at a list of several.
func LookAtThreads(tx *store.Tx, threads []int64, command, by string, now time.Time) error {
	detail := map[string]any{"by": by, "command": command, "threads": len(threads)}
	if len(threads) == 1 {
		detail["thread"] = threads[0]
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventLook, Detail: detail})
}
