package demo

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"tidepost/accounts"
	"tidepost/mail"
)

// A reader is a mail client that is logged in by IMAP.
type reader struct {
	client *imapclient.Client
	bell   *bell
	idling *imapclient.IdleCommand
	at     shelf
}

// A letter is a message as a mail client sees it.
type letter struct {
	uid   imap.UID
	flags []imap.Flag
	raw   []byte
	head  mail.Header
	text  string // readable, LF line ends
}

// A postbox is where a resident's mail client reads.
type postbox struct {
	addr           string // host:port
	security       accounts.Security
	trust          *tls.Config
	user, password string
}

// dial logs a mail client in. Its folders have the names that Tidepost gives them.
func dial(p postbox) (*reader, error) {
	b := &bell{}
	o := &imapclient.Options{TLSConfig: p.trust, UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: b.ring}}
	connect := imapclient.DialStartTLS
	switch p.security {
	case accounts.TLS:
		connect = imapclient.DialTLS
	case accounts.None:
		connect = imapclient.DialInsecure
	}
	c, err := connect(p.addr, o)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", p.addr, err)
	}
	if err := c.Login(p.user, p.password).Wait(); err != nil {
		c.Close()
		return nil, fmt.Errorf("log in as %s: %w", p.user, err)
	}
	return &reader{client: c, bell: b}, nil
}

// open opens a folder.
func (r *reader) open(folder string) (*imap.SelectData, error) {
	box, err := r.client.Select(r.at.name(folder), nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", folder, err)
	}
	return box, nil
}

// letters opens a folder and reads what has come since the demo began, in the order of
// arrival.
func (r *reader) letters(folder string) ([]letter, error) {
	box, err := r.open(folder)
	if r.at.missing(err) || err == nil && box.NumMessages == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first := r.at.since(folder)
	whole := &imap.FetchItemBodySection{Peek: true}
	list, err := r.client.Fetch(imap.UIDSet{{Start: first, Stop: 0}}, &imap.FetchOptions{
		UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{whole},
	}).Collect()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	var out []letter
	for _, m := range list {
		if m.UID < first { // n:* names the last message in any case (RFC 9051 §9).
			continue
		}
		l := letter{uid: m.UID, flags: m.Flags, raw: m.FindBodySection(whole)}
		head, body, _ := bytes.Cut(l.raw, []byte("\r\n\r\n"))
		head = append(slices.Clone(head), "\r\n\r\n"...)
		l.head, l.text = mail.ParseHeader(head), mail.Text(mail.Scan(head, body))
		out = append(out, l)
	}
	return out, nil
}

// search finds messages of a folder by a word.
func (r *reader) search(folder, word string) ([]imap.UID, error) {
	if _, err := r.open(folder); err != nil {
		return nil, err
	}
	found, err := r.client.UIDSearch(&imap.SearchCriteria{Text: []string{word}}, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", folder, err)
	}
	return found.AllUIDs(), nil
}

// move drags one message of a folder to another.
func (r *reader) move(folder string, uid imap.UID, to string) error {
	if _, err := r.open(folder); err != nil {
		return err
	}
	if _, err := r.client.Move(imap.UIDSetNum(uid), r.at.name(to)).Wait(); err != nil {
		return fmt.Errorf("drag to %s: %w", to, err)
	}
	return nil
}

// remove deletes one message of a folder for good.
func (r *reader) remove(folder string, uid imap.UID) error {
	if _, err := r.open(folder); err != nil {
		return err
	}
	set := imap.UIDSetNum(uid)
	if err := r.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := r.client.UIDExpunge(set).Close(); err != nil {
		return fmt.Errorf("expunge: %w", err)
	}
	return nil
}

// save files a message; a draft with the flags of one.
func (r *reader) save(folder string, raw []byte, flags ...imap.Flag) error {
	c := r.client.Append(r.at.name(folder), int64(len(raw)), &imap.AppendOptions{Flags: flags})
	if _, err := c.Write(raw); err != nil {
		return fmt.Errorf("save in %s: %w", folder, err)
	}
	if err := c.Close(); err != nil {
		return fmt.Errorf("save in %s: %w", folder, err)
	}
	if _, err := c.Wait(); err != nil {
		return fmt.Errorf("save in %s: %w", folder, err)
	}
	return nil
}

// watch opens a folder and goes into IDLE: a telephone that shows what comes.
func (r *reader) watch(folder string) (messages uint32, err error) {
	box, err := r.open(folder)
	if err != nil {
		return 0, err
	}
	if r.idling, err = r.client.Idle(); err != nil {
		return 0, fmt.Errorf("watch %s: %w", folder, err)
	}
	return box.NumMessages, nil
}

// close hangs up, politely if it can.
func (r *reader) close() {
	if r.idling != nil {
		if r.idling.Close() == nil {
			_ = r.idling.Wait() // It is over either way.
		}
	}
	_ = r.client.Logout().Wait()
	_ = r.client.Close()
}

// A bell notes every EXISTS that the server sends by itself.
type bell struct {
	mu    sync.Mutex
	rings []ring
}

// A ring is one EXISTS: so many messages are there.
type ring struct {
	messages uint32
	at       time.Time
}

func (b *bell) ring(d *imapclient.UnilateralDataMailbox) {
	if d.NumMessages == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rings = append(b.rings, ring{*d.NumMessages, time.Now()})
}

// heard returns the rings so far.
func (b *bell) heard() []ring {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.rings)
}

func (l letter) subject() string { return l.head.Text("Subject") }

// id is the Message-ID without <>.
func (l letter) id() string {
	if ids := l.head.MessageIDs("Message-ID"); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// ours reports whether Tidepost wrote it.
func (l letter) ours() bool { return strings.Contains(l.head.Get("From"), "tidepost@"+domain) }

// has reports whether a flag or keyword is set.
func (l letter) has(flag imap.Flag) bool {
	return slices.ContainsFunc(l.flags, func(f imap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
}
