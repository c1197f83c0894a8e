package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Role is what a folder is for, whatever it is called.
type Role string

// The roles (RFC 6154), and the inbox.
const (
	Inbox   Role = "inbox"
	Sent    Role = "sent"
	Drafts  Role = "drafts"
	Trash   Role = "trash"
	Junk    Role = "junk"
	Archive Role = "archive"
	All     Role = "all" // every message of the account, as Gmail has it
)

// A Folder is one of the person's own.
type Folder struct {
	Name       string // UTF-8, "/" between levels, without the namespace's prefix: "Tidepost/Next delivery"
	Role       Role   // "" for none
	NoSelect   bool   // a level without messages
	Subscribed bool   // only where the server tells (RFC 5258)
}

// maxFolders bounds what is kept of a list.
const maxFolders = 20_000

// List returns the person's own folders in the server's order. Roles come from attributes;
// if no folder has a role's attribute, the first with a usual name gets it.
func (s *Session) List(ctx context.Context) ([]Folder, error) {
	var out []Folder
	known := map[string]string{}
	s.asking = true
	err := s.run(ctx, `LIST "" "*"`, func(r *response) {
		if r.kind != "LIST" || len(r.args) < 3 || len(out) >= maxFolders {
			return
		}
		raw, delim := r.args[2].text, r.args[1].text
		name, ok := s.space.plain(s.decode(raw), delim)
		if !ok || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return
		}
		if _, twice := known[name]; twice {
			return
		}
		f := Folder{Name: name}
		for _, a := range r.args[0].list {
			f.attribute(a.text)
		}
		known[name] = raw
		out = append(out, f)
	})
	s.asking = false
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	s.space.known = known
	guessRoles(out)
	return out, nil
}

// attribute reads a name attribute (RFC 9051 §7.3.1, RFC 6154 §2).
func (f *Folder) attribute(a string) {
	switch strings.ToLower(a) {
	case `\noselect`, `\nonexistent`:
		f.NoSelect = true
	case `\subscribed`:
		f.Subscribed = true
	case `\sent`:
		f.Role = Sent
	case `\drafts`:
		f.Role = Drafts
	case `\trash`:
		f.Role = Trash
	case `\junk`, `\spam`:
		f.Role = Junk
	case `\archive`:
		f.Role = Archive
	case `\all`, `\allmail`:
		f.Role = All
	}
}

// usualNames returns what folders with a role are called where no attribute says it, most
// usual first, in lower case.
func usualNames(role Role) []string {
	switch role {
	case Sent:
		return []string{"sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete elemente", "gesendete objekte", "envoyés", "éléments envoyés", "enviados", "elementos enviados", "posta inviata", "verzonden items"}
	case Drafts:
		return []string{"drafts", "draft", "entwürfe", "brouillons", "borradores", "bozze", "concepten"}
	case Trash:
		return []string{"trash", "deleted items", "deleted messages", "deleted", "papierkorb", "gelöschte elemente", "corbeille", "éléments supprimés", "papelera", "cestino", "prullenbak"}
	case Junk:
		return []string{"junk", "spam", "junk e-mail", "junk email", "bulk mail", "spamverdacht", "courrier indésirable", "correo no deseado", "posta indesiderata"}
	case Archive:
		return []string{"archive", "archives", "archiv", "archivo", "archivio"}
	}
	return nil
}

// guessRoles gives roles by names to folders without attributes.
func guessRoles(folders []Folder) {
	for _, role := range []Role{Sent, Drafts, Trash, Junk, Archive} {
		if slices.ContainsFunc(folders, func(f Folder) bool { return f.Role == role }) {
			continue
		}
		for _, usual := range usualNames(role) {
			i := slices.IndexFunc(folders, func(f Folder) bool {
				return f.Role == "" && !f.NoSelect && strings.EqualFold(f.Name, usual)
			})
			if i >= 0 {
				folders[i].Role = role
				break
			}
		}
	}
	for i := range folders {
		if folders[i].Name == "INBOX" {
			folders[i].Role = Inbox
		}
	}
}

// Exists says whether there is a folder of this name that holds messages.
func (s *Session) Exists(ctx context.Context, name string) (bool, error) {
	box, err := s.mailbox(name)
	if err != nil {
		return false, err
	}
	found := false
	s.asking = true
	err = s.run(ctx, `LIST "" `+box, func(r *response) {
		if r.kind != "LIST" || len(r.args) < 3 || s.watched != "" && !s.names(r.args[2], name) {
			return
		}
		var f Folder
		for _, a := range r.args[0].list {
			f.attribute(a.text)
		}
		found = found || !f.NoSelect
	})
	s.asking = false
	return found, err
}

// Create makes a folder with the levels above it and subscribes it, so that clients show
// it. A folder that exists is no error.
func (s *Session) Create(ctx context.Context, name string) error {
	levels := strings.Split(name, "/")
	for i := range levels {
		part := strings.Join(levels[:i+1], "/")
		if strings.EqualFold(part, "INBOX") {
			continue
		}
		if err := s.create(ctx, part); err != nil {
			if i < len(levels)-1 && errors.Is(err, ErrRefused) {
				continue // Where levels are no folders, only the last matters.
			}
			return fmt.Errorf("create folder %s: %w", clean(part), err)
		}
	}
	return nil
}

func (s *Session) create(ctx context.Context, name string) error {
	box, err := s.mailbox(name)
	if err != nil {
		return err
	}
	there, err := s.Exists(ctx, name)
	if err != nil {
		return err
	}
	if !there {
		if err := s.run(ctx, "CREATE "+box, nil); err != nil && !isCode(err, "ALREADYEXISTS") {
			return err
		}
	}
	if err := s.run(ctx, "SUBSCRIBE "+box, nil); errors.Is(err, ErrLost) {
		return err // Another refusal only means that clients must subscribe it themselves.
	}
	return nil
}

func isCode(err error, code string) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == code
}

// Delete removes a folder with everything in it; deleting one that is gone is no error.
// The caller has looked that it is empty.
func (s *Session) Delete(ctx context.Context, name string) error {
	box, err := s.mailbox(name)
	if err != nil {
		return err
	}
	if s.selected != nil && s.selected.Name == name {
		// Deleting what is selected is left to servers' taste (RFC 9051 §6.3.5).
		if err := s.unselect(ctx); err != nil {
			return err
		}
	}
	if err := s.run(ctx, "UNSUBSCRIBE "+box, nil); errors.Is(err, ErrLost) {
		return err
	}
	err = s.missing(ctx, name, s.run(ctx, "DELETE "+box, nil))
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete folder %s: %w", clean(name), err)
	}
	delete(s.space.known, name)
	return nil
}

// unselect leaves the folder without expunging: by EXAMINE of a folder that cannot be
// (RFC 9051 §6.3.2: a failed SELECT leaves none selected), which needs no extension.
func (s *Session) unselect(ctx context.Context) error {
	s.selected = nil
	if err := s.run(ctx, `EXAMINE ""`, nil); errors.Is(err, ErrLost) {
		return err
	}
	return nil
}

// Rename gives a folder another name, with all below it. UIDs stay; ErrGone if there is
// none.
func (s *Session) Rename(ctx context.Context, from, to string) error {
	f, err := s.mailbox(from)
	if err != nil {
		return err
	}
	t, err := s.mailbox(to)
	if err != nil {
		return err
	}
	if err := s.missing(ctx, from, s.run(ctx, "RENAME "+f+" "+t, nil)); err != nil {
		return fmt.Errorf("rename folder %s: %w", clean(from), err)
	}
	clear(s.space.known)
	if err := s.run(ctx, "UNSUBSCRIBE "+f, nil); errors.Is(err, ErrLost) {
		return err
	}
	if err := s.run(ctx, "SUBSCRIBE "+t, nil); errors.Is(err, ErrLost) {
		return err
	}
	return nil
}

// missing makes ErrGone of a refusal without a code if the folder does not exist.
func (s *Session) missing(ctx context.Context, name string, err error) error {
	if !errors.Is(err, ErrRefused) {
		return err
	}
	there, lookErr := s.Exists(ctx, name)
	if lookErr != nil {
		return lookErr
	}
	var r *refusal
	if !there && errors.As(err, &r) {
		r.kind = ErrGone
	}
	return err
}

// A Status is the state of a folder, without selecting it.
type Status struct {
	UIDValidity   uint32
	UIDNext       UID
	Messages      uint32
	HighestModSeq uint64 // 0 where the server has no CONDSTORE
}

func (s *Session) statusItems() string {
	if s.caps.CondStore {
		return "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
	}
	return "(MESSAGES UIDNEXT UIDVALIDITY)"
}

// Status looks at a folder. Errors: ErrGone.
func (s *Session) Status(ctx context.Context, name string) (Status, error) {
	box, err := s.mailbox(name)
	if err != nil {
		return Status{}, err
	}
	var st Status
	s.asking = true
	err = s.run(ctx, "STATUS "+box+" "+s.statusItems(), func(r *response) {
		if r.kind == "STATUS" && len(r.args) >= 2 && (s.watched == "" || s.names(r.args[0], name)) {
			st.read(r.args[1].list)
		}
	})
	s.asking = false
	if err = s.missing(ctx, name, err); err != nil {
		return Status{}, fmt.Errorf("folder %s: %w", clean(name), err)
	}
	return st, nil
}

// Statuses looks at several folders; those that are gone are left out. It is one command
// where the server has LIST-STATUS (RFC 5819), else one a folder, sent together.
func (s *Session) Statuses(ctx context.Context, names []string) (map[string]Status, error) {
	var boxes []string
	for _, name := range names {
		box, err := s.mailbox(name)
		if err != nil {
			return nil, err
		}
		boxes = append(boxes, box)
	}
	out := map[string]Status{}
	on := func(r *response) {
		if r.kind != "STATUS" || len(r.args) < 2 {
			return
		}
		name, ok := s.space.plain(s.decode(r.args[0].text), s.space.delim)
		if ok && slices.Contains(names, name) {
			st := out[name] // News of a watched folder, which come in between, tell a part.
			st.read(r.args[1].list)
			out[name] = st
		}
	}
	var err error
	s.asking = true
	if s.caps.ListStatus && len(boxes) > 1 {
		err = s.run(ctx, `LIST "" (`+strings.Join(boxes, " ")+") RETURN (STATUS "+s.statusItems()+")", on)
	} else {
		err = s.statuses(ctx, names, boxes, out, on)
	}
	s.asking = false
	if err != nil {
		return nil, fmt.Errorf("state of folders: %w", err)
	}
	maps.DeleteFunc(out, func(_ string, st Status) bool { return st.UIDValidity == 0 })
	return out, nil
}

// statuses asks for the state of folders one by one, many commands in one go: servers
// answer when they like, each command for itself (RFC 9051 §5.5).
func (s *Session) statuses(ctx context.Context, names, boxes []string, out map[string]Status, on handler) error {
	for len(boxes) > 0 {
		n := min(len(boxes), maxAhead)
		var lines []string
		for _, box := range boxes[:n] {
			lines = append(lines, "STATUS "+box+" "+s.statusItems())
		}
		answers, err := s.ahead(ctx, lines, on)
		if err != nil {
			return err
		}
		for i, err := range answers {
			if err == nil && out[names[i]].UIDValidity == 0 { // It writes the name in another way.
				out[names[i]], err = s.Status(ctx, names[i])
			}
			if err = s.missing(ctx, names[i], err); err != nil && !errors.Is(err, ErrGone) {
				return fmt.Errorf("folder %s: %w", clean(names[i]), err)
			}
		}
		names, boxes = names[n:], boxes[n:]
	}
	return nil
}

// read takes over pairs of item and number.
func (st *Status) read(list []node) {
	for i := 0; i+1 < len(list); i += 2 {
		n, err := strconv.ParseUint(list[i+1].text, 10, 63)
		if err != nil {
			continue
		}
		switch strings.ToUpper(list[i].text) {
		case "MESSAGES":
			st.Messages = uint32(n)
		case "UIDNEXT":
			st.UIDNext = UID(n)
		case "UIDVALIDITY":
			st.UIDValidity = uint32(n)
		case "HIGHESTMODSEQ":
			st.HighestModSeq = n
		}
	}
}
