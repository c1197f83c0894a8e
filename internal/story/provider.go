package story

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/internal/fakehost"
	"tidepost/mirror"
	"tidepost/remote"
	"tidepost/secrets"
	"tidepost/store"
)

// A hosting is what a story says of the provider at which somebody has their mailbox.
type hosting struct {
	sieve, move bool
	keywords    bool
	room        int64 // octets, -1: any number
	old         []func(*world)
}

// secretThere is everybody's password at the provider.
const secretThere = "at the provider"

// readHosting reads "imap, without Sieve, without MOVE, room for 20 KB".
func (p *member) readHosting(value string) error {
	p.host = &hosting{sieve: true, move: true, keywords: true, room: -1}
	value = strings.ToLower(strings.TrimSpace(value))
	rest, ok := strings.CutPrefix(value, "imap")
	for word := range strings.SplitSeq(strings.ReplaceAll(rest, " and ", ","), ",") {
		switch word = strings.TrimSpace(word); word {
		case "":
		case "without sieve":
			p.host.sieve = false
		case "without move":
			p.host.move = false
		case "without keywords":
			p.host.keywords = false
		default:
			kilo, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(word, "room for "), " kb"))
			if ok = ok && err == nil; ok {
				p.host.room = int64(kilo) << 10
			}
		}
	}
	if !ok {
		return fmt.Errorf("%q: inbox is imap, perhaps without Sieve, without MOVE, without keywords, room for 20 KB; commas between", value)
	}
	p.fields["inbox"] = "imap"
	return nil
}

// openAccount makes the account of somebody whose mailbox is at a provider, and tells
// Tidepost of it.
func (w *world) openAccount(db *store.DB, p *member, id int64, now time.Time) error {
	if p.host == nil {
		return nil
	}
	h := fakehost.New(time.Now)
	h.SetOld(!p.host.move)
	h.SetRoom(p.host.room)
	if !p.host.keywords {
		h.SetKeywords([]string{})
	}
	w.hosts[p.address] = h
	keep := accounts.New(accounts.Options{DB: db, Box: secrets.Open(w.dataDir(), rand.Reader)})
	set := accounts.Settings{Side: accounts.IMAP, Addr: "imap.provider.example", User: p.address, Password: secretThere}
	if !p.host.sieve {
		set.Sieve = accounts.NoSieve
	}
	_, err := keep.Set(context.Background(), id, set, now)
	return err
}

func (w *world) hostOf(a remote.Account) (*fakehost.Host, error) {
	h := w.hosts[a.User]
	if h == nil || a.Password != secretThere {
		return nil, remote.ErrAuth
	}
	return h, nil
}

// providerMailbox logs in to an account.
func (w *world) providerMailbox(ctx context.Context, a remote.Account) (mirror.Session, error) {
	h, err := w.hostOf(a)
	if err != nil {
		return nil, err
	}
	c, err := h.Dial(ctx)
	if err != nil {
		return nil, err // Not a nil session in an interface.
	}
	return c, nil
}

// providerScripts logs in to its ManageSieve server.
func (w *world) providerScripts(ctx context.Context, a remote.Account) (mirror.Scripts, error) {
	h, err := w.hostOf(a)
	if err != nil {
		return nil, err
	}
	for _, p := range w.story.cast.order {
		if p.address == a.User && !p.host.sieve {
			return nil, fmt.Errorf("connection refused: %w", remote.ErrLost)
		}
	}
	c, err := h.Scripts(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// arrive gives mail to the provider of whom it is for; what is left is for Tidepost.
func (w *world) arrive(from string, rcpts []string, raw []byte) (left []string) {
	for _, r := range rcpts {
		h := w.hosts[strings.ToLower(r)]
		if h == nil {
			left = append(left, r)
			continue
		}
		h.Arrive(slices.Concat([]byte("Return-Path: <"+from+">\r\n"), raw), from)
	}
	return left
}

// below is the folder of Tidepost's in an account.
const below = "Tidepost/"

// there is what a folder is called in the account.
func there(h *fakehost.Host, folder string) string {
	if h.Folder(below+folder) != nil || slices.Contains(systemFolders(), folder) && h.Folder(folder) == nil {
		return below + folder
	}
	return folder
}

// fetchThere reads a folder at the provider. Mail came when it came into that folder.
func (w *world) fetchThere(c *hostClient, folder string) []entry {
	var out []entry
	for _, v := range c.h.Folder(there(c.h, folder)) {
		e := entry{uid: strconv.Itoa(int(v.UID)), flags: v.Flags, came: v.Since, raw: v.Text, mid: v.MID}
		e.mail = w.known(e)
		out = append(out, e)
	}
	return out
}

// A hostClient is a mail program at the provider. It knows the commands that stories use.
type hostClient struct {
	h        *fakehost.Host
	selected string
}

func (c *hostClient) close() {}

// folderIn is the folder that the quoted name at the end of a command means.
func (c *hostClient) folderIn(quoted string) string {
	return there(c.h, strings.NewReplacer(`\"`, `"`, `\\`, `\`, "&-", "&").Replace(strings.Trim(quoted, `"`)))
}

func (c *hostClient) command(text string, literal []byte) (list []response, said string, err error) {
	verb, rest, _ := strings.Cut(text, " ")
	if verb == "UID" {
		verb, rest, _ = strings.Cut(rest, " ")
	}
	uid, what, _ := strings.Cut(rest, " ")
	switch verb {
	case "SELECT", "EXAMINE":
		c.selected = c.folderIn(rest)
		if c.h.Folder(c.selected) == nil {
			return nil, "NO [NONEXISTENT] no such folder", nil
		}
	case "LIST":
		for _, f := range c.h.Folders() {
			list = append(list, response{text: `* LIST () "/" "` + strings.TrimPrefix(f, below) + `"`})
		}
	case "CREATE":
		c.h.MakeFolder(strings.Trim(rest, `"`))
	case "MOVE":
		err = c.h.Move(c.selected, "#"+uid, c.folderIn(what))
	case "COPY":
		err = c.h.Copy(c.selected, "#"+uid, c.folderIn(what))
	case "STORE":
		err = c.store(uid, what)
	case "EXPUNGE":
		n, perr := strconv.Atoi(uid)
		if perr != nil && uid != "" {
			return nil, "", perr
		}
		c.h.ExpungeMarked(c.selected, uint32(n))
	case "APPEND":
		at := strings.LastIndex(rest, " (")
		err = c.h.Put(c.folderIn(rest[:at]), literal, strings.Fields(strings.Trim(rest[at:], " ()"))...)
	default:
		return nil, "", fmt.Errorf("stories cannot say %s to a provider", verb)
	}
	if err != nil {
		return nil, "NO " + err.Error(), nil
	}
	return list, "OK", nil
}

// store reads "+FLAGS.SILENT (\Deleted)".
func (c *hostClient) store(uid, what string) error {
	how, flags, _ := strings.Cut(what, " ")
	for _, f := range strings.Fields(strings.Trim(flags, "()")) {
		if err := c.h.Flag(c.selected, "#"+uid, f, how[0] == '+'); err != nil {
			return err
		}
	}
	return nil
}

// keptAs is what an account was like before Tidepost: it is to be so again.
type keptAs struct {
	folders []string
	mails   map[string]string // subject: folder, UID and flags
}

func keep(h *fakehost.Host) keptAs {
	k := keptAs{folders: h.Folders(), mails: map[string]string{}}
	for _, f := range k.folders {
		for _, v := range h.Folder(f) {
			k.mails[v.Subject] += fmt.Sprintf("%s %d %v; ", f, v.UID, v.Flags)
		}
	}
	return k
}

// differs says how an account is other than it was: folders, and mail that was there.
func (k keptAs) differs(h *fakehost.Host) error {
	now := keep(h)
	var wrong []error
	if !slices.Equal(k.folders, now.folders) {
		wrong = append(wrong, fmt.Errorf("it has the folders %s", strings.Join(now.folders, ", ")))
	}
	for _, s := range slices.Sorted(maps.Keys(k.mails)) {
		if now.mails[s] != k.mails[s] {
			wrong = append(wrong, fmt.Errorf("%q was at %sis at %s", s, k.mails[s], now.mails[s]))
		}
	}
	return errors.Join(wrong...)
}

// oldMail is what has long been in an account.
func (w *world) oldMail(p *member, subject, folder string) {
	raw := fmt.Sprintf("From: Somebody <somebody@elsewhere.example>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n\r\nFrom long ago.\r\n",
		p.address, subject, w.midOf(subject), time.Now().Add(-joined).Format(time.RFC1123Z))
	w.hosts[p.address].Import(folder, []byte(raw), time.Now().Add(-joined), `\Seen`)
	w.mails[subject] = &sent{name: subject, mid: w.midOf(subject), subject: subject, raw: bytes.Clone([]byte(raw)), author: p, at: time.Now().Add(-joined)}
}
