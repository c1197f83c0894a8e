-- What the columns of a clock may hold. A test derives this text from the table in
-- clock_table.go.
CONSTRAINT clock_state_valid CHECK (state IN ('waiting', 'running', 'promised', 'paused', 'at-risk', 'overdue', 'answered', 'withdrawn', 'waived')),
CONSTRAINT clock_started_if_it_runs CHECK (started IS NOT NULL OR state NOT IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
CONSTRAINT clock_waiting_not_started CHECK (started IS NULL OR state <> 'waiting'),
CONSTRAINT clock_due_while_it_runs CHECK (due IS NULL OR state IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
CONSTRAINT clock_wakes_while_time_matters CHECK ((wake IS NOT NULL) = (state IN ('running', 'promised', 'paused', 'at-risk')))
