-- Further addresses of groups and roles. None is anybody else's; store/group.go sees to that.
CREATE TABLE shared_alias (
  address   TEXT NOT NULL PRIMARY KEY, -- lower-case
  shared_id INTEGER NOT NULL REFERENCES shared_address (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX shared_alias_by_shared ON shared_alias (shared_id);
