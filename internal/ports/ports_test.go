package ports

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const neighbour = "TIDEPOST_PORTS_NEIGHBOUR"

// TestMain makes this binary its own neighbour: a process that takes a port and keeps it
// until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv(neighbour) == "" {
		os.Exit(m.Run())
	}
	port, _, err := Take("127.0.0.1")
	if err != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.Itoa(port) + "\n")
	bufio.NewReader(os.Stdin).ReadString('\n')
}

func TestAPortIsGivenOnceUntilItIsReleased(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	given := map[int]bool{}
	var port int
	for range 200 {
		p, release, err := Take("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		if given[p] {
			t.Fatalf("port %d was given twice", p)
		}
		given[p], port = true, p
	}
	file := os.Getenv("TMPDIR") + "/tidepost-ports-" + strconv.Itoa(os.Getuid()) + "/" + strconv.Itoa(port)
	if lock, err := reserve(file); err != nil || lock != nil {
		t.Fatalf("a taken port could be reserved again: %v, %v", lock, err)
	}
}

func TestAPortIsKeptFromOtherProcessesWhileItsOwnLives(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), neighbour+"=1")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	file := os.Getenv("TMPDIR") + "/tidepost-ports-" + strconv.Itoa(os.Getuid()) + "/" + strings.TrimSpace(line)
	if lock, err := reserve(file); err != nil || lock != nil {
		t.Fatalf("the neighbour's port could be reserved: %v, %v", lock, err)
	}
	in.Close()
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	lock, err := reserve(file)
	if err != nil || lock == nil {
		t.Fatalf("the port of a process that ended is still kept: %v", err)
	}
	lock.Close()
}
