package archive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tidepost/mail"
	"tidepost/store"
)

// AccountOptions say where an IMAP account is and who may look into it.
type AccountOptions struct {
	Addr     string // host:port
	Security Security
	User     string
	Password string
	TLS      *tls.Config // nil: the system's authorities, the host of Addr
	Limit    int         // octets of a message
}

// A Security is how the connection is protected.
type Security string

// The securities. A password never crosses a network in clear.
const (
	TLS      Security = "tls"
	StartTLS Security = "starttls"
	Clear    Security = "clear" // loopback only
)

// An account is one of an IMAP server. It is read with EXAMINE and BODY.PEEK: nothing
// in it changes.
type account struct {
	o      AccountOptions
	client *imapclient.Client
	delims map[string]rune
}

// dialTime bounds the way to the login.
const dialTime = 30 * time.Second

// fetchWindow is how many UIDs one FETCH names, fetchOctets how much their messages may
// have together: a window is held in memory.
const (
	fetchWindow = 200
	fetchOctets = 32 << 20
)

// Account logs in.
func Account(ctx context.Context, o AccountOptions) (Source, error) {
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("IMAP server %s: %w", o.Addr, err)
	}
	if o.TLS == nil {
		o.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("IMAP server %s: %w", o.Addr, err)
	}
	a := &account{o: o, delims: map[string]rune{}}
	if a.client, err = secure(ctx, conn, o); err == nil {
		err = a.client.WaitGreeting()
	}
	if err == nil {
		err = a.client.Login(o.User, o.Password).Wait()
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("IMAP server %s: %w", o.Addr, err)
	}
	return a, nil
}

func secure(ctx context.Context, conn net.Conn, o AccountOptions) (*imapclient.Client, error) {
	switch o.Security {
	case StartTLS:
		return imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: o.TLS})
	case Clear:
		if ip, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !ip.IP.IsLoopback() {
			return nil, errors.New("a password must not be sent in clear over a network")
		}
		return imapclient.New(conn, nil), nil
	}
	secured := tls.Client(conn, o.TLS)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return imapclient.New(secured, nil), nil
}

// ID implements Source.
func (a *account) ID() string { return "imap:" + a.o.User + "@" + a.o.Addr }

// Close implements Source.
func (a *account) Close() error {
	err := a.client.Logout().Wait()
	return errors.Join(err, a.client.Close())
}

// Folders implements Source.
func (a *account) Folders(context.Context) ([]Folder, error) {
	list, err := a.client.List("", "*", nil).Collect()
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	var out []Folder
	for _, d := range list {
		if slices.Contains(d.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(d.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		name := d.Mailbox
		if d.Delim != 0 && d.Delim != '/' {
			// A slash inside a level would become a level.
			name = strings.ReplaceAll(strings.ReplaceAll(name, "/", "_"), string(d.Delim), "/")
		}
		if strings.EqualFold(name, "INBOX") {
			name = "INBOX"
		}
		a.delims[name] = d.Delim
		f := Folder{Name: name, Kind: specialUse(d.Attrs)}
		if f.Kind == store.KindUser {
			f.Kind = kindOf(name)
		}
		data, err := a.client.Status(a.remote(name), &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			return nil, fmt.Errorf("folder %s: %w", name, err)
		}
		if data.NumMessages != nil {
			f.Total = int64(*data.NumMessages)
		}
		out = append(out, f)
	}
	return out, nil
}

// remote is what the server calls a folder.
func (a *account) remote(name string) string {
	if d := a.delims[name]; d != 0 && d != '/' {
		return strings.ReplaceAll(name, "/", string(d))
	}
	return name
}

// specialUse reads attributes (RFC 6154).
func specialUse(attrs []imap.MailboxAttr) store.Kind {
	for _, at := range attrs {
		switch at {
		case imap.MailboxAttrSent:
			return store.KindSent
		case imap.MailboxAttrDrafts:
			return store.KindDrafts
		case imap.MailboxAttrTrash:
			return store.KindTrash
		case imap.MailboxAttrJunk:
			return store.KindJunk
		case imap.MailboxAttrArchive:
			return store.KindArchive
		}
	}
	return store.KindUser
}

// Each implements Source. The mark is UIDVALIDITY and the last UID.
func (a *account) Each(ctx context.Context, f Folder, mark string, yield func(Message) error) error {
	box, err := a.client.Select(a.remote(f.Name), &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return fmt.Errorf("folder %s: %w", f.Name, err)
	}
	last, err := lastUID(mark, box.UIDValidity)
	if err != nil {
		return fmt.Errorf("folder %s: %w", f.Name, err)
	}
	found, err := a.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(last) + 1, Stop: 0}}}}, nil).Wait()
	if err != nil {
		return fmt.Errorf("folder %s: %w", f.Name, err)
	}
	uids := found.AllUIDs()
	slices.Sort(uids)
	// "9:*" names the last message even if it is number 8 (RFC 9051 §9, seq-range).
	uids = slices.DeleteFunc(uids, func(uid imap.UID) bool { return uint32(uid) <= last })
	done := f.Total - int64(len(uids))
	for chunk := range slices.Chunk(uids, fetchWindow) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.window(chunk, func(m Message, uid imap.UID) error {
			done++
			m.Mark, m.Done = fmt.Sprintf("%d %d", box.UIDValidity, uid), done
			return yield(m)
		}); err != nil {
			return fmt.Errorf("folder %s: %w", f.Name, err)
		}
	}
	return nil
}

// lastUID reads a mark.
func lastUID(mark string, validity uint32) (uint32, error) {
	if mark == "" {
		return 0, nil
	}
	v, uid, _ := strings.Cut(mark, " ")
	if v != strconv.FormatUint(uint64(validity), 10) {
		return 0, ErrChanged
	}
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("mark %q: %w", mark, err)
	}
	return uint32(n), nil
}

// window reads messages in portions that fit into memory, and leaves out what is too
// large.
func (a *account) window(uids []imap.UID, yield func(Message, imap.UID) error) error {
	list, err := a.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
	if err != nil {
		return err
	}
	sizes := map[imap.UID]int64{}
	for _, m := range list {
		sizes[m.UID] = m.RFC822Size
	}
	var portion []imap.UID
	sum := int64(0)
	flush := func() error {
		if len(portion) == 0 {
			return nil
		}
		err := a.fetch(portion, yield)
		portion, sum = portion[:0], 0
		return err
	}
	for _, uid := range uids {
		size, ok := sizes[uid]
		if !ok {
			continue // It was expunged meanwhile.
		}
		if large := size > int64(a.o.Limit); large || sum+size > fetchOctets {
			if err := flush(); err != nil {
				return err
			}
			if large {
				if err := yield(Message{Problem: tooLarge(size, int64(a.o.Limit))}, uid); err != nil {
					return err
				}
				continue
			}
		}
		portion, sum = append(portion, uid), sum+size
	}
	return flush()
}

// fetch reads some messages. Servers answer in the order of UIDs; one that does not must
// not make us skip what comes later, so a window is handed on in order.
func (a *account) fetch(uids []imap.UID, yield func(Message, imap.UID) error) error {
	whole := &imap.FetchItemBodySection{Peek: true}
	cmd := a.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{whole}})
	got := map[imap.UID]Message{}
	for {
		data := cmd.Next()
		if data == nil {
			break
		}
		m, uid, err := a.collect(data)
		if err != nil {
			return errors.Join(err, cmd.Close())
		}
		got[uid] = m
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	for _, uid := range uids {
		m, ok := got[uid]
		if !ok {
			continue // It was expunged meanwhile.
		}
		if err := yield(m, uid); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) collect(data *imapclient.FetchMessageData) (m Message, uid imap.UID, err error) {
	for {
		item := data.Next()
		if item == nil {
			return m, uid, nil
		}
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataFlags:
			m.Flags, m.Keywords = imapFlags(item.Flags)
		case imapclient.FetchItemDataInternalDate:
			m.Date = item.Time.UTC()
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				m.Problem = "the server gave no text"
				continue
			}
			if item.Literal.Size() > int64(a.o.Limit) {
				m.Problem = tooLarge(item.Literal.Size(), int64(a.o.Limit))
				if _, err := io.Copy(io.Discard, item.Literal); err != nil {
					return m, uid, err
				}
				continue
			}
			if m.Octets, err = io.ReadAll(mail.NewNormalizer(item.Literal)); err != nil {
				return m, uid, err
			}
		}
	}
}

func imapFlags(flags []imap.Flag) (bits store.Flags, keywords []string) {
	for _, f := range flags {
		switch strings.ToLower(string(f)) {
		case `\seen`:
			bits |= store.Seen
		case `\answered`:
			bits |= store.Answered
		case `\flagged`:
			bits |= store.Flagged
		case `\deleted`:
			bits |= store.Deleted
		case `\draft`:
			bits |= store.Draft
		default:
			if !strings.HasPrefix(string(f), `\`) {
				keywords = addKeyword(keywords, string(f))
			}
		}
	}
	return bits, keywords
}
