package remote_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tidepost/internal/provider"
	"tidepost/remote"
)

// The connection is cut at every few octets of a conversation that appends a message and
// moves it. Whoever asks Find after a cut, and repeats what was not done, ends with one
// copy of each.
func TestCutsLoseAndDoubleNothing(t *testing.T) {
	for _, kind := range []struct {
		name  string
		start func(testing.TB, provider.Options) *provider.Server
		o     provider.Options
	}{
		{"dovecot", provider.Dovecot, provider.Options{}},
		{"dovecot without MOVE", provider.Dovecot, provider.Options{Hide: "MOVE"}},
		{"dovecot without UIDPLUS", provider.Dovecot, provider.Options{Hide: "MOVE UIDPLUS"}},
		{"cyrus", provider.Cyrus, provider.Options{}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			stride, least := int64(1), 50
			if testing.Short() {
				stride, least = 5, 10
			}
			p := kind.start(t, kind.o)
			a := account(p, ana)
			a.Addr, a.Security = p.IMAP, remote.Clear
			whole := dial(t, a)
			for _, f := range []string{"From", "To"} {
				if err := whole.Create(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			wire := provider.NewWire(t, p.IMAP)
			cut := a
			cut.Addr = wire.Addr
			cuts, count := 0, 0
			for _, up := range []bool{true, false} {
				step, most := int64(13), int64(900)
				if !up {
					step, most = 41, 3200
				}
				for n := step; n < most; n += step * stride {
					if up {
						wire.CutAfter(n, -1)
					} else {
						wire.CutAfter(-1, n)
					}
					id := fmt.Sprintf("cut-%v-%d@x", up, n)
					count++
					if err := journey(t.Context(), cut, id, false); err != nil {
						if !errors.Is(err, remote.ErrLost) {
							t.Fatalf("%s: %v", id, err)
						}
						cuts++
						// What the server has read it may still be doing.
						time.Sleep(30 * time.Millisecond)
						if err := journey(t.Context(), a, id, true); err != nil {
							t.Fatalf("%s, repeated: %v", id, err)
						}
					}
				}
			}
			if cuts < least {
				t.Errorf("only %d cuts", cuts)
			}
			t.Logf("%d journeys, %d cuts", count, cuts)
			for folder, want := range map[string]int{"From": 0, "To": 1} {
				pick(t, whole, folder)
				copies := map[string]int{}
				for m, err := range whole.Since(t.Context(), 0) {
					if err != nil {
						t.Fatal(err)
					}
					copies[m.MessageID]++
					if copies[m.MessageID] > want {
						t.Errorf("%s: %d of %s", folder, copies[m.MessageID], m.MessageID)
					}
				}
				if len(copies) != want*count {
					t.Errorf("%s: %d messages, want %d", folder, len(copies), want*count)
				}
			}
		})
	}
}

// journey appends a message to one folder and moves it to another; again says that it may
// have been done in part.
func journey(ctx context.Context, a remote.Account, id string, again bool) error {
	s, err := remote.Dial(ctx, a)
	if err != nil {
		return err
	}
	defer s.Close()
	var here, there []remote.Summary
	if again {
		if there, err = s.Find(ctx, "To", id, 0); err != nil {
			return err
		}
		if here, err = s.Find(ctx, "From", id, 0); err != nil {
			return err
		}
	}
	if len(here)+len(there) == 0 {
		if _, err := s.Append(ctx, "From", letter(id, "Text")); err != nil {
			return err
		}
	}
	if _, err := s.Select(ctx, "From", 0); err != nil {
		return err
	}
	if here, err = s.Find(ctx, "From", id, 0); err != nil {
		return err
	}
	var uids []remote.UID
	for _, m := range here {
		uids = append(uids, m.UID)
	}
	if len(there) > 0 {
		return s.Expunge(ctx, uids)
	}
	_, err = s.Move(ctx, uids, "To")
	return err
}
