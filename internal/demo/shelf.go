package demo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// below is the folder of an account at a provider in which Tidepost's own are.
const below = "Tidepost"

// A shelf says how the folders of a mailbox are called, and from where on the story
// begins in each. The zero value is a mailbox of Tidepost's own.
type shelf struct {
	elsewhere bool // at a provider
	prefix    string
	delim     string
	names     map[string]string   // of ordinary folders, where the server says which they are
	from      map[string]imap.UID // by the name on the server
}

// shelve finds out how an account at a provider is arranged. What is in it already is no
// part of the story.
func shelve(c *imapclient.Client) (shelf, error) {
	s := shelf{elsewhere: true, delim: "/", names: map[string]string{}, from: map[string]imap.UID{}}
	if c.Caps().Has(imap.CapNamespace) {
		spaces, err := c.Namespace().Wait()
		if err != nil {
			return s, fmt.Errorf("ask for the namespace: %w", err)
		}
		if len(spaces.Personal) > 0 && spaces.Personal[0].Delim != 0 {
			s.prefix, s.delim = spaces.Personal[0].Prefix, string(spaces.Personal[0].Delim)
		}
	}
	o := &imap.ListOptions{ReturnSpecialUse: c.Caps().Has(imap.CapSpecialUse) && c.Caps().Has(imap.CapListExtended)}
	list, err := c.List("", "*", o).Collect()
	if err != nil {
		return s, fmt.Errorf("list folders: %w", err)
	}
	for _, f := range list {
		for role, name := range map[imap.MailboxAttr]string{imap.MailboxAttrDrafts: "Drafts", imap.MailboxAttrSent: "Sent", imap.MailboxAttrTrash: "Trash"} {
			if slices.Contains(f.Attrs, role) {
				s.names[name] = f.Mailbox
			}
		}
		if slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		st, err := c.Status(f.Mailbox, &imap.StatusOptions{UIDNext: true}).Wait()
		if err != nil {
			return s, fmt.Errorf("look at folder %s: %w", f.Mailbox, err)
		}
		s.from[f.Mailbox] = st.UIDNext
	}
	return s, nil
}

// name is what the server calls a folder.
func (s shelf) name(folder string) string {
	switch {
	case !s.elsewhere, folder == "INBOX":
		return folder
	case s.names[folder] != "":
		return s.names[folder]
	case folder == "Drafts", folder == "Sent", folder == "Trash":
		return s.prefix + folder
	}
	return s.prefix + below + s.delim + strings.ReplaceAll(folder, "/", s.delim)
}

// since is the first UID of the story in a folder.
func (s shelf) since(folder string) imap.UID { return max(s.from[s.name(folder)], 1) }

// missing reports that a folder could not be opened, which at a provider says no more than
// that nothing has been put there yet.
func (s shelf) missing(err error) bool {
	var no *imap.Error
	return s.elsewhere && errors.As(err, &no) && no.Type == imap.StatusResponseTypeNo
}

// ours are the folders of Tidepost's that are there.
func (s shelf) ours() (out []string) {
	root := s.prefix + below
	for name := range s.from {
		if name == root || strings.HasPrefix(name, root+s.delim) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
