package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tidepost/internal/gateway"
	"tidepost/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tidepost": main})
}

// wait bounds everything that a script waits for.
const wait = 10 * time.Second

func TestScripts(t *testing.T) {
	outside := testkit.NewSmarthost(t, testkit.SmarthostOptions{})
	outside.Script(testkit.Rule{Verb: "RCPT", Match: "<z@", Reply: "450 4.2.0 come back later"})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// A unix socket's path is short, so the directory of a script must not be.
			e.Setenv("NOTIFY_SOCKET", filepath.Join(e.WorkDir, "notify"))
			// The race detector makes every process sleep for a second at its end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			l, err := net.ListenPacket("unixgram", filepath.Join(e.WorkDir, "notify"))
			if err != nil {
				return err
			}
			e.Values["notify"] = l
			_, port := outside.Addr()
			e.Setenv("SMARTHOST_PORT", strconv.Itoa(port))
			e.Defer(func() { l.Close() })
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"notified": notified,
			"ports":    ports,
			"send":     send,
			"receive":  receive,
			"hup":      hup,
			"json":     jsonHas,
			"mode":     mode,
			"exits":    exits,
			"until":    until,
			"fill":     fill,
			"shows":    shows,
			"folder":   folder,
			"newest":   newest,
			"damage":   damage,
			"got":      func(ts *testscript.TestScript, neg bool, args []string) { got(ts, neg, args, outside) },
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

// hup sends SIGHUP to the server of a data directory, after forgetting what systemd was
// told before: hup data.
func hup(ts *testscript.TestScript, neg bool, args []string) {
	l := ts.Value("notify").(net.PacketConn)
	ts.Check(l.SetReadDeadline(time.Now().Add(20 * time.Millisecond)))
	for buf := make([]byte, 4096); ; {
		if _, _, err := l.ReadFrom(buf); err != nil {
			break
		}
	}
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
	fmt.Fprintf(w, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: %s\r\n\r\nThe secret body.\r\n",
		time.Now().Format(time.RFC1123Z), from, strings.Join(to, ">, <"), mid, subject)
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// receive delivers a mail from outside: receive $inbound from to message-id.
func receive(ts *testscript.TestScript, neg bool, args []string) {
	text := fmt.Sprintf("Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: x\r\n\r\nx\r\n", args[1], args[2], args[3])
	c, err := smtp.Dial(args[0])
	ts.Check(err)
	defer c.Close()
	ts.Check(errors.Join(c.Hello("mx.out.example"), c.Mail(args[1]), c.Rcpt(args[2])))
	w, err := c.Data()
	ts.Check(err)
	_, err = w.Write([]byte(text))
	ts.Check(errors.Join(err, w.Close(), c.Quit()))
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

// until runs a program until what it prints matches: until 'q1 .* delivered' tidepost trace q1.
func until(ts *testscript.TestScript, neg bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	for end := time.Now().Add(wait); ; {
		ts.Check(ts.Exec(args[1], args[2:]...))
		out := ts.ReadFile("stdout")
		if want.MatchString(out) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("still no %s in:\n%s", args[0], out)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// fill replaces $VARIABLES in a file.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// shows checks that a door with TLS from the first octet shows a certificate:
// shows $imaps tidepost.crt.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	conn, err := tls.Dial("tcp", args[0], &tls.Config{InsecureSkipVerify: true})
	ts.Check(err)
	defer conn.Close()
	block, _ := pem.Decode([]byte(ts.ReadFile(args[1])))
	if same := bytes.Equal(block.Bytes, conn.ConnectionState().PeerCertificates[0].Raw); same == neg {
		ts.Fatalf("%s: the certificate of %s is shown: %v", args[0], args[1], same)
	}
}

// folder checks what stands in a mailbox, by IMAP with a login:
// folder $imap passwordfile ana@team.example Scheduled 'Subject: One'.
func folder(ts *testscript.TestScript, neg bool, args []string) {
	conn, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer conn.Close()
	ts.Check(conn.SetDeadline(time.Now().Add(wait)))
	r := bufio.NewReader(conn)
	var all strings.Builder
	for i, cmd := range []string{"", `LOGIN "` + args[2] + `" "` + strings.TrimSpace(ts.ReadFile(args[1])) + `"`,
		`EXAMINE "` + args[3] + `"`, `FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]`, `LOGOUT`} {
		tag := fmt.Sprintf("a%d ", i)
		if cmd != "" {
			_, err := fmt.Fprintf(conn, "%s%s\r\n", tag, cmd)
			ts.Check(err)
		}
		for line := ""; !strings.HasPrefix(line, tag) && (cmd != "" || line == ""); {
			line, err = r.ReadString('\n')
			ts.Check(err)
			all.WriteString(line)
		}
	}
	if found := strings.Contains(all.String(), args[4]); found == neg {
		ts.Fatalf("%s in %s of %s: %v\n%s", args[4], args[3], args[2], found, &all)
	}
}

// newest copies the file of a directory whose name sorts last: newest copies data/tidepost.db.
func newest(ts *testscript.TestScript, neg bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(entries) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	name := entries[len(entries)-1].Name()
	data, err := os.ReadFile(filepath.Join(ts.MkAbs(args[0]), name))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

// damage overwrites every nth page of a database but the first with noise:
// damage data/tidepost.db 7.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	const page = 4096
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	noise := rand.NewChaCha8([32]byte{7})
	for at := n * page; at+page <= len(data); at += n * page {
		_, _ = noise.Read(data[at : at+page]) // It never fails.
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// got checks what the smarthost was given: got x@out.example 'Subject: One'.
func got(ts *testscript.TestScript, neg bool, args []string, outside *testkit.Smarthost) {
	found := false
	for _, m := range outside.Delivered() {
		for _, r := range m.Recipients {
			found = found || r.Address == args[0] && strings.Contains(string(m.Data), args[1])
		}
	}
	if found == neg {
		ts.Fatalf("mail to %s with %q: %v", args[0], args[1], found)
	}
}
