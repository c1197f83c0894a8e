package queue

import (
	"context"

	"tidepost/policies"
)

type (
	ctxt            = context.Context
	policiesInput   = policies.Input
	policiesFinding = policies.Finding
)
