package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A reader is a plain IMAP session of one person: what tests look with, and act with
// where no real client is the point.
type reader struct {
	t testing.TB
	c *imapclient.Client
}

// A letter is one message of a folder.
type letter struct {
	uid     imap.UID
	mid     string // Message-ID without <>
	subject string
	flags   []string // sorted, without \Recent
	text    string   // the whole message, if it was asked for
}

// reader logs in over TLS.
func (s *server) reader(t testing.TB, name string) *reader {
	t.Helper()
	c, err := imapclient.DialTLS(s.addr("imaps"), &imapclient.Options{TLSConfig: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // loopback
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(name+"@team.example", password).Wait(); err != nil {
		t.Fatalf("login of %s: %v", name, err)
	}
	return &reader{t, c}
}

// in is r for a subtest, whose failures are its own.
func (r *reader) in(t testing.TB) *reader { return &reader{t, r.c} }

// letters lists a folder in the order of its UIDs.
func (r *reader) letters(folder string) []letter {
	r.t.Helper()
	return r.fetch(folder, false)
}

// whole is letters with their texts; they stay unread.
func (r *reader) whole(folder string) []letter {
	r.t.Helper()
	return r.fetch(folder, true)
}

func (r *reader) fetch(folder string, text bool) []letter {
	r.t.Helper()
	box, err := r.c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		r.t.Fatalf("examine %s: %v", folder, err)
	}
	if box.NumMessages == 0 {
		return nil
	}
	o := &imap.FetchOptions{UID: true, Flags: true, Envelope: true}
	all := &imap.FetchItemBodySection{Peek: true}
	if text {
		o.BodySection = []*imap.FetchItemBodySection{all}
	}
	got, err := r.c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1}}, o).Collect()
	if err != nil {
		r.t.Fatalf("fetch %s: %v", folder, err)
	}
	var out []letter
	for _, m := range got {
		l := letter{uid: m.UID, mid: m.Envelope.MessageID, subject: m.Envelope.Subject, text: string(m.FindBodySection(all))}
		for _, f := range m.Flags {
			if f != `\Recent` {
				l.flags = append(l.flags, string(f))
			}
		}
		slices.Sort(l.flags)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b letter) int { return int(a.uid) - int(b.uid) })
	return out
}

// mids are the sorted Message-IDs of a folder: a multiset.
func (r *reader) mids(folder string) []string {
	r.t.Helper()
	var out []string
	for _, l := range r.letters(folder) {
		out = append(out, l.mid)
	}
	slices.Sort(out)
	return out
}

// folders lists the names of what can be selected.
func (r *reader) folders() []string {
	r.t.Helper()
	list, err := r.c.List("", "*", nil).Collect()
	if err != nil {
		r.t.Fatalf("list: %v", err)
	}
	var out []string
	for _, l := range list {
		if !slices.Contains(l.Attrs, imap.MailboxAttrNoSelect) {
			out = append(out, l.Mailbox)
		}
	}
	slices.Sort(out)
	return out
}

// find waits for a message with the subject in folder and returns it with its text.
func (r *reader) find(folder, subject string, within time.Duration) letter {
	r.t.Helper()
	var found letter
	until(r.t, within, func() error {
		var have []string
		for _, l := range r.whole(folder) {
			if l.subject == subject {
				found = l
				return nil
			}
			have = append(have, l.subject)
		}
		return fmt.Errorf("no %q in %s, only %q", subject, folder, have)
	})
	return found
}

// gone waits until no message of the subject is left in folder.
func (r *reader) gone(folder, subject string, within time.Duration) {
	r.t.Helper()
	until(r.t, within, func() error {
		if r.count(folder, subject) > 0 {
			return fmt.Errorf("%q is still in %s", subject, folder)
		}
		return nil
	})
}

// count counts the messages of the subject in folder.
func (r *reader) count(folder, subject string) int {
	r.t.Helper()
	n := 0
	for _, l := range r.letters(folder) {
		if l.subject == subject {
			n++
		}
	}
	return n
}

// put appends a message.
func (r *reader) put(folder, text string, flags ...imap.Flag) {
	r.t.Helper()
	cmd := r.c.Append(folder, int64(len(text)), &imap.AppendOptions{Flags: flags})
	if _, err := io.WriteString(cmd, text); err != nil {
		r.t.Fatalf("append to %s: %v", folder, err)
	}
	if err := cmd.Close(); err != nil {
		r.t.Fatalf("append to %s: %v", folder, err)
	}
	if _, err := cmd.Wait(); err != nil {
		r.t.Fatalf("append to %s: %v", folder, err)
	}
}

// create makes a folder.
func (r *reader) create(folder string) {
	r.t.Helper()
	if err := r.c.Create(folder, nil).Wait(); err != nil {
		r.t.Fatalf("create %s: %v", folder, err)
	}
}

// open selects a folder for a change.
func (r *reader) open(folder string) {
	r.t.Helper()
	if _, err := r.c.Select(folder, nil).Wait(); err != nil {
		r.t.Fatalf("select %s: %v", folder, err)
	}
}

// move moves messages by UID MOVE.
func (r *reader) move(folder, target string, uids ...imap.UID) {
	r.t.Helper()
	r.open(folder)
	if _, err := r.c.Move(imap.UIDSetNum(uids...), target).Wait(); err != nil {
		r.t.Fatalf("move from %s to %s: %v", folder, target, err)
	}
}

// flag adds a flag.
func (r *reader) flag(folder string, uid imap.UID, flag imap.Flag) {
	r.t.Helper()
	r.open(folder)
	op := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}
	if err := r.c.Store(imap.UIDSetNum(uid), op, nil).Close(); err != nil {
		r.t.Fatalf("flag in %s: %v", folder, err)
	}
}

// remove deletes messages for good.
func (r *reader) remove(folder string, uids ...imap.UID) {
	r.t.Helper()
	for _, uid := range uids {
		r.flag(folder, uid, imap.FlagDeleted)
	}
	if err := r.c.UIDExpunge(imap.UIDSetNum(uids...)).Close(); err != nil {
		r.t.Fatalf("expunge %s: %v", folder, err)
	}
}

// uid is the UID of the one message with the Message-ID.
func (r *reader) uid(folder, mid string) imap.UID {
	r.t.Helper()
	for _, l := range r.letters(folder) {
		if l.mid == mid {
			return l.uid
		}
	}
	r.t.Fatalf("no <%s> in %s", mid, folder)
	return 0
}

// body is what follows the header.
func body(text string) string {
	_, b, _ := strings.Cut(text, "\r\n\r\n")
	return b
}
