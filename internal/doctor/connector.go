package doctor

import (
	"context"
	"fmt"
	"time"

	"tidepost/store"
)

// bypassWindow is how far back mail that went past Tidepost is of interest.
const bypassWindow = 7 * 24 * time.Hour

// connector looks how much of what people send passes here.
func (v *visit) connector(ctx context.Context) {
	const check = "connector"
	if v.desk == nil {
		return
	}
	n := map[store.PassageKind]int{}
	with := ""
	err := v.desk.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.PassagesSince(v.Now().Add(-bypassWindow))
		for _, p := range list {
			n[p.Kind] += p.N
			if p.Kind == store.PassageBypass && with == "" && p.Client != "" {
				with = ", most with " + p.Client
			}
		}
		return err
	})
	open := v.Config.Listen.Connector != ""
	unproved := "passed on unheld"
	if v.Config.Connector.Unproved == "refuse" {
		unproved = "refused or passed on unheld"
	}
	switch {
	case err != nil:
		v.fail(check, "Look into the log of the server.", "%v", err)
	case n[store.PassageAgain] > 0:
		v.warn(check, "Have the provider's rule leave out mail with an X-Tidepost-Pass field.", "%d mails came a second time in a week", n[store.PassageAgain])
	case n[store.PassageBypass] > 0:
		v.warn(check, "See \"tidepost report bypass\", and docs/provider.md for how these programs are led here. Nobody is punished.", "%d mails of our people went past Tidepost in a week%s", n[store.PassageBypass], with)
	case n[store.PassageUnproved] > n[store.PassageHeld]:
		v.warn(check, "See that the provider signs (DKIM) with our domain before it hands over, or name it in connector.trusted_authserv.", "of %d mails that it brought in a week, %d were %s: nothing proved the author", n[store.PassageUnproved]+n[store.PassageHeld], n[store.PassageUnproved], unproved)
	case open:
		v.ok(check, "%s", fmt.Sprintf("%d mails in a week, %d of them passed on as they were", n[store.PassageUnproved]+n[store.PassageHeld], n[store.PassageUnproved]))
	}
}
