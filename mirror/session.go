package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/remote"
	"tidepost/store"
)

// A Session is a connection to an account: what is needed of *remote.Session.
type Session interface {
	List(ctx context.Context) ([]remote.Folder, error)
	Create(ctx context.Context, name string) error
	Delete(ctx context.Context, name string) error
	Statuses(ctx context.Context, names []string) (map[string]remote.Status, error)
	Select(ctx context.Context, name string, validity uint32) (remote.Mailbox, error)
	Since(ctx context.Context, after remote.UID) iter.Seq2[remote.Summary, error]
	Get(ctx context.Context, uids []remote.UID) ([]remote.Summary, error)
	Find(ctx context.Context, mailbox, messageID string, after remote.UID) ([]remote.Summary, error)
	Store(ctx context.Context, uids []remote.UID, add, remove []string) error
	Fetch(ctx context.Context, uid remote.UID, limit int64, read func(size int64, r io.Reader) error) error
	Move(ctx context.Context, uids []remote.UID, to string) (map[remote.UID]remote.UID, error)
	Append(ctx context.Context, mailbox string, m remote.Letter) (remote.UID, error)
	Expunge(ctx context.Context, uids []remote.UID) error
	Selected() (remote.Mailbox, bool)
	Watch(ctx context.Context, folders []string) (bool, error)
	Idle(ctx context.Context) (remote.Change, error)
	Close() error
}

// login is how the account of a person is entered.
func (m *Mirror) login(ctx context.Context, a accounts.Account) (remote.Account, error) {
	who, err := m.o.Accounts.Login(ctx, a, "", m.now())
	if err != nil {
		return remote.Account{}, fmt.Errorf("account of person %d: %w", a.Person, err)
	}
	conf := remote.Account{Addr: a.Addr, Security: security(a.Security), User: who.User, Password: remote.Secret(who.Password), TLS: m.o.TLS, Poll: m.o.Poll}
	if who.Token != "" {
		conf.Token = m.token(a, who.Token)
	}
	return conf, nil
}

// dial logs in to the account of a person.
func (m *Mirror) dial(ctx context.Context, a accounts.Account) (Session, error) {
	now := m.now()
	conf, err := m.login(ctx, a)
	if err != nil {
		return nil, err
	}
	s, err := m.o.Dial(ctx, conf)
	switch {
	case err == nil:
		if _, nerr := m.o.Accounts.Works(ctx, a, now); nerr != nil {
			m.o.Log.Warn("note a login", "person", a.Person, "err", nerr)
		}
	case errors.Is(err, remote.ErrAuth):
		if _, nerr := m.o.Accounts.Refused(ctx, a, err.Error(), now); nerr != nil {
			m.o.Log.Warn("note a login", "person", a.Person, "err", nerr)
		}
	}
	return s, err
}

// token gives an access token, and a fresh one when it is asked again: the first was
// refused.
func (m *Mirror) token(a accounts.Account, first string) func(context.Context) (string, error) {
	used := ""
	return func(ctx context.Context) (string, error) {
		if used == "" {
			used = first
			return first, nil
		}
		who, err := m.o.Accounts.Login(ctx, a, used, m.now())
		used = who.Token
		return who.Token, err
	}
}

func security(s accounts.Security) remote.Security {
	if s == accounts.None {
		return remote.Clear
	}
	return remote.Security(s)
}

// flagsOf reads the flags that both sides have.
func flagsOf(m remote.Summary) (f store.Flags) {
	for _, name := range m.Flags {
		f |= flagBits()[strings.ToLower(name)]
	}
	return f
}

func flagBits() map[string]store.Flags {
	return map[string]store.Flags{
		`\seen`: store.Seen, `\answered`: store.Answered, `\flagged`: store.Flagged, `\deleted`: store.Deleted, `\draft`: store.Draft,
	}
}

// flagNames writes flags, without \Deleted, which is nobody's but the person's to set.
func flagNames(f store.Flags) []string {
	var out []string
	for _, x := range []struct {
		bit  store.Flags
		name string
	}{{store.Seen, `\Seen`}, {store.Answered, `\Answered`}, {store.Flagged, `\Flagged`}, {store.Draft, `\Draft`}} {
		if f&x.bit != 0 {
			out = append(out, x.name)
		}
	}
	return out
}

// keyOf names a message of the account.
func keyOf(m remote.Summary) Key {
	k := Key{MID: m.MessageID, Size: m.Size}
	if k.MID == "" {
		k.Date = unix(m.Date)
	}
	return k
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
