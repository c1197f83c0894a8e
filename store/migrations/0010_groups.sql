-- Addresses of the team behind which there are several: groups, and roles such as
-- support@. No person has such an address; store/group.go sees to that.
CREATE TABLE shared_address (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  address     TEXT NOT NULL UNIQUE,      -- lower-case
  name        TEXT NOT NULL DEFAULT '',
  kind        TEXT NOT NULL CONSTRAINT shared_address_kind_valid CHECK (kind IN ('group', 'role')),
  senders     TEXT NOT NULL CONSTRAINT shared_address_senders_valid CHECK (senders IN ('team', 'members', 'everybody')),
  owner_id    INTEGER REFERENCES person (id), -- who hears of mail that did not reach a member outside; NULL: the first member
  zone        TEXT NOT NULL DEFAULT '',  -- in which the days of the rota begin; '': that of the first member
  rota        TEXT NOT NULL DEFAULT '{}' CONSTRAINT shared_address_rota_json CHECK (json_valid(rota)),
  first_reply INTEGER NOT NULL DEFAULT 0 CONSTRAINT shared_address_first_reply CHECK (first_reply >= 0), -- minutes of working time; 0: as configured
  created     TEXT NOT NULL
) STRICT;

-- Who is behind it, in order: a person, another such address, or somebody outside.
CREATE TABLE shared_member (
  shared_id INTEGER NOT NULL REFERENCES shared_address (id),
  place     INTEGER NOT NULL,
  person_id INTEGER REFERENCES person (id),
  inner_id  INTEGER REFERENCES shared_address (id),
  address   TEXT NOT NULL DEFAULT '',    -- of somebody outside
  PRIMARY KEY (shared_id, place),
  CONSTRAINT shared_member_is_one CHECK ((person_id IS NOT NULL) + (inner_id IS NOT NULL) + (address <> '') = 1),
  CONSTRAINT shared_member_not_itself CHECK (inner_id IS NULL OR inner_id <> shared_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX shared_member_by_person ON shared_member (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX shared_member_by_inner ON shared_member (inner_id) WHERE inner_id IS NOT NULL;

-- The role that an ask was put to; its owner, if there is one, took it over or is on duty.
ALTER TABLE ask ADD COLUMN role_id INTEGER REFERENCES shared_address (id);
CREATE INDEX ask_by_role ON ask (role_id) WHERE role_id IS NOT NULL;

-- The people of the role whom such an ask was brought to.
CREATE TABLE ask_member (
  ask_id       INTEGER NOT NULL REFERENCES ask (id),
  person_id    INTEGER NOT NULL REFERENCES person (id),
  recipient_id INTEGER REFERENCES recipient (id),
  delivery_id  INTEGER REFERENCES delivery (id),
  shown_id     INTEGER REFERENCES message (id), -- in their mailbox; NULL: not there yet
  aside        INTEGER NOT NULL DEFAULT 0 CONSTRAINT ask_member_aside_bool CHECK (aside IN (0, 1)), -- said that it is not for them
  PRIMARY KEY (ask_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX ask_member_by_person ON ask_member (person_id, shown_id);
CREATE INDEX ask_member_by_recipient ON ask_member (recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX ask_member_by_delivery ON ask_member (delivery_id) WHERE delivery_id IS NOT NULL;
