package sieve

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var everything = []string{"fileinto", "date", "relational", "variables", "mailbox", "envelope", "body"}

func rules() Rules {
	return Rules{Folder: "Tidepost/Next delivery", Until: time.Date(2026, 11, 24, 15, 59, 0, 0, time.UTC), Extensions: everything}
}

func TestScriptSaysWhoseItIs(t *testing.T) {
	r := rules()
	r.OwnName, r.Own = "my \"own\"\nscript", "keep;"
	text, err := Write(r)
	if err != nil {
		t.Fatal(err)
	}
	if own, ours := Own(text); !ours || own != r.OwnName {
		t.Errorf("own: %q, %v", own, ours)
	}
	if until, ok := Until(text); !ok || !until.Equal(time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("until: %v, %v", until, ok)
	}
	if _, ours := Own("require \"fileinto\";"); ours {
		t.Error("a foreign script taken for ours")
	}
	if _, ok := Until("if currentdate :is \"iso8601\" \"2026-11-24T15\" {}"); ok {
		t.Error("the end of a foreign script")
	}
}

func TestServerMustKnowWhatIsNeeded(t *testing.T) {
	r := rules()
	r.Extensions = []string{"fileinto"}
	if _, err := Write(r); !errors.Is(err, ErrServer) {
		t.Errorf("without date: %v", err)
	}
	r.Extensions = []string{"fileinto", "date", "relational"}
	text, err := Write(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{"mailboxexists", "envelope", "body"} {
		if strings.Contains(text, ext) {
			t.Errorf("%s used though the server has it not", ext)
		}
	}
	r.Own = "keep;"
	if _, err := Write(r); !errors.Is(err, ErrServer) {
		t.Errorf("own script without variables: %v", err)
	}
}

func TestNothingEndsAString(t *testing.T) {
	r := rules()
	r.Senders = []string{`a"; discard; #@x`, "b\r\ndiscard;", "c\x00", "${d}", "ok@x", strings.Repeat("e", 400), ""}
	r.Domains = []string{`x*?\.example`}
	r.Words = []string{`\`, `\"`}
	text, err := Write(r)
	if err != nil {
		t.Fatal(err)
	}
	// What stands outside of strings and comments is ours alone.
	s := scanner{rest: text}
	var outside []string
	for {
		tok, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		if tok.kind == end {
			break
		}
		if tok.kind == word {
			outside = append(outside, tok.text)
		}
	}
	if all := strings.Join(outside, " "); strings.Contains(all, "discard") || strings.Count(all, "fileinto") != 1 {
		t.Errorf("commands: %s", all)
	}
	if !strings.Contains(text, `["a\"; discard; #@x", "ok@x"]`) || !strings.Contains(text, `"*.x\\*\\?\\\\.example"`) {
		t.Errorf("script:\n%s", text)
	}
	r.Folder = "x\"\r\n"
	if _, err := Write(r); err == nil {
		t.Error("a folder with a line break was written")
	}
}

func TestSizeIsBounded(t *testing.T) {
	r := rules()
	for range 10_000 {
		r.Senders = append(r.Senders, "someone@somewhere.example")
		r.Domains = append(r.Domains, "somewhere.example")
		r.Words = append(r.Words, "something")
	}
	text, err := Write(r)
	if err != nil || len(text) > 48<<10 {
		t.Errorf("%d octets, %v", len(text), err)
	}
	r.Own = strings.Repeat("keep;", 10_000)
	if _, err := Write(r); !errors.Is(err, ErrOwn) {
		t.Errorf("a long own script: %v", err)
	}
}

func TestCombine(t *testing.T) {
	for own, want := range map[string]string{
		`keep;`: `keep; set "tidepost_done" "yes";`,
		`if true { FileInto "a"; stop; } else { discard; }`: `if true { FileInto "a"; set "tidepost_done" "yes"; stop; } else { discard; set "tidepost_done" "yes"; }`,
		`redirect :copy "a@b"; fileinto :copy "x";`:         `redirect :copy "a@b"; fileinto :copy "x";`,
		"vacation text:\nkeep;\n.\n;":                       "vacation text:\nkeep;\n.\n;",
		"# keep;\n/* discard; */ stop;":                     "# keep;\n/* discard; */ stop;",
		`fileinto "a;b\"; keep;";`:                          `fileinto "a;b\"; keep;"; set "tidepost_done" "yes";`,
		`addflag "\\Seen";`:                                 `addflag "\\Seen";`,
	} {
		if got, err := combine(own); err != nil || got != want {
			t.Errorf("%s:\n%s\n%v", own, got, err)
		}
	}
	for _, own := range []string{`include "x";`, `if true {`, `}`, `keep`, `"x`, "text:\nx", "/* x", `set "tidepost_done" "";`, `fileinto "${x}";`, "\x01", `"x\`} {
		if got, err := combine(own); !errors.Is(err, ErrOwn) {
			t.Errorf("%q: %q, %v", own, got, err)
		}
	}
}

func FuzzCombine(f *testing.F) {
	for _, s := range []string{`keep;`, `if true { fileinto "a"; }`, "vacation text:\nx\n.\n;", "# x", `"\\"`, "redirect :copy \"a\";", "text:#\n.\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, own string) {
		got, err := combine(own)
		if err != nil {
			if !errors.Is(err, ErrOwn) {
				t.Fatalf("error %v", err)
			}
			return
		}
		// The own text is kept; a comment that ends the script gets a line break.
		if plain := strings.ReplaceAll(got, done, ""); plain != own && plain != own+"\r\n" {
			t.Errorf("%q became %q", own, plain)
		}
	})
}
