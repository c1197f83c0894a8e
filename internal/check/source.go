package check

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tidepost/archive"
	"tidepost/mail"
)

// errTooLarge says that a message is larger than MaxMessage.
var errTooLarge = fmt.Errorf("the message is larger than %d MB", MaxMessage>>20)

// Each looks at every message of paths and hands the reports to yield, in order: "-" is
// in, a directory its .eml and mailbox files and those of Maildirs below it, a file is
// one message, or many if it is a mailbox file. What cannot be read is a Report with
// an Error, and the next one follows. Only an error of yield ends it.
func Each(paths []string, in io.Reader, zone *time.Location, yield func(Report) error) error {
	for _, p := range paths {
		var err error
		switch info, serr := os.Stat(p); {
		case p == "-":
			err = stream("-", in, zone, yield)
		case serr != nil:
			err = yield(Report{Source: p, Error: plain(serr)})
		case info.IsDir():
			err = directory(p, zone, yield)
		default:
			err = file(p, zone, yield)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plain is an error without the path, which stands beside it.
func plain(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func directory(dir string, zone *time.Location, yield func(Report) error) error {
	found := false
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			found = true
			return yield(Report{Source: p, Error: plain(err)})
		}
		if d.IsDir() || !isMail(p) {
			return nil
		}
		found = true
		return file(p, zone, yield)
	})
	if err == nil && !found {
		return yield(Report{Source: dir, Error: "no .eml or .mbox file in it"})
	}
	return err
}

// isMail reports whether a file of a directory is looked at.
func isMail(p string) bool {
	if slices.Contains([]string{".eml", ".mbox", ".mbx"}, strings.ToLower(filepath.Ext(p))) {
		return true
	}
	in := filepath.Base(filepath.Dir(p)) // of a Maildir
	return (in == "cur" || in == "new") && !strings.HasPrefix(filepath.Base(p), ".")
}

func file(p string, zone *time.Location, yield func(Report) error) error {
	f, err := os.Open(p)
	if err != nil {
		return yield(Report{Source: p, Error: plain(err)})
	}
	defer f.Close()
	return stream(p, f, zone, yield)
}

// stream looks at one message, or at those of a mailbox file.
func stream(name string, r io.Reader, zone *time.Location, yield func(Report) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	first, err := b.Peek(5)
	switch {
	case len(first) == 0 && err == io.EOF:
		return yield(Report{Source: name, Error: "it is empty"})
	case err != nil && err != io.EOF:
		return yield(Report{Source: name, Error: plain(err)})
	case string(first) == "From ":
		return mailbox(name, b, zone, yield)
	}
	octets, err := io.ReadAll(io.LimitReader(mail.NewNormalizer(b), MaxMessage+1))
	if err == nil && len(octets) > MaxMessage {
		err = errTooLarge
	}
	if err != nil {
		return yield(Report{Source: name, Error: plain(err)})
	}
	return yield(Message(name, octets, zone))
}

// mailbox looks at the messages of a mailbox file (RFC 4155).
func mailbox(name string, r io.Reader, zone *time.Location, yield func(Report) error) error {
	m := archive.NewMbox(r, 0, MaxMessage)
	for n := 1; ; n++ {
		raw, err := m.Next()
		if err == io.EOF {
			return nil
		}
		source := fmt.Sprintf("%s#%d", name, n)
		rep := Report{Source: source, Error: errTooLarge.Error()}
		switch {
		case err != nil:
			rep.Error = plain(err)
		case raw.Octets != nil:
			rep = Message(source, raw.Octets, zone)
		}
		if yerr := yield(rep); yerr != nil || err != nil {
			return yerr
		}
	}
}
