package inbox

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// A Usage is what a person keeps, and how much they may. A message that lies in several
// folders counts once.
type Usage struct {
	Octets, Messages int64
	Limit            int64 // of octets; 0: none
}

// usageRest is how long a reading is believed while there is room to spare.
const usageRest = 10 * time.Minute

// A meter remembers what people keep, so that mail is not counted with every mail. It
// never forgets what came since the last reading, and learns of what was deleted with
// the next one, which comes before anybody is refused.
type meter struct {
	mu   sync.Mutex
	read map[int64]reading
}

type reading struct {
	octets int64
	at     time.Time
}

// limit is how many octets p may keep; 0: as many as the disk has.
func (b *Inbox) limit(p *people.Person) int64 {
	if q := p.Profile.Quota; q != nil {
		return *q
	}
	return b.o.Quota
}

// Usage counts what p keeps now.
func (b *Inbox) Usage(ctx context.Context, p *people.Person, now time.Time) (Usage, error) {
	u := Usage{Limit: b.limit(p)}
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		u.Octets, u.Messages, err = tx.Usage(p.ID)
		return err
	})
	if err == nil {
		b.meter.put(p.ID, reading{u.Octets, now})
	}
	return u, err
}

// Room reports whether size octets more may be kept for p. Mail of colleagues and of
// Tidepost itself does not ask: it is never lost for want of room.
func (b *Inbox) Room(ctx context.Context, p *people.Person, size int64, now time.Time) (bool, error) {
	limit := b.limit(p)
	if limit == 0 {
		return true, nil
	}
	if b.meter.spare(p.ID, size, limit, now) {
		return true, nil
	}
	u, err := b.Usage(ctx, p, now)
	if err != nil {
		return false, err
	}
	if u.Octets+size > limit/10*9 {
		b.tellFull(ctx, p, u, now)
	}
	if u.Octets+size > limit {
		return false, nil
	}
	b.meter.put(p.ID, reading{u.Octets + size, now})
	return true, nil
}

// fullAgain is how long a person is not told again that there is little room.
const fullAgain = 7 * 24 * time.Hour

// tellFull tells p, in their hours, that there is little room left. That it fails costs
// the letter, not the mail.
func (b *Inbox) tellFull(ctx context.Context, p *people.Person, u Usage, now time.Time) {
	if !p.Schedule(now).Deliverable(now) {
		return
	}
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		told, err := noted(tx, p.ID, noteFull, now.Add(-fullAgain), func(awayNote) bool { return true })
		if err != nil || told {
			return err
		}
		letter := b.letters.Full(reader(p), int(u.Octets*100/u.Limit), sizeWords(u.Limit))
		_, mid, err := b.Put(tx, p, store.KindInbox, letter, now)
		if err != nil {
			return err
		}
		return remember(tx, mid, p.ID, noteFull, awayNote{}, now)
	})
	if err != nil {
		b.o.Log.Warn("tell of little room", "person", p.ID, "err", err)
	}
}

// sizeWords shows octets as people are told: "5 GB", "250 MB".
func sizeWords(octets int64) string {
	const mega = 1_000_000
	if octets >= 1000*mega && octets%(1000*mega) == 0 {
		return fmt.Sprintf("%d GB", octets/(1000*mega))
	}
	return fmt.Sprintf("%d MB", octets/mega)
}

func (m *meter) put(person int64, r reading) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.read == nil {
		m.read = map[int64]reading{}
	}
	m.read[person] = r
}

// spare reports whether the last reading leaves no doubt, and adds size to it.
func (m *meter) spare(person, size, limit int64, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.read[person]
	if age := now.Sub(r.at); !ok || age > usageRest || age < 0 || r.octets+size > limit/10*9 {
		return false
	}
	r.octets += size
	m.read[person] = r
	return true
}
