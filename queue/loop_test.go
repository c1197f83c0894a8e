package queue

import (
	"context"
	"log/slog"

	"tidepost/scheduler"
)

func runLoop(ctx context.Context, q *Queue, kick <-chan struct{}) {
	scheduler.Run(ctx, slog.New(slog.DiscardHandler), kick, q)
}
