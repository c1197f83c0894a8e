package faults

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canTrace says why a program cannot be traced here.
func canTrace() error { return nil }

// numbers of the calls that can be named.
func numbers() map[uint64]string {
	return map[uint64]string{
		unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite64", unix.SYS_WRITEV: "writev", unix.SYS_FSYNC: "fsync",
		unix.SYS_FDATASYNC: "fdatasync", unix.SYS_RENAME: "rename", unix.SYS_RENAMEAT: "renameat", unix.SYS_UNLINK: "unlink",
		unix.SYS_UNLINKAT: "unlinkat", unix.SYS_LINK: "link", unix.SYS_LINKAT: "linkat", unix.SYS_SENDTO: "sendto",
		unix.SYS_SENDMSG: "sendmsg", unix.SYS_FTRUNCATE: "ftruncate",
	}
}

// A tracer follows all threads of one program.
type tracer struct {
	traceOptions
	names map[uint64]string
	pid   int
	armed atomic.Bool
	count int
	last  [2]uint64    // call and descriptor before this one
	doubt *doubter     // of mails that are not synced
	fails map[int]bool // threads whose running call has to fail
	known map[int]bool
}

// traceProgram runs the program to its end and returns its exit code.
func traceProgram(o traceOptions) (int, error) {
	runtime.LockOSThread() // ptrace(2) belongs to a thread.
	t := &tracer{traceOptions: o, names: numbers(), fails: map[int]bool{}, known: map[int]bool{}, doubt: newDoubter()}
	cmd := exec.Command(o.argv[0], o.argv[1:]...) //nolint:gosec // what we were asked to run
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	t.pid = cmd.Process.Pid
	t.listen()
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(t.pid, &ws, 0, nil); err != nil {
		return 0, fmt.Errorf("wait for the start: %w", err)
	}
	const exitKill = 0x100000
	if err := syscall.PtraceSetOptions(t.pid, syscall.PTRACE_O_TRACESYSGOOD|syscall.PTRACE_O_TRACECLONE|exitKill); err != nil {
		return 0, fmt.Errorf("follow threads: %w", err)
	}
	t.known[t.pid] = true
	if err := syscall.PtraceSyscall(t.pid, 0); err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	return t.loop()
}

// listen arms at SIGUSR1 and hands SIGTERM on.
func (t *tracer) listen() {
	sig := make(chan os.Signal, 4)
	signal.Notify(sig, syscall.SIGUSR1, syscall.SIGTERM)
	go func() {
		for s := range sig {
			if s == syscall.SIGUSR1 {
				t.armed.Store(true)
			} else {
				_ = syscall.Kill(t.pid, syscall.SIGTERM)
			}
		}
	}()
}

// loop handles stops until the program has ended.
func (t *tracer) loop() (int, error) {
	for {
		var ws syscall.WaitStatus
		tid, err := syscall.Wait4(-1, &ws, unix.WALL, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("wait: %w", err)
		}
		if ws.Exited() || ws.Signaled() {
			if tid != t.pid {
				continue
			}
			if ws.Signaled() {
				return 128 + int(ws.Signal()), nil
			}
			return ws.ExitStatus(), nil
		}
		_ = syscall.PtraceSyscall(tid, t.stop(tid, ws)) // It may have been killed meanwhile.
	}
}

// stop handles one stop of a thread and returns the signal that it is to get.
func (t *tracer) stop(tid int, ws syscall.WaitStatus) int {
	sig := ws.StopSignal()
	switch {
	case sig == syscall.SIGTRAP|0x80:
		t.call(tid)
		return 0
	case sig == syscall.SIGTRAP && ws.TrapCause() > 0:
		return 0
	case sig == syscall.SIGSTOP && !t.known[tid]: // how a new thread begins
		t.known[tid] = true
		return 0
	}
	return int(sig)
}

// A callInfo is struct ptrace_syscall_info.
type callInfo struct {
	op   uint8
	_    [3]uint8
	arch uint32
	ip   uint64
	sp   uint64
	nr   uint64
	args [6]uint64
}

const (
	ptraceGetSyscallInfo = 0x420e
	opEntry              = 1
	opExit               = 2
	stderr               = 2
)

// call looks at a system call that begins or ends.
func (t *tracer) call(tid int) {
	var info callInfo
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0); e != 0 {
		return
	}
	if info.op == opExit {
		t.doubt.ends(tid, info.nr == 0 && !t.fails[tid]) // the result is where the number was
	}
	if info.op == opExit && t.fails[tid] {
		delete(t.fails, tid)
		t.setRegs(tid, func(r *syscall.PtraceRegs) { eio := -int64(syscall.EIO); r.Rax = uint64(eio) })
	}
	name := t.names[info.nr]
	if info.op == opEntry {
		t.follow(tid, name, info)
	}
	if info.op != opEntry || !t.armed.Load() || name == "" || name == "write" && info.args[0] == stderr {
		return
	}
	before := t.last
	t.last = [2]uint64{info.nr, info.args[0]}
	if !t.calls[name] {
		return
	}
	if t.count++; t.count != t.at {
		return
	}
	if err := t.note(name, t.file(info.args[0]), t.doubt.inDoubt(), before == t.last); err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
	}
	if t.do == "kill" {
		_ = syscall.Kill(t.pid, syscall.SIGKILL)
		return
	}
	t.fails[tid] = true
	t.setRegs(tid, func(r *syscall.PtraceRegs) { r.Orig_rax = ^uint64(0) }) // no such call: nothing happens
}

// file is the name behind a descriptor, "" if there is none.
func (t *tracer) file(fd uint64) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", t.pid, fd)) // "" says enough
	return name
}

// follow tells the doubter what goes into the log, and when it is synced.
func (t *tracer) follow(tid int, name string, info callInfo) {
	switch name {
	case "pwrite64":
		if info.args[2] == 0 || !isLog(t.file(info.args[0])) {
			return
		}
		octets := make([]byte, info.args[2])
		local := []unix.Iovec{{Base: &octets[0], Len: info.args[2]}}
		n, err := unix.ProcessVMReadv(t.pid, local, []unix.RemoteIovec{{Base: uintptr(info.args[1]), Len: int(info.args[2])}}, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, "trace: read what is written:", err)
			return
		}
		t.doubt.wrote(octets[:n])
	case "fsync", "fdatasync":
		if isLog(t.file(info.args[0])) {
			t.doubt.syncs(tid)
		}
	}
}

func (t *tracer) setRegs(tid int, change func(*syscall.PtraceRegs)) {
	var r syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &r); err != nil {
		return
	}
	change(&r)
	if err := syscall.PtraceSetRegs(tid, &r); err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
	}
}
