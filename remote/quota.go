package remote

import (
	"context"
	"strconv"
	"strings"
)

// A Quota is how much room an account has, in octets.
type Quota struct {
	Used, Limit int64
}

// Quota asks how full the account is (RFC 9208); ok is false if the server does not tell.
func (s *Session) Quota(ctx context.Context) (q Quota, ok bool, err error) {
	if !s.caps.Quota {
		return Quota{}, false, nil
	}
	err = s.run(ctx, `GETQUOTAROOT INBOX`, func(r *response) {
		if r.kind != "QUOTA" || len(r.args) < 2 || ok {
			return
		}
		resources := r.args[1].list
		for i := 0; i+2 < len(resources); i += 3 {
			if !strings.EqualFold(resources[i].text, "STORAGE") {
				continue
			}
			used, err1 := strconv.ParseInt(resources[i+1].text, 10, 52)
			limit, err2 := strconv.ParseInt(resources[i+2].text, 10, 52)
			if err1 == nil && err2 == nil {
				// RFC 9208 §5.1: in units of 1024 octets.
				q, ok = Quota{Used: used << 10, Limit: limit << 10}, true
			}
		}
	})
	return q, ok, err
}
