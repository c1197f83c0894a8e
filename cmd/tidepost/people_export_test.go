package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// TestWhoHasLeftIsMeant: mail to somebody who has left goes to a colleague; what is
// exported and erased under the old address is still the one who left.
func TestWhoHasLeftIsMeant(t *testing.T) {
	cfg := config.Default()
	cfg.Server.Hostname, cfg.Server.Domains, cfg.Server.Data = "mail.team.example", []string{"team.example"}, t.TempDir()
	cfg.Relay.Mode = "mx"
	d, err := gateway.OpenDesk(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, ids := context.Background(), map[string]int64{}
	edit := people.NewEditor(d.DB, cfg.Server.Domains, rand.Reader)
	for _, name := range []string{"ana", "mei"} {
		e, err := edit.Add(ctx, people.Request{Fields: map[people.Field]string{people.FieldAddress: name + "@team.example", people.FieldZone: "UTC"}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = e.ID
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.GiveAddresses(ids["mei"], ids["ana"]); err != nil {
			return err
		}
		return tx.RemovePerson(ids["mei"])
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.People.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"mei@team.example": "mei", "ana@team.example": "ana"} {
		if p, err := anyPerson(d, address); err != nil || p.ID != ids[want] {
			t.Errorf("%s: %+v, %v", address, p, err)
		}
	}
	if _, err := anyPerson(d, "nobody@team.example"); err == nil {
		t.Error("nobody was found")
	}
}
