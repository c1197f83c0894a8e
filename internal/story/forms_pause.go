package story

import (
	"context"
	"errors"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// pauseForms pause and resume, as the command line does beside the running server.
func pauseForms() []*form {
	return []*form{
		{example: `Mei pauses until 15:00`, pattern: `WHO (?:pauses|is paused)(?: until REST)?`, act: true, make: makePause},
		{example: `the team is paused until Tue 15:00`, pattern: `the team (?:pauses|is paused)(?: until REST)?`, act: true, make: makeTeamPause},
		{example: `Mei resumes`, pattern: `WHO (?:resumes|is not paused any more)`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			p, err := b.colleague(m[1])
			return func(w *world) error {
				return w.pause(func(tx *store.Tx, now time.Time) error {
					id, err := personID(tx, p.address)
					if err != nil {
						return err
					}
					return people.Resume(tx, id, now)
				})
			}, err
		}},
		{example: `the team resumes`, pattern: `the team (?:resumes|is not paused any more)`, act: true, make: func(*builder, []string) (func(*world) error, error) {
			return func(w *world) error {
				return w.pause(func(tx *store.Tx, now time.Time) error { return people.ResumeTeam(tx, now, "the story") })
			}, nil
		}},
	}
}

func makePause(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	until, err := b.pauseEnd(m[2], p)
	return func(w *world) error {
		end, err := until()
		if err != nil {
			return err
		}
		return w.pause(func(tx *store.Tx, now time.Time) error {
			id, err := personID(tx, p.address)
			if err != nil {
				return err
			}
			return people.Pause(tx, id, end, now)
		})
	}, err
}

func makeTeamPause(b *builder, m []string) (func(*world) error, error) {
	until, err := b.pauseEnd(m[1], nil)
	return func(w *world) error {
		end, err := until()
		if err != nil {
			return err
		}
		return w.pause(func(tx *store.Tx, now time.Time) error { return people.PauseTeam(tx, end, now, "the story") })
	}, err
}

// pauseEnd reads when a pause ends; "" is until somebody ends it.
func (b *builder) pauseEnd(s string, p *member) (func() (time.Time, error), error) {
	if s == "" {
		return func() (time.Time, error) { return people.Endless(), nil }, nil
	}
	at, zone, err := b.momentOf(s, p)
	return func() (time.Time, error) { return at.next(time.Now(), zone) }, err
}

func (w *world) pause(do func(tx *store.Tx, now time.Time) error) error {
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	err = db.Update(context.Background(), func(tx *store.Tx) error { return do(tx, time.Now()) })
	if err = errors.Join(err, db.Close()); err != nil || w.server == nil {
		return err
	}
	return w.server.reload()
}

func personID(tx *store.Tx, address string) (int64, error) {
	list, err := tx.People()
	if err != nil {
		return 0, err
	}
	for _, row := range list {
		if strings.EqualFold(row.Address, address) {
			return row.ID, nil
		}
	}
	return 0, store.ErrNotFound
}
