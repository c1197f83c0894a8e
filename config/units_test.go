package config

import "testing"

func TestShowSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 303_104: "303 kB", 83_000_000_000: "83 GB", 5e15: "5000 TB"} {
		if got := ShowSize(n); got != want {
			t.Errorf("ShowSize(%d) = %q, expected %q", n, got, want)
		}
	}
}
