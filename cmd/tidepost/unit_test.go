package main

import (
	"os/exec"
	"testing"
)

// The systemd unit stays at an exposure of 1.5 or better.
func TestUnitExposure(t *testing.T) {
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	out, err := exec.Command(path, "security", "--offline=yes", "--threshold=15", "--no-pager", "../../packaging/tidepost.service").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
