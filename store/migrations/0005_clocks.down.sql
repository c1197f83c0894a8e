-- The folders stay as what they then are: folders like any other.
UPDATE mailbox SET kind = 'user' WHERE kind IN ('needs-reply', 'waiting-for-others');
DROP INDEX event_by_ask;
ALTER TABLE event DROP COLUMN ask_id;
DROP TABLE clock;
DROP TABLE ask;
