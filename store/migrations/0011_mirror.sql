-- Accounts at a provider that are tended: how far, which folder there stands for which
-- system folder, and which message there for which entry, as both sides agreed last.
CREATE TABLE mirror (
  person_id  INTEGER PRIMARY KEY REFERENCES person (id),
  account    TEXT NOT NULL,             -- user and server
  since      TEXT NOT NULL,             -- mail that came before is left alone
  entry      INTEGER NOT NULL,          -- entries of ordinary folders up to this one are not written there
  looked     TEXT                       -- when both sides agreed last
) STRICT;

CREATE TABLE mirror_folder (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uidnext     INTEGER NOT NULL,         -- messages from here on have not been looked at
  PRIMARY KEY (person_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror_link (
  id         INTEGER PRIMARY KEY,
  person_id  INTEGER NOT NULL REFERENCES person (id),
  entry_id   INTEGER NOT NULL,          -- 0: none; it may have gone
  entry_uid  INTEGER NOT NULL,
  thing      TEXT NOT NULL,             -- what the entry shows
  message_id INTEGER NOT NULL,          -- that came or was written; it may have gone
  kind       TEXT NOT NULL,             -- of the folder, on both sides; '': out of sight
  uid        INTEGER NOT NULL,          -- at the provider
  mid        TEXT NOT NULL,
  size       INTEGER NOT NULL,          -- as the provider counts
  date       INTEGER NOT NULL,          -- INTERNALDATE, seconds
  flags      INTEGER NOT NULL,
  own        INTEGER NOT NULL CONSTRAINT mirror_link_own_bool CHECK (own IN (0, 1)),
  refused    INTEGER NOT NULL CONSTRAINT mirror_link_refused_bool CHECK (refused IN (0, 1)),
  changed    TEXT NOT NULL
) STRICT;

CREATE INDEX mirror_link_person ON mirror_link (person_id);
