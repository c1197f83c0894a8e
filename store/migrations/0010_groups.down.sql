DROP TABLE ask_member;
DROP INDEX ask_by_role;
ALTER TABLE ask DROP COLUMN role_id;
DROP TABLE shared_member;
DROP TABLE shared_address;
