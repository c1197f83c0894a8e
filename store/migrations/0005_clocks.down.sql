-- What the folders show lies in others, too, or was deleted there.
INSERT OR IGNORE INTO orphan (message_id, after) SELECT message_id, '1970-01-01T00:00:00.000Z' FROM entry
  WHERE mailbox_id IN (SELECT id FROM mailbox WHERE kind IN ('needs-reply', 'waiting-for-others'));
DELETE FROM entry WHERE mailbox_id IN (SELECT id FROM mailbox WHERE kind IN ('needs-reply', 'waiting-for-others'));
DELETE FROM expunged WHERE mailbox_id IN (SELECT id FROM mailbox WHERE kind IN ('needs-reply', 'waiting-for-others'));
DELETE FROM mailbox WHERE kind IN ('needs-reply', 'waiting-for-others');
DROP INDEX event_by_ask;
ALTER TABLE event DROP COLUMN ask_id;
DROP TABLE clock;
DROP TABLE ask;
