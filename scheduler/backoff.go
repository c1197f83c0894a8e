package scheduler

import (
	"math/rand/v2"
	"time"
)

// retrySteps are the shortest waits after the first failures. RFC 5321
// §4.5.4.1 asks for 30 minutes at least in general, and for two attempts in the first
// hour; greylisting and a restarted smarthost are over in minutes, so the first
// few come sooner.
var retrySteps = [...]time.Duration{
	2 * time.Minute,
	5 * time.Minute,
	15 * time.Minute,
	30 * time.Minute,
	time.Hour,
	2 * time.Hour,
}

// retryLast is the wait after all later failures: two to three hours until the
// mail is given up (RFC 5321 §4.5.4.1).
const retryLast = 150 * time.Minute

// Backoff returns how long to wait after the given number of failed attempts, 1
// after the first. Up to a fifth is added by chance, so that mail deferred
// together does not come back together; nil rng adds nothing. When to give up is
// the queue's matter.
func Backoff(attempts int, rng *rand.Rand) time.Duration {
	step := retryLast
	if attempts <= len(retrySteps) {
		step = retrySteps[max(attempts, 1)-1]
	}
	if rng == nil {
		return step
	}
	return step + time.Duration(rng.Int64N(int64(step)/5+1))
}
