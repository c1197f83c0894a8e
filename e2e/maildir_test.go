package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A maildir is a tree of Maildir folders as mbsync and offlineimap keep them: names
// with spaces and slashes are directories.
type maildir struct {
	t    *testing.T
	root string
	next int
}

// A file is one message of a Maildir folder.
type file struct {
	path  string
	mid   string
	flags string // "FS"
}

var midField = regexp.MustCompile(`(?im)^message-id:\s*<([^>]*)>`)

// files reads a folder.
func (m *maildir) files(folder string) []file {
	m.t.Helper()
	var out []file
	for _, sub := range []string{"cur", "new"} {
		entries, err := os.ReadDir(filepath.Join(m.root, folder, sub))
		if err != nil {
			m.t.Fatal(err)
		}
		for _, e := range entries {
			path := filepath.Join(m.root, folder, sub, e.Name())
			text, err := os.ReadFile(path)
			if err != nil {
				m.t.Fatal(err)
			}
			f := file{path: path}
			if found := midField.FindSubmatch(text); found != nil {
				f.mid = string(found[1])
			}
			_, f.flags, _ = strings.Cut(e.Name(), ":2,")
			out = append(out, f)
		}
	}
	return out
}

// mids are the sorted Message-IDs of a folder: a multiset.
func (m *maildir) mids(folder string) []string {
	m.t.Helper()
	var out []string
	for _, f := range m.files(folder) {
		out = append(out, f.mid)
	}
	slices.Sort(out)
	return out
}

// get is the one message with the Message-ID.
func (m *maildir) get(folder, mid string) file {
	m.t.Helper()
	for _, f := range m.files(folder) {
		if f.mid == mid {
			return f
		}
	}
	m.t.Fatalf("no <%s> in the local folder %s", mid, folder)
	return file{}
}

// folders lists the folders there are.
func (m *maildir) folders() []string {
	m.t.Helper()
	var out []string
	err := filepath.WalkDir(m.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "cur" {
			name, err := filepath.Rel(m.root, filepath.Dir(path))
			if err != nil {
				return err
			}
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// create makes a folder.
func (m *maildir) create(folder string) {
	m.t.Helper()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(m.root, folder, sub), 0o700); err != nil {
			m.t.Fatal(err)
		}
	}
}

// put writes a new message into a folder, with LF line ends as clients on Unix do.
func (m *maildir) put(folder, text, flags string) {
	m.t.Helper()
	m.next++
	sub, info := "new", ""
	if flags != "" {
		sub, info = "cur", ":2,"+flags
	}
	name := filepath.Join(m.root, folder, sub, fmt.Sprintf("%d.%d.laptop%s", 1700000000+m.next, os.Getpid(), info))
	if err := os.WriteFile(name, []byte(strings.ReplaceAll(text, "\r\n", "\n")), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// flag renames a message so that it has flags, and makes it look like read mail.
func (m *maildir) flag(folder, mid, flags string) {
	m.t.Helper()
	f := m.get(folder, mid)
	name, _, _ := strings.Cut(filepath.Base(f.path), ":2,")
	m.rename(f.path, filepath.Join(m.root, folder, "cur", name+":2,"+flags))
}

// move moves a message as a mail client does: under a name of its own.
func (m *maildir) move(folder, mid, target string) {
	m.t.Helper()
	f := m.get(folder, mid)
	m.next++
	m.rename(f.path, filepath.Join(m.root, target, "cur", fmt.Sprintf("%d.%d.moved:2,%s", 1700000000+m.next, os.Getpid(), f.flags)))
}

func (m *maildir) rename(from, to string) {
	m.t.Helper()
	if err := os.Rename(from, to); err != nil {
		m.t.Fatal(err)
	}
}

// remove deletes a message.
func (m *maildir) remove(folder, mid string) {
	m.t.Helper()
	if err := os.Remove(m.get(folder, mid).path); err != nil {
		m.t.Fatal(err)
	}
}

// listing is every file of the tree with its content: what a second run without changes must
// leave as it is.
func (m *maildir) listing() map[string]string {
	m.t.Helper()
	out := map[string]string{}
	for _, folder := range m.folders() {
		for _, f := range m.files(folder) {
			text, err := os.ReadFile(f.path)
			if err != nil {
				m.t.Fatal(err)
			}
			out[folder+"/"+filepath.Base(f.path)] = string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
		}
	}
	return out
}

// same checks that both sides have the same folders with the same messages, each as
// often as the other.
func (m *maildir) same(r *reader, folders ...string) {
	m.t.Helper()
	here, there := map[string][]string{}, map[string][]string{}
	for _, f := range folders {
		here[f], there[f] = m.mids(f), r.mids(f)
	}
	if diff := cmp.Diff(there, here); diff != "" {
		m.t.Fatalf("the two sides differ (-server +local):\n%s", diff)
	}
}

// sameFlags checks the flags of one message on both sides; flags are those of Maildir.
func (m *maildir) sameFlags(r *reader, folder, mid, flags string) {
	m.t.Helper()
	if got := m.get(folder, mid).flags; got != flags {
		m.t.Errorf("locally <%s> has flags %q, want %q", mid, got, flags)
	}
	names := map[string]rune{`\Seen`: 'S', `\Flagged`: 'F', `\Answered`: 'R', `\Draft`: 'D', `\Deleted`: 'T'}
	var letters []rune
	for _, l := range r.letters(folder) {
		if l.mid == mid {
			for _, f := range l.flags {
				if c, ok := names[f]; ok {
					letters = append(letters, c)
				}
			}
		}
	}
	if slices.Sort(letters); string(letters) != flags {
		m.t.Errorf("on the server <%s> has flags %q, want %q", mid, string(letters), flags)
	}
}
