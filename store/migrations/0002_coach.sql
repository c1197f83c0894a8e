-- Drafts that were handed back to their author, by advice beside them or by a
-- refusal. What the advice was about, and whether it was right, stands in advice.
CREATE TABLE coaching (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id     INTEGER NOT NULL REFERENCES person (id), -- the author; nobody else is shown this
  submission_id INTEGER REFERENCES submission (id),      -- NULL: it was refused
  mode          TEXT NOT NULL CONSTRAINT coaching_mode_valid CHECK (mode IN ('advise', 'stop', 'learn')),
  state         TEXT NOT NULL CONSTRAINT coaching_state_valid CHECK (state IN
                ('open', 'overridden', 'ran-out', 'withdrawn', 'replaced', 'told')),
  draft         BLOB NOT NULL,            -- of recipients and new words: the same draft again
  note          TEXT NOT NULL DEFAULT '', -- Message-ID of the advice
  followed      INTEGER NOT NULL DEFAULT 0 CONSTRAINT coaching_followed_bool CHECK (followed IN (0, 1)), -- the next mail in the thread was looked at
  created       TEXT NOT NULL,
  settled       TEXT,
  CONSTRAINT coaching_settled_iff CHECK ((state = 'open') = (settled IS NULL))
) STRICT;

-- The same draft again; what an edited mail may replace; what a release settles; whose
-- thread must still be looked at.
CREATE INDEX coaching_by_draft ON coaching (person_id, draft);
CREATE INDEX coaching_open ON coaching (person_id, id) WHERE state = 'open';
CREATE INDEX coaching_by_submission ON coaching (submission_id) WHERE submission_id IS NOT NULL;
CREATE INDEX coaching_unfollowed ON coaching (settled) WHERE followed = 0 AND state IN ('overridden', 'ran-out');

-- One line of advice for each policy that a draft met. A verdict of '' is not known
-- yet, or never will be.
CREATE TABLE advice (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  coaching_id INTEGER NOT NULL REFERENCES coaching (id),
  policy      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  verdict     TEXT NOT NULL DEFAULT '' CONSTRAINT advice_verdict_valid CHECK (verdict IN
              ('', 'heeded', 'false-alarm', 'asked-back', 'unread')),
  created     TEXT NOT NULL
) STRICT;

CREATE INDEX advice_by_coaching ON advice (coaching_id);
-- The last ones of a policy that were judged: its rate of false alarms.
CREATE INDEX advice_judged ON advice (policy, id) WHERE verdict IN ('heeded', 'false-alarm', 'asked-back');

-- Policies that went to dry run by themselves, and when somebody woke them again:
-- advice from before does not count any more.
CREATE TABLE coach_policy (
  policy TEXT PRIMARY KEY,
  quiet  TEXT, -- since when; NULL: it is not
  woken  TEXT  -- NULL: never
) STRICT, WITHOUT ROWID;
