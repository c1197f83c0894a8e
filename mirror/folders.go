package mirror

import (
	"context"
	"slices"
	"strings"

	"tidepost/remote"
	"tidepost/store"
)

// root is the folder below which Tidepost's folders are in the account.
const root = "Tidepost"

// A folder is the folder of the account that stands for a system folder.
type folder struct {
	store.MirrorFolder
	known  store.MirrorFolder // as it is remembered
	there  bool               // it exists
	lost   bool               // it was made or numbered anew: what is missing in it nobody took away
	status remote.Status
}

func kindOfRole(r remote.Role) store.Kind {
	switch r {
	case remote.Inbox:
		return store.KindInbox
	case remote.Drafts:
		return store.KindDrafts
	case remote.Sent:
		return store.KindSent
	case remote.Trash:
		return store.KindTrash
	case remote.Junk:
		return store.KindJunk
	case remote.Archive:
		return store.KindArchive
	}
	return ""
}

// folders finds out which folder of the account stands for which, follows those that were
// renamed and makes those that are missing.
func (t *tender) folders(ctx context.Context) error {
	var own []store.Mailbox
	var known []store.MirrorFolder
	err := t.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if own, err = tx.Mailboxes(t.id); err != nil {
			return err
		}
		known, err = tx.MirrorFolders(t.id)
		return err
	})
	if err != nil {
		return err
	}
	list, err := t.s.List(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	role := map[store.Kind]string{}
	for _, f := range list {
		if f.NoSelect {
			continue
		}
		there[f.Name] = true
		if k := kindOfRole(f.Role); k != "" && role[k] == "" {
			role[k] = f.Name
		}
	}
	t.boxes = map[store.Kind]*folder{}
	for _, b := range own {
		if b.Kind == store.KindUser || b.Kind == store.KindRemind || t.trial && !plain(b.Kind) {
			continue
		}
		f := &folder{MirrorFolder: store.MirrorFolder{Kind: b.Kind, Name: root + "/" + b.Name}}
		if plain(b.Kind) {
			f.Name = b.Name
		}
		was := -1
		if was = slices.IndexFunc(known, func(k store.MirrorFolder) bool { return k.Kind == b.Kind }); was >= 0 {
			f.MirrorFolder, f.known = known[was], known[was]
		}
		if err := t.settle(ctx, f, b, there, role[b.Kind], list, was >= 0); err != nil {
			return err
		}
		t.boxes[b.Kind] = f
	}
	return t.number(ctx)
}

// settle decides about the folder of one kind.
func (t *tender) settle(ctx context.Context, f *folder, own store.Mailbox, there map[string]bool, role string, list []remote.Folder, known bool) error {
	switch {
	case there[f.Name] && !inTrash(f.Name, own.Kind, list):
		f.there = true
		return nil
	case plain(own.Kind) && role != "":
		f.lost = known && f.Name != role
		f.Name, f.there = role, true
		return nil
	case plain(own.Kind):
		f.lost = known
		return nil // Made when it is needed.
	}
	if known && f.UIDValidity != 0 {
		name, err := t.renamed(ctx, f, list)
		if err != nil {
			return err
		}
		if name != "" {
			t.log.Info("folder was renamed", "from", f.Name, "to", name)
			f.Name, f.there = name, true
			return nil
		}
	}
	f.Name = root + "/" + own.Name
	if f.there = there[f.Name]; f.there {
		f.lost = known
		return nil
	}
	if !own.Visible {
		f.lost = known
		return nil
	}
	return t.make(ctx, f, known)
}

// inTrash: many programs delete a folder by moving it into Trash.
func inTrash(name string, k store.Kind, list []remote.Folder) bool {
	return !plain(k) && slices.ContainsFunc(list, func(f remote.Folder) bool {
		return f.Role == remote.Trash && strings.HasPrefix(name, f.Name+"/")
	})
}

// make makes a folder; lost says that there was one.
func (t *tender) make(ctx context.Context, f *folder, lost bool) error {
	if err := t.s.Create(ctx, f.Name); err != nil {
		return err
	}
	f.there, f.lost = true, f.lost || lost
	delete(t.cache, f.Kind)
	return nil
}

// renamed finds a folder that has another name now: it kept its UIDVALIDITY, and a
// message that we know is in it.
func (t *tender) renamed(ctx context.Context, f *folder, list []remote.Folder) (string, error) {
	links, err := t.links(ctx)
	if err != nil {
		return "", err
	}
	links = slices.DeleteFunc(links, func(l Link) bool { return l.Kind != f.Kind || l.UID == 0 })
	if len(links) == 0 {
		return "", nil // Nothing to be lost.
	}
	var names []string
	for _, c := range list {
		if !c.NoSelect && c.Role == "" && !inTrash(c.Name, f.Kind, list) {
			names = append(names, c.Name)
		}
	}
	st, err := t.s.Statuses(ctx, names)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if st[name].UIDValidity != f.UIDValidity || uint32(st[name].UIDNext) < f.UIDNext {
			continue
		}
		if _, err := t.s.Select(ctx, name, 0); err != nil {
			return "", err
		}
		for _, l := range links[:min(len(links), 5)] {
			got, err := t.s.Get(ctx, []remote.UID{remote.UID(l.UID)})
			if err != nil {
				return "", err
			}
			if len(got) == 1 && keyOf(got[0]).same(l.Key) {
				return name, nil
			}
		}
	}
	return "", nil
}

// number asks for the state of all folders, and notices those that were numbered anew.
func (t *tender) number(ctx context.Context) error {
	var names []string
	for _, f := range t.boxes {
		if f.there {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	st, err := t.s.Statuses(ctx, append(names, leaseFolder))
	if err != nil {
		return err
	}
	t.about, t.asked = st[leaseFolder], t.m.now()
	for _, f := range t.boxes {
		if !f.there {
			continue
		}
		f.status = st[f.Name]
		if f.UIDValidity != 0 && f.status.UIDValidity != f.UIDValidity {
			f.lost = true
		}
		if f.UIDValidity == 0 && plain(f.Kind) && !f.lost {
			f.UIDNext = uint32(f.status.UIDNext) // A folder that has just got its role.
		}
		if f.lost {
			f.UIDNext = 0
		}
	}
	return nil
}

// ensure makes the folder of a kind if it is missing.
func (t *tender) ensure(ctx context.Context, k store.Kind) (*folder, error) {
	f := t.boxes[k]
	if f == nil || f.there {
		return f, nil
	}
	return f, t.make(ctx, f, false)
}

// kindOf is which system folder a folder of the account stands for, "" for none.
func (t *tender) kindOf(name string) store.Kind {
	for k, f := range t.boxes {
		if f.there && f.Name == name {
			return k
		}
	}
	return ""
}
