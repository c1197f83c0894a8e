package remote

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Summary is what there is to know of a message without reading it.
type Summary struct {
	UID       UID
	Flags     []string  // as the server writes them: `\Seen`, `$Forwarded`
	Date      time.Time // INTERNALDATE, UTC
	Size      int64     // RFC822.SIZE, octets
	MessageID string    // without angle brackets; "" if there is none
	EmailID   string    // OBJECTID; "" where the server has none
	ModSeq    uint64    // 0 without CONDSTORE
}

// Has says whether a message carries a flag or keyword.
func (m *Summary) Has(flag string) bool {
	return slices.ContainsFunc(m.Flags, func(f string) bool { return strings.EqualFold(f, flag) })
}

// window is how many messages one FETCH asks for: what is kept in memory of a listing.
const window = 500

// Since yields the messages of the selected folder whose UID is greater than after, by
// ascending UID; Since(ctx, 0) yields all. Between two messages the caller may use the
// session as long as the same folder is selected when the loop goes on. After an error the
// sequence ends.
func (s *Session) Since(ctx context.Context, after UID) iter.Seq2[Summary, error] {
	return s.summaries(ctx, "UID "+strconv.FormatUint(uint64(after)+1, 10)+":*", after)
}

// All yields the messages of the selected folder that are new or whose flags changed since
// a mod-sequence (RFC 7162); all of them for 0, and where the server has no CONDSTORE.
// What vanished is found with UIDs.
func (s *Session) All(ctx context.Context, changedSince uint64) iter.Seq2[Summary, error] {
	if changedSince == 0 || !s.caps.CondStore || s.selected == nil || s.selected.HighestModSeq == 0 {
		return s.Since(ctx, 0)
	}
	return s.summaries(ctx, "MODSEQ "+strconv.FormatUint(changedSince+1, 10), 0)
}

// UIDs returns the UIDs that the selected folder has, ascending: four octets a message.
func (s *Session) UIDs(ctx context.Context) ([]UID, error) {
	return s.search(ctx, "ALL", 0)
}

// Get returns the summaries of messages of the selected folder; those that are gone are
// left out.
func (s *Session) Get(ctx context.Context, uids []UID) ([]Summary, error) {
	if s.selected == nil {
		return nil, errNotSelected
	}
	var out []Summary
	for part := range slices.Chunk(tidy(uids), window) {
		some, err := s.summarize(ctx, part)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// Find returns the messages of a folder that have a Message-ID and a UID greater than
// after, by ascending UID. It tells after a lost connection whether an Append or a Move
// was carried out: after is then the folder's UIDNEXT before the command, less one, or 0
// if it is not known. Whoever has two messages of one Message-ID compares sizes. The
// folder selected before is selected again. Errors: ErrGone.
func (s *Session) Find(ctx context.Context, mailbox, messageID string, after UID) ([]Summary, error) {
	messageID = trimID(messageID)
	if messageID == "" {
		return nil, fmt.Errorf("%w: no Message-ID", ErrNoMessage)
	}
	var out []Summary
	err := s.in(ctx, mailbox, func() error {
		found := s.Since(ctx, after)
		if after == 0 {
			// Servers search words, parts of words, or a tokenizer's idea of them: what is found
			// is compared.
			text, err := quote(messageID)
			if err != nil {
				return err
			}
			found = s.summaries(ctx, "HEADER MESSAGE-ID "+text, 0)
		}
		for m, err := range found {
			if err != nil {
				return err
			}
			if m.MessageID == messageID {
				out = append(out, m)
			}
		}
		return nil
	})
	return out, err
}

// summaries yields what a search finds.
func (s *Session) summaries(ctx context.Context, criterion string, after UID) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		uids, err := s.search(ctx, criterion, after)
		if err != nil {
			yield(Summary{}, err)
			return
		}
		here := s.selected
		for part := range slices.Chunk(uids, window) {
			if here == nil || s.selected == nil || s.selected.Name != here.Name || s.selected.UIDValidity != here.UIDValidity {
				yield(Summary{}, errNotSelected)
				return
			}
			some, err := s.summarize(ctx, part)
			if err != nil {
				yield(Summary{}, err)
				return
			}
			for _, m := range some {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// search returns UIDs greater than after, ascending.
func (s *Session) search(ctx context.Context, criterion string, after UID) ([]UID, error) {
	if s.selected == nil {
		return nil, errNotSelected
	}
	line := "UID SEARCH "
	if s.caps.ESearch {
		line += "RETURN (ALL) "
	}
	var uids []UID
	var bad bool
	err := s.run(ctx, line+criterion, func(r *response) {
		switch r.kind {
		case "SEARCH":
			uids = append(uids, r.uids...)
		case "ESEARCH":
			some, ok := esearch(r.args)
			uids, bad = append(uids, some...), bad || !ok
		}
		bad = bad || len(uids) > maxUIDs
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if bad {
		return nil, s.gone(ctx, fmt.Errorf("%w: search result", errSyntax))
	}
	uids = tidy(uids)
	// "9:*" names the last message even if it is number 8 (RFC 9051 §9).
	i, _ := slices.BinarySearch(uids, after+1)
	if after == ^UID(0) {
		i = len(uids)
	}
	return uids[i:], nil
}

// esearch reads ESEARCH (RFC 4731 §3.1): (TAG "t1") UID ALL 1:3,5.
func esearch(args []node) ([]UID, bool) {
	for i, a := range args {
		if a.kind == atom && strings.EqualFold(a.text, "ALL") && i+1 < len(args) {
			return readSet(args[i+1].text, maxUIDs)
		}
	}
	return nil, true
}

// summarize fetches a window of messages, and returns them by ascending UID.
func (s *Session) summarize(ctx context.Context, uids []UID) ([]Summary, error) {
	items := "(UID FLAGS INTERNALDATE RFC822.SIZE"
	if s.caps.ObjectID {
		items += " EMAILID"
	}
	if s.caps.CondStore && s.selected.HighestModSeq > 0 {
		items += " MODSEQ"
	}
	items += " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
	asked := make(map[UID]bool, len(uids))
	for _, uid := range uids {
		asked[uid] = true
	}
	out := make([]Summary, 0, len(uids))
	for _, set := range sets(uids) {
		err := s.run(ctx, "UID FETCH "+set+" "+items, func(r *response) {
			if m := r.item.summary; r.kind == "FETCH" && r.item.sized && asked[m.UID] {
				delete(asked, m.UID)
				out = append(out, m)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("fetch summaries: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b Summary) int { return int(int64(a.UID) - int64(b.UID)) })
	return out, nil
}

// Store adds flags to messages of the selected folder, or removes them. Flags that the
// folder does not keep are left out; messages that are gone are no error.
func (s *Session) Store(ctx context.Context, uids []UID, add, remove []string) error {
	if s.selected == nil {
		return errNotSelected
	}
	for _, op := range []struct {
		sign  string
		flags []string
	}{{"+", add}, {"-", remove}} {
		flags, err := s.keepable(op.flags)
		if err != nil {
			return err
		}
		if len(flags) == 0 {
			continue
		}
		for _, set := range sets(tidy(uids)) {
			s.quiet = true
			err := s.run(ctx, "UID STORE "+set+" "+op.sign+"FLAGS.SILENT ("+strings.Join(flags, " ")+")", nil)
			s.quiet = false
			if err != nil {
				return fmt.Errorf("store flags: %w", err)
			}
		}
	}
	return nil
}

// keepable leaves out flags that the folder would forget, and refuses what is no flag.
func (s *Session) keepable(flags []string) ([]string, error) {
	var out []string
	for _, f := range flags {
		if !isFlag(f) {
			return nil, fmt.Errorf("%w: flag %q", ErrName, clean(f))
		}
		if s.selected.CanKeep(f) {
			out = append(out, f)
		}
	}
	return out, nil
}

// isFlag: an atom, with or without a backslash in front (RFC 9051 §9, flag).
func isFlag(f string) bool {
	f = strings.TrimPrefix(f, `\`)
	return f != "" && !strings.ContainsFunc(f, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r)
	})
}

var errMoreThanAsked = errors.New("the server sent another message than was asked for")

// trimID takes the brackets off a Message-ID.
func trimID(id string) string {
	return strings.Trim(strings.TrimSpace(id), "<>")
}
