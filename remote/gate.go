package remote

import (
	"context"
	"errors"
	"fmt"

	"tidepost/sieve"
)

// Install makes Tidepost's script the active one, and leaves the person's own on the
// server as it is: the new script runs its text first, and remembers its name. Called
// again it renews the script, with what the person's own says by then; if the person has
// activated another since, that one is the own from now on. r.Own and r.OwnName are
// filled in here.
//
// Errors: sieve.ErrServer and sieve.ErrOwn, if it cannot be; ErrRefused, if the server
// does not take the script. In every error before the activation nothing has changed.
func (c *Scripts) Install(ctx context.Context, r sieve.Rules) error {
	text, _, err := c.compose(ctx, r)
	if err != nil {
		return err
	}
	if err := c.Put(ctx, sieve.Name, text); err != nil {
		return err
	}
	return c.Activate(ctx, sieve.Name)
}

// Try finds out whether Install would succeed, and changes nothing. own is the name of the
// person's own script, "" if there is none. Errors are Install's, and ErrFull.
func (c *Scripts) Try(ctx context.Context, r sieve.Rules) (own string, err error) {
	text, own, err := c.compose(ctx, r)
	if err != nil {
		return own, err
	}
	return own, c.HaveSpace(ctx, sieve.Name, len(text))
}

// compose writes the script and has the server look at it.
func (c *Scripts) compose(ctx context.Context, r sieve.Rules) (text, own string, err error) {
	if own, err = c.own(ctx); err != nil {
		return "", own, err
	}
	r.OwnName, r.Own, r.Extensions = own, "", c.Extensions()
	if own != "" {
		if r.Own, err = c.Get(ctx, own); err != nil && !errors.Is(err, ErrGone) {
			return "", own, err
		}
	}
	if text, err = sieve.Write(r); err != nil {
		return "", own, err
	}
	return text, own, c.Check(ctx, text)
}

// Remove takes Tidepost's script away, and activates what was active before. If the
// person has activated another since, or there is none of ours, that stays as it is.
func (c *Scripts) Remove(ctx context.Context) error {
	all, err := c.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Name != sieve.Name {
			continue
		}
		if s.Active {
			own, err := c.own(ctx)
			if err != nil {
				return err
			}
			if err := c.Activate(ctx, own); errors.Is(err, ErrGone) {
				err = c.Activate(ctx, "") // The person has deleted it.
				if err != nil {
					return err
				}
			} else if err != nil {
				return err
			}
		}
		return c.Delete(ctx, sieve.Name)
	}
	return nil
}

// Installed returns Tidepost's script if it is the active one, "" if it is not.
func (c *Scripts) Installed(ctx context.Context) (string, error) {
	all, err := c.List(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		if s.Name == sieve.Name && s.Active {
			return c.Get(ctx, s.Name)
		}
	}
	return "", nil
}

// own finds the name of the person's own script: the active one, or the one that ours
// runs.
func (c *Scripts) own(ctx context.Context) (string, error) {
	all, err := c.List(ctx)
	if err != nil {
		return "", err
	}
	active, there := "", map[string]bool{}
	for _, s := range all {
		there[s.Name] = true
		if s.Active {
			active = s.Name
		}
	}
	if active != sieve.Name {
		return active, nil
	}
	text, err := c.Get(ctx, active)
	if err != nil {
		return "", err
	}
	name, ours := sieve.Own(text)
	if !ours {
		return "", fmt.Errorf("%w: the script %q is not Tidepost's", sieve.ErrOwn, sieve.Name)
	}
	if !there[name] {
		return "", nil
	}
	return name, nil
}
