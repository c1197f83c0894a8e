package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

// TestAlarmBySecondRoute: the smarthost refuses our login, or offers no TLS; within five
// minutes the admin reads so at an address outside, by way of another server.
func TestAlarmBySecondRoute(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		host   testkit.SmarthostOptions
		config map[string]string
		want   string
	}{
		"login": {testkit.SmarthostOptions{Auth: map[string]string{"tide": "right"}}, map[string]string{"listen.allow_cleartext_login": "true", "relay.tls": `"none"`,
			"relay.user": `"tide"`, "relay.password_file": fmt.Sprintf("%q", secret)}, "refuses our logi"},
		"TLS": {testkit.SmarthostOptions{}, map[string]string{"relay.tls": `"starttls"`}, "TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := testkit.NewSmarthost(t, c.host), testkit.NewSmarthost(t, testkit.SmarthostOptions{})
			host, port := first.Addr()
			ahost, aport := second.Addr()
			conf := map[string]string{
				"server.admin": `"admin@else.example"`, "relay.host": fmt.Sprintf("%q", host), "relay.port": fmt.Sprint(port),
				"alarm.mode": `"smarthost"`, "alarm.host": fmt.Sprintf("%q", ahost), "alarm.port": fmt.Sprint(aport), "alarm.tls": `"none"`,
			}
			maps.Copy(conf, c.config)
			s := setup(t, options{noHost: true, errors: true, config: conf})
			s.submit("ana", mailTo("ana@team.example", "otto@else.example", "Offer", "offer@team.example", "Our offer.\n"), "otto@else.example")
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got, err := second.WaitFor(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("told after %s", time.Since(began).Round(time.Millisecond))
			text := string(got[0].Data)
			if !strings.Contains(text, "Subject: Tidepost on "+hostname) || !strings.Contains(text, c.want) || !strings.Contains(text, "To: admin@else.example") {
				t.Errorf("the admin reads\n%s", text)
			}
			if n := len(first.Delivered()); n != 0 {
				t.Errorf("%d mails left by the first route", n)
			}
		})
	}
}
