package imapd

import (
	"strings"
	"testing"
	"time"
)

func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a/b", true}, {"%", "a/b", false}, {"%", "a", true}, {"%/%", "a/b", true},
		{"a*", "a/b/c", true}, {"a%", "a/b", false}, {"*b", "a/b", true}, {"%b", "a/b", false},
		{"inbox", "INBOX", true}, {"InBoX/*", "INBOX/x", true}, {"inboxes", "INBOXES", false},
		{"*%", "a", true}, {"%*", "a/b", true}, {"", "a", false}, {"a", "ab", false}, {"ab", "a", false},
		{"*a*b*", "xxaxxbxx", true}, {"*a*b*", "xxbxxaxx", false}, {"Entwürfe", "Entwürfe", true}, {"%fe", "Entwürfe", true},
		{"I*", "INBOX", true}, {"a%c/*", "abc/d/e", true},
	} {
		if got := matches(tt.pattern, tt.name); got != tt.want {
			t.Errorf("matches(%q, %q) = %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// TestPatternIsLinear: the library's own matcher needs minutes for this.
func TestPatternIsLinear(t *testing.T) {
	begin := time.Now()
	if matches(strings.Repeat("*a", 4000)+"b", strings.Repeat("a", maxName)) {
		t.Error("matched")
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("took %v", d)
	}
}

// slowMatch is the definition, for short inputs.
func slowMatch(p, n string) bool {
	if p == "" {
		return n == ""
	}
	if p[0] == '*' || p[0] == '%' {
		if slowMatch(p[1:], n) {
			return true
		}
		return n != "" && (p[0] == '*' || n[0] != '/') && slowMatch(p, n[1:])
	}
	return n != "" && p[0] == n[0] && slowMatch(p[1:], n[1:])
}

func FuzzPattern(f *testing.F) {
	f.Add("*a%b", "xa/b")
	f.Add("inbox/%", "INBOX/a")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 12 || len(name) > 12 {
			matches(pattern, name)
			return
		}
		if got, want := matches(pattern, name), slowMatch(foldInbox(pattern), foldInbox(name)); got != want {
			t.Errorf("matches(%q, %q) = %v, want %v", pattern, name, got, want)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "a//b", "inbox/x", "a\x00", "Entwürfe", strings.Repeat("a/", 30)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			return
		}
		if strings.Contains("/"+name+"/", "/../") || strings.Contains(name, "//") || len(name) > maxName || strings.ContainsAny(name, "\r\n\x00*%") {
			t.Errorf("%q passed", name)
		}
		if got := append(parents(name), name); len(got) != strings.Count(name, "/")+1 {
			t.Errorf("parents of %q: %q", name, got)
		}
	})
}
