package queue

import (
	"context"
	"io"

	"tidepost/policies"
)

type (
	ctxt            = context.Context
	readCloser      = io.ReadCloser
	policiesInput   = policies.Input
	policiesFinding = policies.Finding
)
