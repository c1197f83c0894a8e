-- What lies in Before sending is held mail, and leaves at its time all the same.
UPDATE mailbox SET kind = 'user' WHERE kind = 'before-sending';
DROP TABLE coach_policy;
DROP TABLE advice;
DROP TABLE coaching;
