package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/config"
	"tidepost/inbox"
	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/queue"
	"tidepost/store"
)

const (
	rollbackPeople  = 100
	rollbackHeld    = 3000 // half to people elsewhere, half to colleagues
	rollbackWaiting = 2000 // messages in Next delivery
)

// TestRollback goes back to a plain server with a hundred people, thousands of mails that
// wait to leave, and thousands that wait for a tide: within a minute everybody has theirs,
// once, and from then on nothing waits.
func TestRollback(t *testing.T) {
	var list strings.Builder
	list.WriteString("address,name,zone,hours\n")
	for i := range rollbackPeople {
		fmt.Fprintf(&list, "p%d@team.example,Person %d,Australia/Sydney,%s\n", i, i, hoursFrom("Australia/Sydney", 10))
	}
	s := install(t, options{people: []person{asleep("ana"), asleep("mei")}, config: map[string]string{"batch.outside": `"tide"`}})
	s.cli("people", "import", "--no-welcome", s.write("people.csv", list.String()))
	fillRollback(t, s)
	s.start()

	// By itself it changes nothing.
	plan := s.cli("rollback", "--send")
	for _, want := range []string{"TO LEAVE", "Nothing was changed", "MX of team.example", "SPF of team.example", "mail programs", "hold.mode"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, plan)
		}
	}
	if _, _, code := s.try("rollback", "--yes"); code == 0 {
		t.Error("it does not ask what becomes of the mail")
	}
	if n := len(s.smarthost.Delivered()); n != 0 {
		t.Fatalf("%d mails have left", n)
	}

	var out struct {
		Released, Delivered, Sending, Later int
		Seconds                             float64
	}
	began := time.Now()
	s.ask(&out, "rollback", "--send", "--yes")
	t.Logf("%d released, %d delivered in %.1f s (%s with everything)", out.Released, out.Delivered, out.Seconds, time.Since(began).Round(time.Millisecond))
	if out.Released != rollbackHeld || out.Sending != 0 || out.Later != 0 || time.Since(began) > time.Minute {
		t.Errorf("came to %+v after %s", out, time.Since(began))
	}
	if n := len(s.smarthost.Delivered()); n != rollbackHeld/2 {
		t.Errorf("%d mails have reached people elsewhere, want %d", n, rollbackHeld/2)
	}
	s.cli("ledger", "check")
	var waits struct{ Waits []any }
	if s.ask(&waits, "rollback"); len(waits.Waits) != 0 {
		t.Errorf("still waits: %v", waits.Waits)
	}

	// Now it is a plain server.
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Plain", "plain@team.example", "Comes at once.\n"), "mei@team.example")
	until(t, patience, func() error {
		if list := s.cli("queue", "list"); strings.Contains(list, "held") {
			return fmt.Errorf("it waits:\n%s", list)
		}
		return nil
	})
	if trace := s.cli("trace", "plain@team.example"); !strings.Contains(trace, "delivered") {
		t.Errorf("not delivered:\n%s", trace)
	}
	if found, _, _ := s.try("doctor", "--offline", "--no-probe"); !strings.Contains(found, "rolled back since") {
		t.Errorf("doctor does not say so:\n%s", found)
	}
	s.cli("rollback", "--undo", "--yes")
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Later", "later@team.example", "Waits again.\n"), "mei@team.example")
	if list := s.cli("queue", "list"); !strings.Contains(list, "held") {
		t.Errorf("after --undo nothing is held:\n%s", list)
	}
}

// TestRollbackExport writes everybody out, broken off and again.
func TestRollbackExport(t *testing.T) {
	s := setup(t, options{people: []person{asleep("ana"), asleep("mei")}})
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Held", "held@team.example", "Could you send me the sales figures of February?\n"), "mei@team.example")
	dir := filepath.Join(s.dir, "out")
	s.cli("rollback", "--export", dir, "--yes")
	for _, name := range []string{"ana@team.example", "mei@team.example"} {
		check := exec.Command("sha256sum", "-c", "--quiet", "SHA256SUMS")
		check.Dir = filepath.Join(dir, name)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, "ana@team.example", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := read("mail/Scheduled.mbox"); !strings.Contains(text, "sales figures of February") {
		t.Errorf("Scheduled lacks the mail:\n%s", text)
	}
	var waiting []struct {
		MessageID  string `json:"message_id"`
		Recipients []struct{ Address, Why, When string }
	}
	if err := json.Unmarshal([]byte(read("waiting.json")), &waiting); err != nil || len(waiting) != 1 || waiting[0].MessageID != "held@team.example" || waiting[0].Recipients[0].When == "" {
		t.Errorf("waiting.json: %v %+v", err, waiting)
	}
	// What waits keeps its times without --send.
	if list := s.cli("queue", "list"); !strings.Contains(list, "held") {
		t.Errorf("the held mail has gone:\n%s", list)
	}
	// Broken off before its end: the same command writes the rest.
	for _, name := range []string{"export.json", "ledger.jsonl"} {
		if err := os.Remove(filepath.Join(dir, "ana@team.example", name)); err != nil {
			t.Fatal(err)
		}
	}
	sums := strings.Split(strings.TrimSpace(read("SHA256SUMS")), "\n")
	s.write("out/ana@team.example/SHA256SUMS", strings.Join(sums[:len(sums)-2], "\n")+"\n"+sums[len(sums)-2][:20])
	s.cli("people", "export", "ana@team.example", "--to", filepath.Join(dir, "ana@team.example"))
	if !strings.Contains(read("ledger.jsonl"), `"kind":"accepted"`) || !strings.Contains(read("export.json"), `"messages"`) {
		t.Error("the rest was not written")
	}
	if _, errs, code := s.try("people", "export", "ana@team.example", "--to", filepath.Join(dir, "ana@team.example")); code == 0 || !strings.Contains(errs, "complete export") {
		t.Errorf("a complete export is written again: %d %s", code, errs)
	}
}

// fillRollback puts mail into the database of a server that does not run, as its doors
// would.
func fillRollback(t *testing.T, s *server) {
	t.Helper()
	cfg, err := config.Load(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	d, err := gateway.OpenDesk(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	address := func(i int) mail.Address {
		return mail.Address{Local: fmt.Sprintf("p%d", i%rollbackPeople), Domain: "team.example"}
	}
	var group errgroup.Group
	group.SetLimit(32)
	for i := range rollbackHeld {
		group.Go(func() error {
			p, _, _ := d.People.ByAddress(address(i))
			to := address(i + 1)
			if i%2 == 0 {
				to = mail.Address{Local: fmt.Sprintf("r%d", i), Domain: "else.example"}
			}
			env := mail.Envelope{From: p.Address, HoldUntil: now.Add(24 * time.Hour), Recipients: []mail.Recipient{{Address: to}}}
			head := fmt.Sprintf("Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <held%d@team.example>\r\nSubject: Report %d\r\n\r\n", mail.FormatDate(now), p.Address, to, i, i)
			_, err := d.Queue.Submit(context.Background(), queue.Submission{Author: p, Envelope: env,
				Staged: store.StageBytes([]byte(head), []byte("The report of this week.\r\n")), Now: now, Peer: queue.Peer{Helo: "x", IP: "127.0.0.1", Protocol: "ESMTPSA"}})
			return err
		})
	}
	for i := range rollbackWaiting {
		group.Go(func() error {
			env := mail.Envelope{From: mail.Address{Local: "otto", Domain: "else.example"}, Recipients: []mail.Recipient{{Address: address(i)}}}
			head := fmt.Sprintf("Date: %s\r\nFrom: <otto@else.example>\r\nTo: <%s>\r\nMessage-ID: <in%d@else.example>\r\nSubject: Offer %d\r\n\r\n", mail.FormatDate(now), address(i), i, i)
			return d.Inbox.Receive(context.Background(), env, store.StageBytes([]byte(head), []byte("Our offer.\r\n")), inbox.Peer{Helo: "else.example", IP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Protocol: "LMTP"}, now)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
