package faults

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A box is Pia's account as her mail program sees it, by another client than the one under
// test.
type box struct {
	t *T
	c *imapclient.Client
}

// A message is one in the account.
type message struct {
	Folder, MID, Subject, Text string
	UID                        imap.UID
	Date                       time.Time // INTERNALDATE
	Flags                      []string
}

func (m message) String() string { return fmt.Sprintf("<%s> %q in %s", m.MID, m.Subject, m.Folder) }

// login opens Pia's account.
func (a *account) login() *box {
	c, err := imapclient.DialInsecure(a.p.IMAP, nil)
	if err != nil {
		a.Fatalf("mail program: %v", err)
	}
	if err := c.Login(pia, a.p.Password(pia)).Wait(); err != nil {
		a.Fatalf("mail program: %v", err)
	}
	return &box{t: a.T, c: c}
}

func (b *box) Close() { b.c.Close() }

func (b *box) create(folder string) {
	if err := b.c.Create(folder, nil).Wait(); err != nil {
		b.t.Fatalf("create %s: %v", folder, err)
	}
}

// drop deletes a folder; where a server wants that, those below it first.
func (b *box) drop(folder string) error {
	err := errors.Join(b.c.Unselect().Wait(), b.c.Delete(folder).Wait())
	if err == nil || !strings.Contains(err.Error(), "HASCHILDREN") {
		return err
	}
	for _, f := range slices.Backward(b.folders()) {
		if strings.HasPrefix(f, folder+"/") {
			if err := b.c.Delete(f).Wait(); err != nil {
				return err
			}
		}
	}
	return b.c.Delete(folder).Wait()
}

// folders are all that there are.
func (b *box) folders() []string {
	list, err := b.c.List("", "*", nil).Collect()
	if err != nil {
		b.t.Fatalf("list: %v", err)
	}
	var out []string
	for _, f := range list {
		if !slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) && !slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) {
			out = append(out, f.Mailbox)
		}
	}
	slices.Sort(out)
	return out
}

// open selects a folder; false if it is not there.
func (b *box) open(folder string) bool {
	_, err := b.c.Select(folder, nil).Wait()
	return err == nil
}

// find looks for a message in the folder.
func (b *box) find(mid string) imap.UIDSet {
	found, err := b.c.UIDSearch(&imap.SearchCriteria{
		Header:  []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + mid + ">"}},
		NotFlag: []imap.Flag{imap.FlagDeleted},
	}, nil).Wait()
	if err != nil {
		b.t.Fatalf("search: %v", err)
	}
	if uids := found.AllUIDs(); len(uids) > 0 {
		return imap.UIDSetNum(uids[0])
	}
	return nil
}

// mark flags a message; true if the server says that it did.
func (b *box) mark(mid string) bool {
	set := b.find(mid)
	if set == nil {
		return false
	}
	got, err := b.c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagFlagged, keyword}}, nil).Collect()
	if err != nil {
		b.t.Fatalf("store: %v", err)
	}
	return slices.ContainsFunc(got, func(m *imapclient.FetchMessageBuffer) bool { return slices.Contains(m.Flags, imap.FlagFlagged) })
}

// move moves a message; true if the server says that it did.
func (b *box) move(mid, to string) bool {
	set := b.find(mid)
	if set == nil {
		return false
	}
	got, err := b.c.Move(set, to).Wait()
	if err != nil {
		return false // It has gone meanwhile.
	}
	moved, ok := got.DestUIDs.(imap.UIDSet)
	return ok && len(moved) > 0
}

// all reads every message of some folders. One that appears or vanishes meanwhile makes it
// begin again: the count is of one moment.
func (b *box) all(folders []string) []message {
	var last []message
	for range 50 {
		var now []message
		for _, f := range folders {
			now = append(now, b.read(f)...)
		}
		if last != nil && slices.EqualFunc(last, now, func(x, y message) bool {
			return x.Folder == y.Folder && x.UID == y.UID && slices.Equal(x.Flags, y.Flags)
		}) {
			return now
		}
		last = now
		time.Sleep(50 * time.Millisecond)
	}
	return last
}

// read reads one folder.
func (b *box) read(folder string) []message {
	sel, err := b.c.Select(folder, nil).Wait()
	if err != nil || sel.NumMessages == 0 {
		return nil
	}
	head := &imap.FetchItemBodySection{Peek: true}
	list, err := b.c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1, Stop: 0}}, &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, Envelope: true, BodySection: []*imap.FetchItemBodySection{head},
	}).Collect()
	if err != nil {
		b.t.Fatalf("fetch %s: %v", folder, err)
	}
	var out []message
	for _, m := range list {
		x := message{Folder: folder, UID: m.UID, Date: m.InternalDate, Text: string(m.FindBodySection(head))}
		if m.Envelope != nil {
			x.MID, x.Subject = strings.Trim(m.Envelope.MessageID, "<>"), m.Envelope.Subject
		}
		for _, f := range m.Flags {
			if f != `\Recent` {
				x.Flags = append(x.Flags, string(f))
			}
		}
		slices.Sort(x.Flags)
		out = append(out, x)
	}
	return out
}

// put appends a message as it was.
func (b *box) put(folder string, m message) {
	o := &imap.AppendOptions{Time: m.Date}
	for _, f := range m.Flags {
		o.Flags = append(o.Flags, imap.Flag(f))
	}
	if err := b.append(folder, m.Text, o); err != nil {
		b.t.Fatalf("append to %s: %v", folder, err)
	}
}

// tryPut appends a message with bare line ends.
func (b *box) tryPut(folder, text string) error {
	return b.append(folder, strings.ReplaceAll(text, "\n", "\r\n"), nil)
}

func (b *box) append(folder, text string, o *imap.AppendOptions) error {
	cmd := b.c.Append(folder, int64(len(text)), o)
	_, werr := io.WriteString(cmd, text)
	cerr := cmd.Close()
	if _, err := cmd.Wait(); err != nil {
		return err
	}
	return errors.Join(werr, cerr)
}

// wipe removes all messages with a Message-ID from the folder for good.
func (b *box) wipe(mid string) {
	found, err := b.c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + mid + ">"}}}, nil).Wait()
	if err != nil {
		b.t.Fatalf("search: %v", err)
	}
	set := imap.UIDSetNum(found.AllUIDs()...)
	if err := b.c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		b.t.Fatalf("store: %v", err)
	}
	if err := b.c.UIDExpunge(set).Close(); err != nil {
		b.t.Fatalf("expunge: %v", err)
	}
}
