// Package fakehost is a mailbox at a provider, in memory: what package mirror needs of an
// IMAP session, and the hands of the person who reads there. It cuts connections and loses
// answers where a test says so. It is for tests only.
package fakehost

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/mail"
	"tidepost/remote"
	"tidepost/sieve"
)

// A Host is one account. It is safe for concurrent use.
type Host struct {
	mu       sync.Mutex
	now      func() time.Time
	boxes    map[string]*box
	validity uint32
	modseq   uint64
	room     int64 // octets left; negative: no limit
	refuse   error // logins
	mute     bool  // no NOTIFY
	changed  chan struct{}
	cut      func(op string) Cut
	life     int // breaks of all connections
	deny     func(folder string, text []byte) error
	broken   func(text []byte) error
	old      bool         // neither MOVE nor UIDPLUS
	keywords []string     // the only ones that are kept; nil: any
	script   *sieve.Rules // where new mail is filed; nil: there is none
}

// A Cut says whether the connection breaks at a command, and whether the command is still
// carried out.
type Cut int

// The cuts.
const (
	Whole  Cut = iota // nothing breaks
	Before            // it breaks, nothing was done
	After             // it was done, and the answer is lost
)

// A box is a folder.
type box struct {
	role     remote.Role
	validity uint32
	next     uint32
	modseq   uint64
	msgs     []*message
}

type message struct {
	uid    uint32
	flags  []string
	date   time.Time
	since  time.Time
	text   []byte
	mid    string
	modseq uint64
}

// A View is a message as a person sees it.
type View struct {
	UID     uint32
	MID     string
	Subject string
	Flags   []string
	Date    time.Time // INTERNALDATE
	Since   time.Time // when it came into the folder
	Text    []byte
}

// Unread reports whether it is.
func (v View) Unread() bool { return !slices.Contains(v.Flags, `\Seen`) }

// New returns an account with the folders that every account has.
func New(now func() time.Time) *Host {
	h := &Host{now: now, boxes: map[string]*box{}, room: -1, changed: make(chan struct{}), validity: 1000}
	for name, role := range map[string]remote.Role{"INBOX": remote.Inbox, "Drafts": remote.Drafts, "Sent": remote.Sent,
		"Trash": remote.Trash, "Junk": remote.Junk, "Archive": remote.Archive} {
		h.add(name, role)
	}
	return h
}

func (h *Host) add(name string, role remote.Role) *box {
	h.validity++
	b := &box{role: role, validity: h.validity, next: 1}
	h.boxes[name] = b
	return b
}

// touch notes a change of a folder and wakes who waits.
func (h *Host) touch(b *box) uint64 {
	h.modseq++
	b.modseq = h.modseq
	close(h.changed)
	h.changed = make(chan struct{})
	return h.modseq
}

func (h *Host) put(b *box, m *message) uint32 {
	m.uid, m.since = b.next, h.now()
	b.next++
	m.modseq = h.touch(b)
	b.msgs = append(b.msgs, m)
	return m.uid
}

func midOf(text []byte) string {
	if ids := mail.ParseHeader(headOf(text)).MessageIDs("Message-ID"); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

func headOf(text []byte) []byte {
	if i := bytes.Index(text, []byte("\r\n\r\n")); i >= 0 {
		return text[:i+4]
	}
	return text
}

var errNone = errors.New("there is no such message or folder")

// Deliver puts new mail into a folder, as the provider does.
func (h *Host) Deliver(folder string, text []byte, flags ...string) uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[folder]
	if b == nil {
		b = h.boxes["INBOX"]
	}
	return h.put(b, &message{date: h.now(), text: text, mid: midOf(text), flags: flags})
}

// Import is Deliver for old mail.
func (h *Host) Import(folder string, text []byte, date time.Time, flags ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[folder]
	if b == nil {
		b = h.add(folder, "")
	}
	h.put(b, &message{date: date, text: text, mid: midOf(text), flags: flags})
}

func (h *Host) pick(folder, what string) (*box, int, error) {
	b := h.boxes[folder]
	if b == nil {
		return nil, 0, fmt.Errorf("folder %s: %w", folder, errNone)
	}
	i := slices.IndexFunc(b.msgs, func(m *message) bool {
		return m.mid == what || subjectOf(m) == what || what == fmt.Sprintf("#%d", m.uid)
	})
	if i < 0 {
		return b, 0, fmt.Errorf("%q in folder %s: %w", what, folder, errNone)
	}
	return b, i, nil
}

func subjectOf(m *message) string { return mail.ParseHeader(headOf(m.text)).Text("Subject") }

// Move moves a message, named by subject, Message-ID or #UID, as a person does.
func (h *Host) Move(from, what, to string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, i, err := h.pick(from, what)
	if err != nil {
		return err
	}
	onto := h.boxes[to]
	if onto == nil {
		return fmt.Errorf("folder %s: %w", to, errNone)
	}
	m := *b.msgs[i]
	b.msgs = slices.Delete(b.msgs, i, i+1)
	h.touch(b)
	h.put(onto, &m)
	return nil
}

// Copy copies a message.
func (h *Host) Copy(from, what, to string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, i, err := h.pick(from, what)
	if err != nil {
		return err
	}
	onto := h.boxes[to]
	if onto == nil {
		return fmt.Errorf("folder %s: %w", to, errNone)
	}
	m := *b.msgs[i]
	m.flags = slices.Clone(m.flags)
	h.put(onto, &m)
	return nil
}

// Delete removes a message for good.
func (h *Host) Delete(folder, what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, i, err := h.pick(folder, what)
	if err != nil {
		return err
	}
	b.msgs = slices.Delete(b.msgs, i, i+1)
	h.touch(b)
	return nil
}

// Flag sets or clears a flag.
func (h *Host) Flag(folder, what, flag string, on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	b, i, err := h.pick(folder, what)
	if err != nil {
		return err
	}
	h.flag(b, b.msgs[i], flag, on)
	return nil
}

func (h *Host) flag(b *box, m *message, flag string, on bool) {
	m.flags = slices.DeleteFunc(slices.Clone(m.flags), func(f string) bool { return strings.EqualFold(f, flag) })
	if on {
		m.flags = append(m.flags, flag)
	}
	m.modseq = h.touch(b)
}

// Folder returns what is in a folder, in its order; nil if there is no such folder.
func (h *Host) Folder(name string) []View {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[name]
	if b == nil {
		return nil
	}
	out := []View{}
	for _, m := range b.msgs {
		out = append(out, View{UID: m.uid, MID: m.mid, Subject: subjectOf(m), Flags: slices.Clone(m.flags), Date: m.date, Since: m.since, Text: m.text})
	}
	return out
}

// Folders returns the names of all folders, sorted.
func (h *Host) Folders() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for name := range h.boxes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// MakeFolder makes a folder of the person's own.
func (h *Host) MakeFolder(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.boxes[name] == nil {
		h.add(name, "")
	}
}

// DropFolder deletes a folder with what is in it.
func (h *Host) DropFolder(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.boxes[name]; b != nil {
		delete(h.boxes, name)
		h.touch(b)
	}
}

// RenameFolder gives a folder, and those below it, another name.
func (h *Host) RenameFolder(from, to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range sortedNames(h.boxes) {
		if name == from || strings.HasPrefix(name, from+"/") {
			b := h.boxes[name]
			delete(h.boxes, name)
			h.boxes[to+name[len(from):]] = b
			h.touch(b)
		}
	}
}

func sortedNames(boxes map[string]*box) []string {
	var out []string
	for name := range boxes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Renumber gives a folder another UIDVALIDITY and all its messages other UIDs.
func (h *Host) Renumber(folder string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.boxes[folder]
	if b == nil {
		return
	}
	h.validity++
	b.validity, b.next = h.validity, 1
	for _, m := range b.msgs {
		m.uid = b.next
		b.next++
	}
	h.touch(b)
}

// SetRoom says how many octets may still come; negative: any number.
func (h *Host) SetRoom(octets int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.room = octets
}

// SetRefuse has logins refused with an error of package remote, nil lets them in.
func (h *Host) SetRefuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = err
}

// SetMute makes a host that does not tell of folders that are not selected.
func (h *Host) SetMute(mute bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mute = mute
}

// SetCut says where connections break.
func (h *Host) SetCut(cut func(op string) Cut) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = cut
}

// SetOld has the server know neither MOVE nor UIDPLUS: a move is a copy and a removal, and
// what others marked as deleted keeps it from removing.
func (h *Host) SetOld(old bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.old = old
}

// Copies is how often a message stands in the account, unmarked.
func (h *Host) Copies(mid string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, b := range h.boxes {
		for _, m := range b.msgs {
			if m.mid == mid && !slices.Contains(m.flags, `\Deleted`) {
				n++
			}
		}
	}
	return n
}

// Break ends all connections that there are.
func (h *Host) Break() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.life++
	close(h.changed)
	h.changed = make(chan struct{})
}

// SetDeny has messages refused with an error of package remote; nil takes them.
func (h *Host) SetDeny(deny func(folder string, text []byte) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deny = deny
}

// SetBroken has messages that nobody can read: fetching one fails.
func (h *Host) SetBroken(broken func(text []byte) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = broken
}
