-- Where a person's mail is elsewhere: the account it is read from (imap) and the one it is
-- sent through (smtp). secret is sealed with the key in secrets.key.
CREATE TABLE account (
  id        INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES person (id),
  side      TEXT NOT NULL CONSTRAINT account_side CHECK (side IN ('imap', 'smtp')),
  addr      TEXT NOT NULL,            -- host:port
  security  TEXT NOT NULL CONSTRAINT account_security CHECK (security IN ('tls', 'starttls', 'none')),
  user      TEXT NOT NULL,
  auth      TEXT NOT NULL CONSTRAINT account_auth CHECK (auth IN ('password', 'oauth')),
  secret    BLOB NOT NULL,
  sent      TEXT NOT NULL CONSTRAINT account_sent CHECK (sent IN ('provider', 'tidepost', 'client')),
  state     TEXT NOT NULL CONSTRAINT account_state CHECK (state IN ('new', 'works', 'refused')),
  trouble   TEXT NOT NULL,            -- what the server said when it refused; '' otherwise
  changed   TEXT NOT NULL,            -- when settings or state changed last
  CONSTRAINT account_once UNIQUE (person_id, side)
) STRICT;

-- OAuth tokens of routes that the configuration names: the newest refresh token, sealed,
-- where the provider gives a new one with each use.
CREATE TABLE route_token (
  route   TEXT PRIMARY KEY,
  secret  BLOB NOT NULL,
  changed TEXT NOT NULL
) STRICT;
