package demo

import "context"

func live(ctx context.Context, w *world, show *screen) error { <-ctx.Done(); return nil }
