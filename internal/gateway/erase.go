package gateway

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// erasedFile lists in the data directory who was erased: a database that is older, put in
// its place from a backup, still has them, and erases them again before it is served. It
// names nobody.
const erasedFile = "erased.jsonl"

// An erased is one line of it.
type erased struct {
	Person  int64     `json:"person_id"`
	Address string    `json:"address_sha256"` // of the address they had, to know them by
	At      time.Time `json:"at"`
	By      string    `json:"by"`
}

// ErrStillHere is returned when somebody is to be erased who has not left.
var ErrStillHere = errors.New("is still in the team: tidepost people leave, or people remove, comes first")

// ErrStillWaits is returned when mail of the person still waits to leave.
var ErrStillWaits = errors.New("mail of theirs still waits to leave: wait, or tidepost queue release or cancel --author")

// sweepPortion is how many messages one transaction sweeps.
const sweepPortion = 200

// Erase erases somebody who has left, for good. Broken off, it goes on where it was when it
// is said again. The file must be scrubbed afterwards (Scrub).
func (d *Desk) Erase(ctx context.Context, p *people.Person, by string, now time.Time, progress func(done int)) error {
	if p.Active {
		return fmt.Errorf("%s %w", p.Address, ErrStillHere)
	}
	waits := 0
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Unsettled(p.ID, 1)
		waits = len(list)
		return err
	})
	if err != nil {
		return err
	}
	if waits > 0 {
		return fmt.Errorf("%s: %w", p.Address, ErrStillWaits)
	}
	// First of all: an erasure that was begun is one that must not be forgotten.
	if err := noteErased(d.Config.Server.Data, erased{p.ID, addressSum(p.Address.String()), now.UTC(), by}); err != nil {
		return err
	}
	if err := d.gateway.erase(ctx, p, now, progress); err != nil {
		return err
	}
	return d.Announce(ctx)
}

// erase does it, in portions.
func (g *Gateway) erase(ctx context.Context, p *people.Person, now time.Time, progress func(done int)) error {
	addresses := []string{p.Address.String()}
	for _, a := range p.Aliases {
		addresses = append(addresses, a.String())
	}
	err := g.db.Update(ctx, func(tx *store.Tx) error {
		if err := g.standing.CloseQuestions(tx, p, now); err != nil {
			return err
		}
		return tx.BeginErasure(p.ID, addresses, now)
	})
	if err != nil {
		return err
	}
	if err := g.sweepErased(ctx, progress); err != nil {
		return err
	}
	profile, err := people.DefaultProfile("UTC").Encode()
	if err != nil {
		return err
	}
	err = g.db.Update(ctx, func(tx *store.Tx) error { return tx.FinishErasure(p.ID, p.Name, addresses, profile, now) })
	if err != nil {
		return err
	}
	if err := g.dir.Reload(ctx); err != nil {
		return err
	}
	if err := g.db.Update(ctx, func(tx *store.Tx) error { return g.decisions.Erase(tx, p.ID, p.Name, now) }); err != nil {
		return err
	}
	return g.sweepErased(ctx, nil)
}

func (g *Gateway) sweepErased(ctx context.Context, progress func(done int)) error {
	for done := 0; ; {
		n := 0
		err := g.db.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.SweepErased(sweepPortion)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		if done += n; progress != nil {
			progress(done)
		}
	}
}

// Scrub writes the file anew, so that nothing of who was erased is in free pages, in the
// log or in an index. Nobody writes meanwhile.
func (d *Desk) Scrub(ctx context.Context, now time.Time) error { return d.gateway.scrub(ctx, now) }

func (g *Gateway) scrub(ctx context.Context, now time.Time) error {
	if err := store.Scrub(ctx, g.db.Path()); err != nil {
		return err
	}
	return g.db.Update(ctx, func(tx *store.Tx) error {
		ids, err := tx.Unscrubbed()
		if err != nil {
			return err
		}
		for _, id := range ids {
			s, err := tx.Erasure(id)
			if err != nil {
				return err
			}
			s.Scrubbed = now
			if err := tx.SetErasure(id, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unscrubbed reports whether the file must still be scrubbed after an erasure.
func (d *Desk) Unscrubbed(ctx context.Context) (bool, error) { return d.gateway.unscrubbed(ctx) }

func (g *Gateway) unscrubbed(ctx context.Context) (bool, error) {
	var ids []int64
	err := g.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.Unscrubbed()
		return err
	})
	return len(ids) > 0, err
}

// eraseAgain looks, before anything is served, whether the database is older than an
// erasure, and does that again: a restored backup must not bring anybody back.
func (g *Gateway) eraseAgain(ctx context.Context, now time.Time) error {
	list, err := readErased(g.cfg.Server.Data)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := g.eraseOneAgain(ctx, e, now); err != nil {
			return fmt.Errorf("erase person %d again: %w", e.Person, err)
		}
	}
	todo, err := g.unscrubbed(ctx)
	if err != nil || !todo {
		return err
	}
	g.log.Warn("the database is written anew, so that nothing is left of people who were erased")
	return g.scrub(ctx, now)
}

func (g *Gateway) eraseOneAgain(ctx context.Context, e erased, now time.Time) error {
	var done store.ErasureState
	err := g.db.View(ctx, func(tx *store.Tx) (err error) {
		done, err = tx.Erasure(e.Person)
		return err
	})
	if err != nil || !done.Done.IsZero() {
		return err
	}
	p, ok := g.dir.ByID(e.Person)
	if !ok || done.Begun.IsZero() && addressSum(p.Address.String()) != e.Address {
		return nil // Somebody else's database, or one from before they came.
	}
	g.log.Warn("the database is older than an erasure: erasing again", "person", e.Person, "erased", e.At)
	if p.Active {
		leave := func(tx *store.Tx) error {
			return tx.PutLeaver(store.Leaver{PersonID: p.ID, At: now, Created: now})
		}
		if err := g.db.Update(ctx, leave); err != nil {
			return err
		}
		g.standing.Kick()
		if err := g.standing.RunDue(ctx, now); err != nil {
			return err
		}
		if err := g.dir.Reload(ctx); err != nil {
			return err
		}
	}
	return g.erase(ctx, p, now, nil)
}

func addressSum(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}

// noteErased adds a line, unless it is there.
func noteErased(dir string, e erased) error {
	list, err := readErased(dir)
	if err != nil {
		return err
	}
	for _, o := range list {
		if o.Person == e.Person && o.Address == e.Address {
			return nil
		}
	}
	return appendLine(filepath.Join(dir, erasedFile), e)
}

func readErased(dir string) ([]erased, error) {
	return readLines[erased](filepath.Join(dir, erasedFile))
}

// appendLine adds a value to a file of JSON lines, and syncs it.
func appendLine(path string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// readLines reads a file of JSON lines; there may be none. A last line that was broken off
// is left out.
func readLines[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []T
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v T
		if json.Unmarshal(lines.Bytes(), &v) == nil {
			out = append(out, v)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return out, nil
}
