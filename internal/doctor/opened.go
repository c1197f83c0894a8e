package doctor

import (
	"context"

	"tidepost/internal/gateway"
	"tidepost/store"
)

// folders names people who send mail and have never opened their folders: what waits,
// they do not see.
func (v *visit) folders(ctx context.Context) {
	const check = "folders"
	var ids []int64
	err := v.desk.DB.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.NeverOpened(v.Now().Add(-gateway.SettingUp))
		return err
	})
	if err != nil {
		v.fail(check, "", "%v", err)
		return
	}
	var names []string
	for _, id := range ids {
		if p, ok := v.desk.People.ByID(id); ok {
			names = append(names, p.Address.String())
		}
	}
	if len(names) > 0 {
		v.warn(check, "Help them set up IMAP (docs/clients.md): they do not see what waits.", "send mail, but have never opened their folders: %s", some(names))
	}
}
