-- Asks: places where the author of a mail wants something of its readers.
CREATE TABLE ask (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id   INTEGER NOT NULL REFERENCES message (id), -- the question, as submitted or received; its thread is that of the ask
  mid          TEXT NOT NULL,             -- Message-ID without <>
  number       INTEGER NOT NULL CONSTRAINT ask_number_positive CHECK (number > 0), -- among the asks of its mail
  item         INTEGER NOT NULL DEFAULT 0, -- what its author numbered it, 0: nothing
  asker_id     INTEGER REFERENCES person (id), -- NULL: outside
  asker        TEXT NOT NULL,             -- address, lower-case
  asker_name   TEXT NOT NULL DEFAULT '',
  owner_id     INTEGER REFERENCES person (id), -- NULL: outside, or nobody
  owner        TEXT NOT NULL,             -- address, lower-case; '' is nobody in particular: no clock
  owner_name   TEXT NOT NULL DEFAULT '',
  kind         TEXT NOT NULL,
  class        TEXT NOT NULL CONSTRAINT ask_class_valid CHECK (class IN ('urgent', 'standard', 'first-reply')),
  text         TEXT NOT NULL,             -- the sentence
  said         TEXT NOT NULL DEFAULT '',  -- its words for by when
  private      INTEGER NOT NULL DEFAULT 0 CONSTRAINT ask_private_bool CHECK (private IN (0, 1)), -- names no cover
  recipient_id INTEGER REFERENCES recipient (id), -- that brings it to its owner, from here
  delivery_id  INTEGER REFERENCES delivery (id),  -- the same, from elsewhere
  shown_id     INTEGER REFERENCES message (id),   -- in its owner's mailbox
  answer_id    INTEGER REFERENCES message (id),   -- what stopped its clock
  open         INTEGER NOT NULL DEFAULT 1 CONSTRAINT ask_open_bool CHECK (open IN (0, 1)), -- an answer is wanted
  created      TEXT NOT NULL,
  changed      TEXT NOT NULL,             -- of its last line in the ledger
  CONSTRAINT ask_asker_is_somebody CHECK (asker <> ''),
  CONSTRAINT ask_owner_has_address CHECK (owner_id IS NULL OR owner <> '')
) STRICT;

CREATE INDEX ask_by_message ON ask (message_id);
CREATE INDEX ask_by_mid ON ask (mid);
CREATE INDEX ask_by_recipient ON ask (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX ask_by_delivery ON ask (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX ask_by_answer ON ask (answer_id) WHERE answer_id IS NOT NULL;
-- What somebody has to answer, and what somebody waits for.
CREATE INDEX ask_open_of_owner ON ask (owner_id) WHERE open = 1 AND owner_id IS NOT NULL;
CREATE INDEX ask_open_of_asker ON ask (asker_id) WHERE open = 1 AND asker_id IS NOT NULL;
-- What became of somebody's asks lately.
CREATE INDEX ask_changed ON ask (asker_id, changed) WHERE asker_id IS NOT NULL;

-- The clock of an ask that has one owner. threading/checks.sql says what its states
-- allow, docs/clocks.md draws them.
CREATE TABLE clock (
  ask_id   INTEGER PRIMARY KEY REFERENCES ask (id),
  state    TEXT NOT NULL,
  target   TEXT NOT NULL CONSTRAINT clock_target_json CHECK (json_valid(target)),
  stated   TEXT NOT NULL DEFAULT '{}' CONSTRAINT clock_stated_json CHECK (json_valid(stated)),
  started  TEXT,
  promises TEXT NOT NULL DEFAULT '[]' CONSTRAINT clock_promises_json CHECK (json_valid(promises)),
  due      TEXT,
  wake     TEXT,
  since    TEXT NOT NULL,
  reason   TEXT NOT NULL DEFAULT '', -- of the last line of the ledger
  late     INTEGER NOT NULL DEFAULT 0 CONSTRAINT clock_late_bool CHECK (late IN (0, 1)), -- answered when it was overdue
  turn     TEXT,                     -- when the day begins on which it is due
  CONSTRAINT clock_state_valid CHECK (state IN ('waiting', 'running', 'promised', 'paused', 'at-risk', 'overdue', 'answered', 'withdrawn', 'waived')),
  CONSTRAINT clock_started_if_it_runs CHECK (started IS NOT NULL OR state NOT IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
  CONSTRAINT clock_waiting_not_started CHECK (started IS NULL OR state <> 'waiting'),
  CONSTRAINT clock_due_while_it_runs CHECK (due IS NULL OR state IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
  CONSTRAINT clock_wakes_while_time_matters CHECK ((wake IS NOT NULL) = (state IN ('running', 'promised', 'paused', 'at-risk'))),
  CONSTRAINT clock_turns_while_it_is_due CHECK (turn IS NULL OR due IS NOT NULL)
) STRICT;

-- What time changes next.
CREATE INDEX clock_wake ON clock (wake) WHERE wake IS NOT NULL;
CREATE INDEX clock_turn ON clock (turn) WHERE turn IS NOT NULL;

-- The ledger of an ask.
ALTER TABLE event ADD COLUMN ask_id INTEGER;
CREATE INDEX event_by_ask ON event (ask_id) WHERE ask_id IS NOT NULL;
