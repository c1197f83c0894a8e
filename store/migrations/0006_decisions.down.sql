-- The folder stays with what is in it, as an ordinary one.
UPDATE mailbox SET kind = 'user' WHERE kind = 'decisions';
DROP TABLE fts_decision;
DROP TABLE decision_link;
DROP TABLE decision_reader;
DROP TABLE decision_part;
DROP TABLE decision;
