//go:build linux

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A disk is a file system that can be broken without harm to others.
type disk struct {
	*T
	dir     string
	image   string // "" for tmpfs
	fs      string
	mounted bool
}

// need skips a fault that this machine has not the programs or the rights for.
func (t *T) need(root bool, programs ...string) {
	if root && os.Geteuid() != 0 {
		t.Skipf("needs root")
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// system runs a command of the system.
func (t *T) system(name string, args ...string) error {
	out, err := exec.CommandContext(t.ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// loopDisk makes a file with a file system in it and mounts it.
func (t *T) loopDisk(fs string) *disk {
	t.need(true, "mkfs."+fs, "mount", "umount")
	dir := t.TempDir()
	d := &disk{T: t, dir: filepath.Join(dir, "mnt"), image: filepath.Join(dir, "image"), fs: fs}
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, 1<<30); err != nil {
		t.Fatal(err)
	}
	if err := t.system("mkfs."+fs, "-q", d.image); err != nil {
		t.Fatal(err)
	}
	if err := d.mount(); err != nil {
		t.Skipf("no loop mount of %s here: %v", fs, err)
	}
	t.Cleanup(d.unmount)
	return d
}

// memoryDisk mounts a tmpfs.
func (t *T) memoryDisk(size string) *disk {
	t.need(true, "mount", "umount")
	d := &disk{T: t, dir: t.TempDir(), fs: "tmpfs"}
	if err := t.system("mount", "-t", "tmpfs", "-o", "mode=0700,size="+size, "tidepost-faults", d.dir); err != nil {
		t.Skipf("no tmpfs here: %v", err)
	}
	d.mounted = true
	t.Cleanup(d.unmount)
	return d
}

// mount waits until the file system is a fresh one: while anybody, in whatever
// namespace, still has the old one mounted, it comes back as dead as it was.
func (d *disk) mount() error {
	var err error
	for range 50 {
		if err = d.system("mount", "-o", "loop", d.image, d.dir); err != nil {
			return err
		}
		d.mounted = true
		var f *os.File
		if f, err = os.CreateTemp(d.dir, "alive"); err == nil {
			f.Close()
			return os.Remove(f.Name())
		}
		d.unmount()
		time.Sleep(200 * time.Millisecond)
	}
	return err
}

// unmount waits until nobody uses it.
func (d *disk) unmount() {
	if !d.mounted {
		return
	}
	var err error
	for range 50 {
		if err = d.system("umount", d.dir); err == nil {
			d.mounted = false
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.Errorf("%v", err)
}

// cut takes the power away: nothing that is not on the disk will ever be there, the
// log is not flushed either.
func (d *disk) cut() error {
	const (
		shutdown   = 0x8004587d // FS_IOC_SHUTDOWN
		noLogFlush = 2
	)
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer f.Close()
	flag := uint32(noLogFlush)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&flag))); e != 0 {
		return fmt.Errorf("shut %s down: %w", d.fs, e)
	}
	return nil
}
