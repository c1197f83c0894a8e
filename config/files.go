package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxSecret bounds a password file.
const maxSecret = 4096

// files looks at the files that the configuration names, and reads the secrets.
func (d *decoder) files() {
	c := d.config
	d.readable("tls.cert", c.TLS.Cert)
	d.readable("relay.ca_file", c.Relay.CAFile)
	d.readable("connector.ca_file", c.Connector.CAFile)
	d.readable("accounts.ca_file", c.Accounts.CAFile)
	d.private("tls.key", c.TLS.Key)
	d.private("dkim.key_file", c.DKIM.KeyFile)
	d.readable("alarm.ca_file", c.Alarm.CAFile)
	d.secret("relay", &c.Relay)
	d.secret("alarm", &c.Alarm)
	for i, p := range c.Relay.Providers {
		d.readable(providerName(i)+".ca_file", p.CAFile)
		d.secret(providerName(i), &p.Relay)
	}
	d.dataDirectory()
}

// secret reads what logs in on a route.
func (d *decoder) secret(section string, r *Relay) {
	if r.PasswordFile != "" {
		secret, err := ReadSecret(r.PasswordFile)
		if err != nil {
			d.about(section+".password_file", "%v", err)
		}
		r.Password = secret
	}
	if r.OAuthFile != "" {
		data, err := ReadPrivate(r.OAuthFile)
		if err != nil {
			d.about(section+".oauth_file", "%v", err)
		}
		r.OAuth = NewSecret(string(data))
	}
}

func (d *decoder) readable(key, path string) {
	if path == "" {
		return
	}
	f, err := openRegular(path)
	if err != nil {
		d.about(key, "%v", err)
		return
	}
	f.Close()
}

func (d *decoder) private(key, path string) {
	if path == "" {
		return
	}
	f, err := openPrivate(path)
	if err != nil {
		d.about(key, "%v", err)
		return
	}
	f.Close()
}

// dataDirectory refuses a directory that others may enter; its group may, if the
// configuration says so. One that does not exist yet is made by init or at the first
// start, with the right mode.
func (d *decoder) dataDirectory() {
	path, others := d.config.Server.Data, fs.FileMode(0o077)
	if d.config.Server.SharedDataDir {
		others = 0o007
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		d.about("server.data", "%v", err)
	case !info.IsDir():
		d.about("server.data", "%s is not a directory", path)
	case info.Mode().Perm()&others != 0:
		d.about("server.data", "%s has mode %04o, others may read it: chmod 0700, or see server.shared_data_dir", path, info.Mode().Perm())
	}
}

// ReadSecret returns the first line of the file at path. A file that its group or
// the world may read is refused, and so is an empty one.
func ReadSecret(path string) (Secret, error) {
	f, err := openPrivate(path)
	if err != nil {
		return Secret{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return Secret{}, err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" || len(line) > maxSecret {
		return Secret{}, fmt.Errorf("%s: the first line must hold 1 to %d octets", path, maxSecret)
	}
	if strings.ContainsRune(line, 0) {
		return Secret{}, fmt.Errorf("%s: the first line holds a NUL octet", path)
	}
	return NewSecret(line), nil
}

// ReadPrivate returns the content of a file that, like one with a secret, only its owner
// may read.
func ReadPrivate(path string) ([]byte, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %s", path, FormatSize(maxFile))
	}
	return data, err
}

// openPrivate opens a file that only its owner may read. The mode is taken from
// the open file, so that it cannot be exchanged in between.
func openPrivate(path string) (*os.File, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	others := fs.FileMode(0o077)
	if isCredential(path) {
		// systemd gives a service its credential by an access control list, which
		// shows as a group right in the mode; the directory keeps others out.
		others = 0o037
	}
	if mode := info.Mode().Perm(); mode&others != 0 {
		f.Close()
		return nil, fmt.Errorf("%s has mode %04o, others may read it: chmod 0600", path, mode)
	}
	return f, nil
}

func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path) // Before Open: opening a fifo would wait for its writer.
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// isCredential reports whether path lies where systemd puts credentials
// (systemd.exec(5), LoadCredential=).
func isCredential(path string) bool {
	return strings.HasPrefix(filepath.Clean(path), "/run/credentials/")
}
