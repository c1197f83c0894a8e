-- Mail of the thread was sent to blocked@: everybody is told when an answer is late.
ALTER TABLE thread ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_blocked_bool CHECK (blocked IN (0, 1));

CREATE INDEX clock_late ON clock (ask_id) WHERE state IN ('at-risk', 'overdue');

-- Who leaves the team, when, and who takes over.
CREATE TABLE departure (
  person_id INTEGER PRIMARY KEY REFERENCES person (id),
  at        TEXT NOT NULL,                  -- when the day begins, on the person's clock
  to_id     INTEGER REFERENCES person (id), -- NULL: nobody; mail bounces
  done      TEXT,                           -- NULL: it is still to come
  created   TEXT NOT NULL,
  CONSTRAINT departure_to_another CHECK (to_id IS NULL OR to_id <> person_id)
) STRICT;

CREATE INDEX departure_due ON departure (at) WHERE done IS NULL;
