package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A screen is what a person reads: plain text, headings in bold on a terminal.
type screen struct {
	mu   sync.Mutex // one line at a time: the outside world writes too
	out  io.Writer
	bold bool // out is a terminal
}

func newScreen(out io.Writer) *screen {
	f, ok := out.(*os.File)
	return &screen{out: out, bold: ok && term.IsTerminal(int(f.Fd()))}
}

// line prints one line. Who reads it may be gone (a closed pipe); the demo goes on.
func (s *screen) line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// heading prints a line that stands out.
func (s *screen) heading(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.line("\n%s\n", text)
}

// status shows a line that the next one replaces; on a terminal only.
func (s *screen) status(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bold {
		fmt.Fprintf(s.out, "\r\x1b[K"+format, args...)
	}
}

// window shows what a mail client shows: the folder, then the text.
func (s *screen) window(folder, text string) {
	s.line("   %s", folder)
	for line := range strings.Lines(strings.TrimSpace(text)) {
		s.line("   %s", strings.TrimRight("| "+line, " \r\n"))
	}
}

// event prints a line of the log of what happens, with the clock of this machine.
func (s *screen) event(at time.Time, format string, args ...any) {
	s.line("   %s  "+format, append([]any{at.Local().Format("15:04:05")}, args...)...)
}

// harmless makes text of a peer fit for one line of a terminal.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
