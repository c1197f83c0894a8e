-- Mail that leaves as it is accepted, until its attempt has ended and its rows are in
-- the tables above. id is that of its submission.
CREATE TABLE express (
  id        INTEGER PRIMARY KEY,
  record    TEXT NOT NULL,            -- JSON: what is neither head nor body
  head      BLOB NOT NULL,            -- as submitted
  rendition BLOB NOT NULL,            -- as it leaves
  body      BLOB NOT NULL
) STRICT;

-- What came of it: every recipient was delivered.
CREATE TABLE landed (
  id     INTEGER PRIMARY KEY,
  record TEXT NOT NULL -- JSON
) STRICT;
