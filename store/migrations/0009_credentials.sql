-- Passwords of single devices and mail programs beside a person's own.
CREATE TABLE app_password (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id INTEGER NOT NULL REFERENCES person (id),
  name      TEXT NOT NULL CONSTRAINT app_password_named CHECK (name <> ''),
  kind      TEXT NOT NULL CONSTRAINT app_password_kind_valid CHECK (kind IN ('device', 'client')),
  tag       TEXT NOT NULL, -- first group of the password: says which hash to check
  hash      TEXT NOT NULL, -- PHC string, '' once revoked
  created   TEXT NOT NULL,
  used      TEXT,          -- the day of the last login, no finer; NULL: never
  revoked   TEXT,
  CONSTRAINT app_password_revoked_is_gone CHECK ((hash = '') = (revoked IS NOT NULL)),
  UNIQUE (person_id, tag)
) STRICT;

CREATE UNIQUE INDEX app_password_by_name ON app_password (person_id, lower(name)) WHERE revoked IS NULL;

-- What lets a person set their own password, once; one a person.
CREATE TABLE password_code (
  person_id INTEGER PRIMARY KEY REFERENCES person (id),
  hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the code
  created   TEXT NOT NULL,
  expires   TEXT NOT NULL
) STRICT;

-- A frozen person logs in nowhere and sends nothing; mail to them is filed.
ALTER TABLE person ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0 CONSTRAINT person_frozen_bool CHECK (frozen IN (0, 1));

-- How often the password was set: sessions that began before the last time end.
ALTER TABLE person ADD COLUMN password_turn INTEGER NOT NULL DEFAULT 0;

-- Nothing of it leaves: 1 its author is frozen, 2 the app password it came with was revoked.
ALTER TABLE submission ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_stopped_valid CHECK (stopped IN (0, 1, 2));

CREATE INDEX submission_stopped ON submission (author_id) WHERE stopped <> 0;
