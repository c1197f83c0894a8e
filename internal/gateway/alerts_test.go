package gateway

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promtool runs Prometheus' own tool, from the system or from where `make deps` unpacks it.
func promtool(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("promtool")
	if err != nil {
		tool, err = exec.LookPath("/usr/local/lib/prometheus/usr/bin/promtool")
	}
	if err != nil {
		if os.Getenv("TIDEPOST_E2E") == "require" {
			t.Fatal("no promtool: make deps")
		}
		t.Skip("no promtool: make deps")
	}
	cmd := exec.Command(tool, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

const (
	rulesFile = "../../packaging/alerts.yml"
	testsFile = "../../packaging/alerts_test.yml"
	daysFile  = "../../packaging/alerts_days_test.yml"
)

// Every alert comes when its limit is passed, and not before (packaging/alerts_test.yml).
func TestAlertsAtTheirLimits(t *testing.T) {
	promtool(t, nil, "check", "rules", rulesFile)
	promtool(t, nil, "test", "rules", testsFile, daysFile)
}

// What alerts watch is there under that name, from the start; every alert has a test and
// a line in the documentation.
func TestAlertsWatchWhatThereIs(t *testing.T) {
	read := func(file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rules, tests, docs := read(rulesFile), read(testsFile)+read(daysFile), read("../../docs/monitoring.md")
	figures := figuresOf(t)
	// Those that are missing while fewer than five people have questions, or nobody got advice.
	later := []string{"tidepost_questions", "tidepost_coach_advice", "tidepost_coach_false_alarms"}
	watched := regexp.MustCompile(`tidepost_[a-z_]+(\{[^}]*\})?`).FindAllString(rules, -1)
	if len(watched) < 10 {
		t.Fatalf("the rules watch %v", watched)
	}
	for _, w := range watched {
		name, label, _ := strings.Cut(strings.TrimSuffix(w, "}"), "{")
		if slices.Contains(later, name) {
			continue
		}
		if !regexp.MustCompile(`(?m)^` + name + `(\{[^}]*` + regexp.QuoteMeta(label) + `[^}]*\})? [0-9]`).MatchString(figures) {
			t.Errorf("%s is not there from the start", w)
		}
	}
	names := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	for _, n := range names {
		if !strings.Contains(tests, "alertname: "+n[1]+"\n    exp_alerts:\n    - exp_labels") {
			t.Errorf("no test in which %s comes", n[1])
		}
		if !strings.Contains(docs, "`"+n[1]+"`") {
			t.Errorf("docs/monitoring.md does not name %s", n[1])
		}
	}
}

// The figures are as Prometheus wants them.
func TestFiguresAreWellMade(t *testing.T) {
	text := figuresOf(t)
	if said := promtool(t, bytes.NewBufferString(text), "check", "metrics"); strings.Contains(said, "tidepost_") {
		t.Errorf("promtool says:\n%s", said)
	}
}

// figuresOf is what a gateway that has just started answers to Prometheus.
func figuresOf(t *testing.T) string {
	t.Helper()
	cfg := configuration(t)
	cfg.Monitor.Listen = "127.0.0.1:0"
	g := start(t, cfg)
	resp, err := http.Get("http://" + g.Addr("monitor").String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
