package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"tidepost/people"
)

// redeem is the web.Redeemer: it sets a password with a one-time code.
func (g *Gateway) redeem(ctx context.Context, code, password string, now time.Time) (address, said string, err error) {
	address, err = people.NewEditor(g.db, g.cfg.Server.Domains, rand.Reader).RedeemCode(ctx, code, password, now)
	var bad *people.PasswordError
	switch {
	case errors.Is(err, people.ErrCode):
		return "", "The code is not good: it was used before, it is too old, or it was mistyped. Your administrator can make a new one.", nil
	case errors.As(err, &bad):
		text := bad.Error()
		return "", strings.ToUpper(text[:1]) + text[1:] + ". The code is still good.", nil
	case err != nil:
		return "", "", err
	}
	// Sessions with the password before end here.
	return address, "", g.announcePeople(ctx, now)
}
