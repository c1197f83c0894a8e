package badinput

import "context"

func (k *Catalogue) schedule(ctx context.Context, c *Case, res Result) Result {
	res.Skipped = "later"
	return res
}
