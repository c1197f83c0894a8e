package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func factsOf(raw string, from Address) Facts {
	head, body := SplitHead([]byte(raw))
	return FactsOf(ParseHeader(head), Scan(head, body), from)
}

var someone = Address{"someone", "x.test"}

func TestFactsOfAnOrdinaryMail(t *testing.T) {
	f := factsOf("Received: a\r\nReceived: b\r\nDelivered-To: d@x.test\r\nX-Original-To: o@x.test\r\nFrom: A <a@x.test>\r\nSender: s@x.test\r\nReply-To: r@x.test\r\n"+
		"To: t@x.test\r\nCc: c@x.test\r\nBcc: b@x.test\r\nSubject: Re: [x] Plan\r\nMessage-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\nReferences: <00@x> <0@x>\r\n"+
		"Date: Tue, 2 Jan 2035 09:00:00 +1100\r\nReply-By: Wed, 3 Jan 2035 09:00:00 +0000\r\nExpiry-Date: Thu, 4 Jan 2035 09:00:00 +0000\r\n"+
		"X-Priority: 1 (Highest)\r\nImportance: low\r\nDKIM-Signature: v=1; d=X.test; h=From : to:\r\n Subject; b=abc\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--b--\r\n", someone)
	mb := func(s string) []Mailbox { return []Mailbox{{Address: Address{s, "x.test"}}} }
	want := Facts{
		MessageID: "1@x", InReplyTo: []string{"0@x"}, References: []string{"00@x", "0@x"}, Subject: "Re: [x] Plan", Topic: "Plan", BaseSubject: "plan",
		From: []Mailbox{{"A", Address{"a", "x.test"}}}, Sender: mb("s"), ReplyTo: mb("r"), To: mb("t"), Cc: mb("c"), Bcc: mb("b"),
		Date: f.Date, DateOK: true, IsReply: true, Importance: ImportanceLow, Attachments: []string{"a.pdf"}, Received: 2,
		DeliveredTo: []string{"d@x.test", "o@x.test"}, ReplyBy: time.Date(2035, 1, 3, 9, 0, 0, 0, time.UTC), Expires: time.Date(2035, 1, 4, 9, 0, 0, 0, time.UTC),
		DKIMSigned: []SignedFields{{"x.test", map[string]bool{"from": true, "to": true, "subject": true}}},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	if !f.Date.Equal(editTime) {
		t.Errorf("date %v", f.Date)
	}
}

func TestFactsFlags(t *testing.T) {
	flags := map[string]func(Facts) bool{
		"list": func(f Facts) bool { return f.IsList }, "bulk": func(f Facts) bool { return f.IsBulk }, "auto": func(f Facts) bool { return f.IsAuto },
		"bounce": func(f Facts) bool { return f.IsBounce }, "reply": func(f Facts) bool { return f.IsReply }, "forward": func(f Facts) bool { return f.IsForward },
		"ics": func(f Facts) bool { return f.HasICS }, "calendar": func(f Facts) bool { return f.Calendar.Present }, "tnef": func(f Facts) bool { return f.HasTNEF },
		"signed": func(f Facts) bool { return f.IsSigned }, "encrypted": func(f Facts) bool { return f.IsEncrypted }, "code": func(f Facts) bool { return f.IsCode },
		"high": func(f Facts) bool { return f.Importance == ImportanceHigh }, "low": func(f Facts) bool { return f.Importance == ImportanceLow },
		"social": func(f Facts) bool { return f.Social != "" },
	}
	for _, c := range []struct{ raw, want string }{
		{"Subject: x\r\n\r\nhi", ""},
		{"List-Id: Team <Team.x.test>\r\n\r\n", "list"}, {"Precedence: list\r\n\r\n", "list"}, {"Precedence: bulk\r\n\r\n", "auto bulk"}, {"Precedence: auto_reply\r\n\r\n", "auto"},
		{"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n", "bulk list"}, {"Feedback-ID: x\r\n\r\n", "bulk"},
		{"Auto-Submitted: no\r\n\r\n", ""}, {"Auto-Submitted: auto-replied (x); owner=y\r\n\r\n", "auto"}, {"X-Auto-Response-Suppress: All\r\n\r\n", "auto"}, {"X-Autoreply: yes\r\n\r\n", "auto"},
		{"From: No-Reply <no-reply@x.test>\r\n\r\n", "auto"}, {"From: ne.pas.repondre+1@x.test\r\n\r\n", "auto"}, {"From: MAILER-DAEMON@x.test\r\n\r\n", "auto bounce"},
		{"Subject: Fwd: x\r\nReferences: <a@b>\r\n\r\n", "forward"}, {"Subject: Re: Fwd: x\r\n\r\n", "reply"}, {"Subject: [t] WG: Re: x\r\n\r\n", "forward"}, {"In-Reply-To: <a@b>\r\n\r\n", "reply"},
		{"Subject: [only]\r\n\r\n", ""},
		{multi + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n--b--\r\n", "forward"},
		{"Content-Type: text/calendar; method=REQUEST\r\n\r\n", "calendar ics"}, {"Content-Type: application/octet-stream; name=A.ICS\r\n\r\n", "ics"},
		{"Content-Type: text/calendar\r\n\r\nMETHOD:PUBLISH\r\n", "calendar ics"}, {"Content-Type: application/ics\r\n\r\n", "ics"},
		{"Content-Type: application/ms-tnef\r\n\r\n", "tnef"}, {"Content-Type: application/octet-stream; name=winmail.dat\r\n\r\n", "tnef"},
		{"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n--b--\r\n", "signed"},
		{"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n", "signed"}, {"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\n", "encrypted"},
		{"Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\n", ""},
		{"Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", "encrypted"},
		{"\r\n-----BEGIN PGP MESSAGE-----\r\n", "encrypted"}, {"\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n", "signed"},
		{"X-Priority: 2\r\n\r\n", "high"}, {"X-Priority: 5\r\n\r\n", "low"}, {"Importance: normal\r\nX-Priority: 1\r\n\r\n", ""}, {"Priority: urgent\r\n\r\n", "high"}, {"X-MSMail-Priority: Low\r\n\r\n", "low"},
		{"From: LinkedIn <messages-noreply@linkedin.com>\r\n\r\n", "auto social"}, {"From: jane@linkedin.com\r\n\r\n", ""}, {"From: x@facebookmail.com\r\n\r\n", "social"},
		{"List-Id: <news.xing.com>\r\n\r\n", "list social"}, {"From: x@notlinkedin.com\r\nPrecedence: bulk\r\n\r\n", "auto bulk"},
	} {
		f := factsOf(c.raw, someone)
		var got []string
		for _, name := range []string{"auto", "bounce", "bulk", "calendar", "code", "encrypted", "forward", "high", "ics", "list", "low", "reply", "signed", "social", "tnef"} {
			if flags[name](f) {
				got = append(got, name)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %q, want %q", c.raw, s, c.want)
		}
	}
	if f := factsOf("List-Id: Team <Team.x.test>\r\nAuto-Submitted: Auto-Generated; x\r\n\r\n", someone); f.ListID != "team.x.test" || f.AutoSubmitted != "auto-generated" {
		t.Errorf("list id %q, auto %q", f.ListID, f.AutoSubmitted)
	}
}

func TestFactsBounce(t *testing.T) {
	report := "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n"
	for _, c := range []struct {
		raw  string
		from Address
		want bool
	}{
		{report, Address{}, true}, {report, someone, false}, {"X-Failed-Recipients: a@b\r\n\r\n", Address{}, true}, {"Subject: away\r\n\r\n", Address{}, false},
		{"From: mailer-daemon@x.test\r\n\r\n", someone, true},
	} {
		f := factsOf(c.raw, c.from)
		if f.IsBounce != c.want || c.from.IsNull() && !f.IsAuto {
			t.Errorf("%.40q from %v: bounce %v auto %v", c.raw, c.from, f.IsBounce, f.IsAuto)
		}
	}
	if f := FactsOf(ParseHeader([]byte("Subject: x\r\n")), nil, Address{}); f.IsBounce || f.IsCode || !f.IsAuto {
		t.Errorf("head only: %+v", f)
	}
}

func TestFactsCalendar(t *testing.T) {
	for dtstart, want := range map[string]string{
		"DTSTART:20350102T100000Z":                                "2035-01-02T10:00:00Z",
		"DTSTART;TZID=Europe/Berlin:20350702T100000":              "2035-07-02T10:00:00+02:00",
		"DTSTART;X=1;TZID=\"Europe/Ber\r\n lin\":20350702T100000": "2035-07-02T10:00:00+02:00",
		"DTSTART;VALUE=DATE:20350102":                             "2035-01-02T00:00:00Z all day",
		"DTSTART:20350102T100000":                                 "",
		"DTSTART;TZID=Local:20350102T100000":                      "",
		"DTSTART;TZID=../etc/passwd:20350102T100000":              "",
		"DTSTART;TZID=Europe/Berlin:nonsense":                     "",
		"nonsense":                                                "",
	} {
		f := factsOf("Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:request\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n"+dtstart+"\r\nEND:VEVENT\r\n", someone)
		got := ""
		if f.Calendar.StartOK {
			got = f.Calendar.Start.Format(time.RFC3339)
		}
		if f.Calendar.AllDay {
			got += " all day"
		}
		if got != want || f.Calendar.Method != "REQUEST" {
			t.Errorf("%q: got %q %q, want %q", dtstart, got, f.Calendar.Method, want)
		}
	}
}

func TestFactsCode(t *testing.T) {
	mail := func(from, subject, text string) string {
		return "From: " + from + "\r\nSubject: " + subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	}
	for name, raw := range map[string]string{
		"english":        mail("no-reply@bank.test", "Your verification code", "Your code is 482913. It expires in 10 minutes."),
		"digits in subj": mail("hello@shop.test", "482913 is your code for Shop", "Enter this code to sign in."),
		"reset link":     mail("accounts@shop.test", "Reset your password", "Click https://shop.test/r?x to reset your password. If you didn't request this, ignore it."),
		"german":         mail("noreply@bank.test", "Ihr Bestätigungscode", "Ihr Code lautet 123-456."),
		"french":         mail("ne-pas-repondre@bank.test", "Votre code de vérification", "Votre code est 4829."),
		"spanish":        mail("no-responder@bank.test", "Código de verificación", "Tu código es 482913"),
		"portuguese":     mail("naoresponda@bank.test", "Redefinição de senha", "Abra https://bank.test/x para redefinir sua senha"),
		"dutch":          mail("info@bank.test", "Inlogcode", "Je code is 482913"),
		"no subject":     mail("noreply@bank.test", "Bank", "Use this code: G-482913"),
		"html link":      "From: noreply@x.test\r\nSubject: Verify your e-mail\r\nContent-Type: text/html\r\n\r\n<a href=\"x:y\">Verify</a>",
	} {
		if !factsOf(raw, someone).IsCode {
			t.Errorf("%s: not recognised", name)
		}
	}
	for name, raw := range map[string]string{
		"a colleague":       mail("ana@x.test", "Password reset page is broken", "See https://x.test/bug/4711 please, can you fix it by Friday?"),
		"a reply":           mail("noreply@x.test", "Re: Your verification code", "Your code is 482913"),
		"a year":            mail("noreply@x.test", "Your code of conduct 2035", "The new code for the year 2035."),
		"a long newsletter": mail("noreply@x.test", "Reset your password today", strings.Repeat("words about https://x.test ", 300)),
		"an invoice":        mail("billing@x.test", "Invoice 482913", "Amount due 1234.00, see https://x.test"),
		"no code or link":   mail("noreply@x.test", "Your verification code", "We have sent it by text message."),
	} {
		if factsOf(raw, someone).IsCode {
			t.Errorf("%s: taken for a code", name)
		}
	}
}

func TestAttachments(t *testing.T) {
	for header, want := range map[string]bool{
		"Content-Type: text/plain":                                                  false,
		"Content-Type: text/plain\r\nContent-Disposition: attachment":               true,
		"Content-Type: text/csv; name=a.csv":                                        true,
		"Content-Type: image/png\r\nContent-ID: <1>":                                false,
		"Content-Type: image/png":                                                   true,
		"Content-Type: image/png; name=a\r\nContent-Disposition: inline":            true,
		"Content-Type: text/plain; name=a\r\nContent-Disposition: inline":           false,
		"Content-Type: application/pgp-signature":                                   false,
		"Content-Type: application/pdf\r\nContent-Disposition: nonsense stuff/here": true,
		"Content-Type: multipart/mixed; boundary=b":                                 false,
	} {
		p := &Part{}
		p.describe(ParseHeader([]byte(header)), "text/plain")
		if got := p.IsAttachment(); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
	n := 0
	root := &Part{Children: []*Part{{}, {Message: &Embedded{Root: &Part{}}}}}
	if !root.Walk(func(*Part) bool { n++; return true }) || n != 4 || !(*Part)(nil).Walk(nil) {
		t.Errorf("%d parts walked", n)
	}
	if root.Walk(func(p *Part) bool { return p == root }) || root.Walk(func(*Part) bool { return false }) {
		t.Error("walk goes on")
	}
}
