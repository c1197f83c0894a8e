package gateway

import (
	"context"
	"time"

	"tidepost/mirror"
	"tidepost/scheduler"
)

// yieldLook is how often it is asked whether another copy is still at work.
const yieldLook = 10 * time.Second

// A yielding source does nothing while another copy of this installation is at work: what
// is due here is due there, too, and would leave twice.
type yielding struct {
	scheduler.Source
	mirror *mirror.Mirror
}

// NextDue implements scheduler.Source.
func (y yielding) NextDue(ctx context.Context) (time.Time, bool, error) {
	if y.mirror.Yields() {
		return time.Now().Add(yieldLook), true, nil
	}
	return y.Source.NextDue(ctx)
}

// RunDue implements scheduler.Source.
func (y yielding) RunDue(ctx context.Context, now time.Time) error {
	if y.mirror.Yields() {
		return nil
	}
	return y.Source.RunDue(ctx, now)
}
