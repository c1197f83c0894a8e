package main

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidepost/config"
)

// maxLogText bounds one value of a log line: peers choose some of them.
const maxLogText = 1024

// newLogger returns the logger of a server, level and format as configured.
func newLogger(c config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: tame}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// tame makes texts of peers harmless for a terminal and for whatever reads the log:
// control and direction characters are escaped, also where the format would let them
// through, and long texts cut.
func tame(_ []string, a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch x := v.Any().(type) {
	case string:
		return slog.String(a.Key, tameText(x))
	case error:
		return slog.String(a.Key, tameText(x.Error()))
	case fmt.Stringer:
		if v.Kind() == slog.KindAny {
			return slog.String(a.Key, tameText(x.String()))
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func tameText(s string) string {
	if len(s) > maxLogText {
		cut := maxLogText
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	if !strings.ContainsFunc(s, unruly) && utf8.ValidString(s) {
		return s
	}
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// unruly reports characters that move the cursor, turn text round or end a line.
func unruly(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }
