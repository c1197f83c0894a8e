package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidepost/internal/testkit"
)

// curl speaks IMAP over TLS as a person; path is a folder with what curl puts behind it.
func (s *server) curl(name, path string, args ...string) string {
	s.t.Helper()
	need(s.t, "curl")
	base := []string{"--silent", "--show-error", "--cacert", s.cert(), "--resolve", hostname + ":" + s.port("imaps") + ":127.0.0.1",
		"--user", name + "@team.example:" + password, "imaps://" + hostname + ":" + s.port("imaps") + "/" + path}
	return s.client("curl", append(base, args...)...)
}

// folderURL is a folder as curl wants it in a path.
func folderURL(folder string) string { return url.PathEscape(folder) }

// hits are the numbers of a SEARCH response.
func hits(out string) []string {
	_, found, _ := strings.Cut(strings.TrimSpace(out), "* SEARCH")
	return strings.Fields(found)
}

func TestCurlReads(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	r := s.reader(t, "ana")
	want := map[string]string{"f1@team.example": testkit.Attachment(), "n1@team.example": testkit.UTF8(), "q1@team.example": testkit.Question()}
	for _, id := range []string{"f1@team.example", "n1@team.example", "q1@team.example"} {
		r.put("Archive", want[id])
	}
	t.Run("list", func(t *testing.T) {
		s := s.in(t)
		out := s.curl("ana", "")
		for _, line := range []string{
			`"/" INBOX`, `\Drafts`, `\Sent`, `\Trash`, `\Archive`, `\Junk`,
			`"Next delivery"`, `Scheduled`, `"Scheduled/Send now"`, `"Scheduled/When they start work"`,
		} {
			if !strings.Contains(out, line) {
				t.Errorf("LIST has no %q:\n%s", line, out)
			}
		}
	})
	t.Run("subscribed", func(t *testing.T) {
		s := s.in(t)
		out := s.curl("ana", "", "-X", `LSUB "" "*"`)
		for _, f := range []string{"Scheduled", "Next delivery", "Digests"} {
			if !strings.Contains(out, f) {
				t.Errorf("%s is not subscribed:\n%s", f, out)
			}
		}
	})
	t.Run("fetch", func(t *testing.T) {
		s := s.in(t)
		for i, id := range []string{"f1@team.example", "n1@team.example", "q1@team.example"} {
			if got := s.curl("ana", "Archive;MAILINDEX="+string(rune('1'+i))); got != want[id] {
				t.Errorf("%s differs\nwant %q\ngot  %q", id, want[id], got)
			}
		}
		if got := s.curl("ana", "Archive;UID=3;SECTION=TEXT"); got != body(want["q1@team.example"]) {
			t.Errorf("the text of 3 is %q", got)
		}
	})
	t.Run("search", func(t *testing.T) {
		s := s.in(t)
		for query, n := range map[string][]string{
			"ALL": {"1", "2", "3"}, "SUBJECT Budget": {"3"}, "FROM mei": nil, "TO mei": {"1", "2", "3"}, "TEXT travel": {"3"},
			"BODY figures": {"3"}, "SEEN": {"1", "2", "3"}, "UNSEEN": nil, "NOT SUBJECT Figures": {"2", "3"}, "HEADER Message-ID n1@team": {"2"},
			"OR SUBJECT Budget SUBJECT Figures": {"1", "3"}, "LARGER 100000": nil, "SENTSINCE 1-Jan-2020": {"1", "2", "3"},
		} {
			if got := hits(s.curl("ana", "Archive?"+url.PathEscape(query))); !slices.Equal(got, n) {
				t.Errorf("SEARCH %s finds %v, want %v", query, got, n)
			}
		}
	})
	t.Run("examine, status, store", func(t *testing.T) {
		s := s.in(t)
		if out := s.curl("ana", "", "-X", "EXAMINE Archive"); !strings.Contains(out, "* 3 EXISTS") {
			t.Errorf("EXAMINE says %s", out)
		}
		if out := s.curl("ana", "", "-X", "STATUS Archive (MESSAGES UIDNEXT UNSEEN)"); !regexp.MustCompile(`MESSAGES 3\b`).MatchString(out) || !strings.Contains(out, "UIDNEXT 4") {
			t.Errorf("STATUS says %s", out)
		}
		s.curl("ana", "Archive", "-X", `UID STORE 2 +FLAGS (\Flagged $Label1)`)
		out := s.curl("ana", "Archive", "-X", "FETCH 2 (FLAGS RFC822.SIZE BODYSTRUCTURE ENVELOPE)")
		for _, part := range []string{`\Flagged`, "$Label1", "BODYSTRUCTURE", "ENVELOPE"} {
			if !strings.Contains(out, part) {
				t.Errorf("FETCH has no %s:\n%s", part, out)
			}
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		s := s.in(t)
		got := s.command(nil, "curl", "--silent", "--show-error", "--insecure", "--user", "ana@team.example:wrong", "imaps://"+s.addr("imaps")+"/")
		if got.code != 67 {
			t.Errorf("curl ended with %d, want 67 (login denied): %s", got.code, got.out)
		}
	})
	t.Run("upload", func(t *testing.T) {
		s, r := s.in(t), r.in(t)
		text := testkit.Letter("ana@team.example", "carol@outside.example", "By APPEND", "append@team.example", "Text.\n")
		file := s.write("append.eml", text)
		s.curl("ana", folderURL("Drafts"), "--upload-file", file)
		if got := r.find("Drafts", "By APPEND", patience); got.text != text {
			t.Errorf("the draft is %q", got.text)
		}
	})
	t.Run("starttls", func(t *testing.T) {
		s := s.in(t)
		out := s.client("curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", s.cert(), "--resolve", hostname+":"+s.port("imap")+":127.0.0.1",
			"--user", "ana@team.example:"+password, "imap://"+hostname+":"+s.port("imap")+"/Archive;MAILINDEX=3")
		if out != want["q1@team.example"] {
			t.Errorf("over STARTTLS the message is %q", out)
		}
	})
}
