-- How much of what our people send passes here, and with which mail programs it does not:
-- numbers only, of nobody.
CREATE TABLE passage (
  day    TEXT NOT NULL,            -- 2026-11-23, UTC
  kind   TEXT NOT NULL CONSTRAINT passage_kind CHECK (kind IN ('held', 'unproved', 'again', 'bypass')),
  client TEXT NOT NULL,            -- of 'bypass': as User-Agent or X-Mailer name it; '' if they do not
  n      INTEGER NOT NULL,
  PRIMARY KEY (day, kind, client)
) STRICT, WITHOUT ROWID;
