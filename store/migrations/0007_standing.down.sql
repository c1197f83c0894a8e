DROP TABLE departure;
DROP INDEX clock_late;
ALTER TABLE thread DROP COLUMN blocked;
