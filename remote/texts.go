package remote

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Texts returns the texts of messages of the selected folder, without marking them as
// seen. Those that are gone are left out; nil is one that the server has no text of. It is
// for many small messages, in as few commands as their numbers fit into. A text of more
// than limit octets is cut to limit+1; more than total octets together end the session.
func (s *Session) Texts(ctx context.Context, uids []UID, limit, total int64) (map[UID][]byte, error) {
	if s.selected == nil {
		return nil, errNotSelected
	}
	out := map[UID][]byte{}
	uids = tidy(uids)
	for _, set := range sets(uids) {
		var text []byte
		var wrong error
		err := s.exchange(ctx, exchange{
			line:   "UID FETCH " + set + " (UID BODY.PEEK[]<0." + strconv.FormatInt(limit+1, 10) + ">)",
			octets: total,
			stream: func(size int64, r io.Reader) (err error) {
				if total -= size; size > limit+1 || total < 0 {
					return fmt.Errorf("%w: %w", errSyntax, errMoreThanAsked)
				}
				text = make([]byte, size)
				_, err = io.ReadFull(r, text)
				return err
			},
			on: func(r *response) {
				if r.kind != "FETCH" || !r.item.text {
					return
				}
				uid := r.item.summary.UID
				if _, asked := slices.BinarySearch(uids, uid); !asked {
					wrong = fmt.Errorf("%w: %w", errSyntax, errMoreThanAsked)
				}
				out[uid], text = text, nil // nil: the server has none to give.
			},
		})
		if err == nil && wrong != nil {
			err = s.gone(ctx, wrong)
		}
		if err != nil {
			return nil, fmt.Errorf("fetch messages: %w", err)
		}
	}
	return out, nil
}
