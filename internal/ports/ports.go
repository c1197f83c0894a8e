// Package ports gives tests a TCP port that stays theirs: test binaries run side by side,
// and a port that was free a moment ago may be a neighbour's by the time its server listens.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// The ports lie below those that the kernel gives to outgoing connections (32768 and up
// on Linux), so that one is still free after its server was restarted.
const (
	first = 12000
	last  = 32767
	tries = 1000
)

// Take finds a TCP port that nobody on host listens on and reserves it among all that ask
// here, in this process and in others, until release. A reservation is a locked file, which
// the kernel gives up when its process ends.
func Take(host string) (port int, release func(), err error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("tidepost-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, nil, fmt.Errorf("reserving a port: %w", err)
	}
	for range tries {
		p := first + rand.IntN(last-first+1)
		lock, err := reserve(filepath.Join(dir, strconv.Itoa(p)))
		if err != nil {
			return 0, nil, fmt.Errorf("reserving port %d: %w", p, err)
		}
		if lock == nil {
			continue
		}
		ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(p)))
		if err != nil {
			lock.Close()
			continue
		}
		ln.Close()
		return p, func() { lock.Close() }, nil
	}
	return 0, nil, fmt.Errorf("no free port on %s after %d tries", host, tries)
}

// reserve locks the file, or returns nil when another has it.
func reserve(file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	// A lock belongs to the open file, so it also holds against this process.
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
	case nil:
		return f, nil
	case syscall.EWOULDBLOCK:
		f.Close()
		return nil, nil
	default:
		f.Close()
		return nil, err
	}
}
