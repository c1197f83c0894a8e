-- Mail of our people that went past Tidepost, so that each is counted once wherever it is
-- seen: the SHA-256 of its Message-ID, and nobody's name.
CREATE TABLE past (
  mid BLOB NOT NULL PRIMARY KEY,
  at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX past_at ON past (at);

-- Mail in Sent of an account at a provider that has not passed here. It may still come:
-- mail programs file before they submit.
CREATE TABLE mirror_sent (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  mid         TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid         INTEGER NOT NULL,
  seen        TEXT NOT NULL,
  PRIMARY KEY (person_id, mid)
) STRICT, WITHOUT ROWID;
