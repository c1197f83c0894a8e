package demo

import (
	"bytes"
	"context"
	"testing"
	"time"
)

func TestTheTourHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour waits for a full minute")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	var out bytes.Buffer
	err := Run(ctx, Options{Out: &out, Tour: true})
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
}
