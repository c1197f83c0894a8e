package inbox

import (
	"fmt"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/store"
	"tidepost/threading"
)

const (
	maxCandidates = 10 // threads of one subject that are looked at
	maxMembers    = 50 // messages of a thread whose people are looked at
)

// PlaceThread says which thread a message belongs to, makes one if there is none, and
// remembers the ids the message names. Every message that is stored goes through it:
// submitted, received and composed.
func PlaceThread(tx *store.Tx, f mail.Facts, now time.Time) (int64, error) {
	m := threading.Of(f, now)
	p, err := threading.Place(m, memory{tx})
	if err != nil {
		return 0, fmt.Errorf("place message %s: %w", f.MessageID, err)
	}
	if p.Thread == 0 {
		t := store.Thread{Subject: m.Subject, Created: now, Updated: now}
		if err := tx.InsertThread(&t); err != nil {
			return 0, err
		}
		p.Thread = t.ID
	} else if err := touchThread(tx, p, now); err != nil {
		return 0, err
	}
	for _, id := range p.Remember {
		if err := tx.PutThreadRef(id, p.Thread); err != nil {
			return 0, fmt.Errorf("remember %s: %w", id, err)
		}
	}
	return p.Thread, nil
}

func touchThread(tx *store.Tx, p threading.Placement, now time.Time) error {
	if p.Merge != 0 {
		if err := tx.MergeThread(p.Merge, p.Thread); err != nil {
			return err
		}
	}
	t, err := tx.Thread(p.Thread)
	if err != nil {
		return err
	}
	t.Updated = now
	return tx.UpdateThread(t)
}

// memory is threading.Memory on the store.
type memory struct{ tx *store.Tx }

// Known implements threading.Memory.
func (m memory) Known(mid string) (threading.Known, error) {
	id, err := m.tx.ThreadOf(mid)
	if err != nil || id == 0 {
		return threading.Known{}, err
	}
	here, err := m.tx.MessagesByMID(mid)
	return threading.Known{Thread: id, Here: len(here) > 0}, err
}

// Candidates implements threading.Memory.
func (m memory) Candidates(subject string, since time.Time) ([]threading.Candidate, error) {
	threads, err := m.tx.ThreadsBySubject(subject, since, maxCandidates)
	if err != nil {
		return nil, err
	}
	var out []threading.Candidate
	for _, t := range threads {
		members, err := m.members(t.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, threading.Candidate{Thread: t.ID, Members: members, Last: t.Updated})
	}
	return out, nil
}

// members are the people in the headers of a thread.
func (m memory) members(thread int64) ([]string, error) {
	messages, err := m.tx.MessagesOfThread(thread, maxMembers)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, msg := range messages {
		h := mail.ParseHeader(msg.Head)
		for _, field := range []string{"From", "To", "Cc"} {
			for _, a := range h.Addresses(field) {
				if key := a.Address.Key(); !slices.Contains(out, key) {
					out = append(out, key)
				}
			}
		}
	}
	return out, nil
}
