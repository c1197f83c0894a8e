package e2e

import (
	"testing"

	"tidepost/internal/ports"
)

// freePort takes a port on loopback for as long as the test lasts.
func freePort(t testing.TB) int {
	t.Helper()
	p, release, err := ports.Take("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return p
}
