DROP INDEX submission_stopped;
ALTER TABLE submission DROP COLUMN stopped;
ALTER TABLE person DROP COLUMN password_turn;
ALTER TABLE person DROP COLUMN frozen;
DROP TABLE password_code;
DROP TABLE app_password;
