package scheduler

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestBackoffGrowsToHours(t *testing.T) {
	want := []time.Duration{2, 2, 5, 15, 30, 60, 120, 150, 150}
	for attempts, minutes := range want {
		if got := Backoff(attempts, nil); got != minutes*time.Minute {
			t.Errorf("after %d attempts: %v, want %d minutes", attempts, got, minutes)
		}
	}
	if got := Backoff(1<<40, nil); got != retryLast {
		t.Errorf("after very many: %v", got)
	}
	if got := Backoff(-1, nil); got != 2*time.Minute {
		t.Errorf("after less than none: %v", got)
	}
}

func TestBackoffJitterIsBoundedAndSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for attempts := 1; attempts < 12; attempts++ {
		base := Backoff(attempts, nil)
		low, high := 2*base, time.Duration(0)
		for range 500 {
			got := Backoff(attempts, rng)
			if got < base || got > base+base/5 {
				t.Fatalf("after %d attempts: %v is not within a fifth of %v", attempts, got, base)
			}
			low, high = min(low, got), max(high, got)
		}
		if high-low < base/6 {
			t.Errorf("after %d attempts: only from %v to %v", attempts, low, high)
		}
		if attempts >= 4 && low < 30*time.Minute {
			t.Errorf("after %d attempts: %v is below the 30 minutes of RFC 5321", attempts, low)
		}
	}
}

// Within 5 days, the usual time to give up, a mail is tried often enough and not
// too often.
func TestAttemptsInFiveDays(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	attempts, hour := 1, 0
	for at := time.Duration(0); at < 5*24*time.Hour; attempts++ {
		at += Backoff(attempts, rng)
		if at <= time.Hour {
			hour++
		}
	}
	if hour < 2 || attempts < 40 || attempts > 60 {
		t.Errorf("%d attempts in the first hour, %d in five days", hour, attempts)
	}
}
