package bubble

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed clock.go.txt
var clock []byte

// An edit is one change of a file of Go's runtime.
type edit struct{ file, from, to string }

// edits are what the runtime does otherwise in a bubble: it reads another clock, and says
// when it has nothing to do. Outside of one, without the variable, all stays as it is.
func edits() []edit {
	return []edit{
		{"time_nofake.go", "\treturn nanotime1()\n", "\treturn nanotime1() + bubbleAhead()\n"},
		{"timeasm.go", "//go:linkname time_now time.now\nfunc time_now() (", "func bubbleOutside() ("},
		{"time_linux_amd64.s", "TEXT time·now<ABIInternal>", "TEXT ·bubbleOutside<ABIInternal>"},
		{"netpoll_epoll.go", "\tvar events [128]linux.EpollEvent\nretry:\n",
			"\tvar events [128]linux.EpollEvent\n\tvar round uint64\n\tif bubbleMine != 0 && delay != 0 {\n\t\twaitms = 1 // The clock may jump meanwhile.\n\t\tround = bubbleBegin()\n\t}\nretry:\n"},
		{"netpoll_epoll.go", "\tvar toRun gList\n\tdelta := int32(0)\n",
			"\tif bubbleMine != 0 {\n\t\tif n > 0 {\n\t\t\tbubbleStir()\n\t\t} else {\n\t\t\tbubbleEnd(round)\n\t\t}\n\t}\n\tvar toRun gList\n\tdelta := int32(0)\n"},
	}
}

// WriteOverlay writes into dir what `go build -overlay` needs to build programs that can
// live in a bubble with the Go whose GOROOT is given, and returns the name of the file to
// pass: on amd64 and Linux. A runtime that is not as expected is an error.
func WriteOverlay(goroot, dir string) (string, error) {
	src := filepath.Join(goroot, "src", "runtime")
	texts := map[string]string{}
	for _, e := range edits() {
		text, ok := texts[e.file]
		if !ok {
			read, err := os.ReadFile(filepath.Join(src, e.file))
			if err != nil {
				return "", fmt.Errorf("read the runtime: %w", err)
			}
			text = string(read)
		}
		if strings.Count(text, e.from) != 1 {
			return "", fmt.Errorf("%s of this Go is another one: %q is not there once", e.file, e.from)
		}
		texts[e.file] = strings.Replace(text, e.from, e.to, 1)
	}
	texts["bubble.go"] = string(clock)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, text := range texts {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(src, name)] = file
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, text, 0o644)
}
