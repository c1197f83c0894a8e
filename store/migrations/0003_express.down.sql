-- MigrateTo has written the rows of express mail into the ordinary tables before.
-- The empty body stays: messages name it.
DROP TABLE landed;
DROP TABLE express;
