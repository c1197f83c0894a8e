package doctor

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tidepost/internal/gateway"
	"tidepost/store"
)

func TestConnector(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     map[store.PassageKind]int
		level Level
		text  string
	}{
		{"all is well", map[store.PassageKind]int{store.PassageHeld: 5, store.PassageUnproved: 1}, OK, "6 mails in a week, 1 of them"},
		{"past us", map[store.PassageKind]int{store.PassageHeld: 5, store.PassageBypass: 2}, Warn, "2 mails of our people went past Tidepost in a week, most with iPhone Mail"},
		{"again", map[store.PassageKind]int{store.PassageAgain: 1, store.PassageBypass: 2}, Warn, "X-Tidepost-Pass"},
		{"no signatures", map[store.PassageKind]int{store.PassageUnproved: 3, store.PassageHeld: 1}, Warn, "of 4 mails that it brought in a week, 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visitor(t)
			v.Config.Listen.Connector = ":2525"
			desk, err := gateway.OpenDesk(v.Config, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer desk.Close()
			v.desk = desk
			err = desk.DB.Update(context.Background(), func(tx *store.Tx) error {
				for kind, n := range c.n {
					for range n {
						client := ""
						if kind == store.PassageBypass {
							client = "iPhone Mail"
						}
						if err := tx.CountPassage(kind, client, time.Now()); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			v.connector(context.Background())
			expectLast(t, v, c.level, c.text)
		})
	}
}
