package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tidepost/internal/gateway"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tidepost": main})
}

// wait bounds everything that a script waits for.
const wait = 30 * time.Second

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// A unix socket's path is short, so the directory of a script must not be.
			e.Setenv("NOTIFY_SOCKET", filepath.Join(e.WorkDir, "notify"))
			if dir := os.Getenv("GOCOVERDIR"); dir != "" {
				e.Setenv("GOCOVERDIR", dir)
			}
			l, err := net.ListenPacket("unixgram", filepath.Join(e.WorkDir, "notify"))
			if err != nil {
				return err
			}
			e.Values["notify"] = l
			e.Defer(func() { l.Close() })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"notified": notified,
			"ports":    ports,
			"send":     send,
			"hup":      hup,
			"json":     jsonHas,
			"mode":     mode,
			"exits":    exits,
		},
	})
}

// notified waits until the server has told systemd a state: notified READY=1.
func notified(ts *testscript.TestScript, neg bool, args []string) {
	l := ts.Value("notify").(net.PacketConn)
	ts.Check(l.SetReadDeadline(time.Now().Add(wait)))
	buf := make([]byte, 4096)
	for {
		n, _, err := l.ReadFrom(buf)
		if err != nil {
			ts.Fatalf("waiting for %s: %v", args[0], err)
		}
		if bytes.Contains(buf[:n], []byte(args[0])) {
			return
		}
	}
}

// ports sets $submission, $imap and so on to where the server of a data directory
// listens: ports data.
func ports(ts *testscript.TestScript, neg bool, args []string) {
	s, err := gateway.ReadStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	for name, addr := range s.Listen {
		ts.Setenv(name, addr)
	}
}

// hup sends SIGHUP to the server of a data directory: hup data.
func hup(ts *testscript.TestScript, neg bool, args []string) {
	s, err := gateway.ReadStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(syscall.Kill(s.PID, syscall.SIGHUP))
}

// send submits a mail with STARTTLS and a login, and fails if it is refused:
// send $submission passwordfile from to message-id subject.
func send(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 6 {
		ts.Fatalf("usage: send address passwordfile from to[,to] message-id subject")
	}
	err := submit(args[0], strings.TrimSpace(ts.ReadFile(args[1])), args[2], strings.Split(args[3], ","), args[4], args[5])
	switch {
	case neg && err == nil:
		ts.Fatalf("the mail was taken")
	case !neg:
		ts.Check(err)
	default:
		ts.Logf("refused: %v", err)
	}
}

func submit(addr, password, from string, to []string, mid, subject string) error {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", from, password, "127.0.0.1")); err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: %s\r\n\r\nThe secret body.\r\n",
		from, strings.Join(to, ">, <"), mid, subject)
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// jsonHas checks a value in the JSON that the last command printed: json 0.id 42. A
// path without a value must exist.
func jsonHas(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				ts.Fatalf("no element %s in %s", key, args[0])
			}
			v = x[i]
		default:
			v = nil
		}
	}
	got := fmt.Sprint(v)
	switch {
	case v == nil && !neg:
		ts.Fatalf("no %s", args[0])
	case len(args) > 1 && (got == args[1]) == neg:
		ts.Fatalf("%s is %q, compared with %q", args[0], got, args[1])
	}
}

// mode checks the permission bits of a file: mode 600 file.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%03o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, expected %s", args[1], got, args[0])
	}
}

// exits runs a program that must end with an exit code: exits 3 tidepost serve.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, expected %d", got, want)
	}
}
