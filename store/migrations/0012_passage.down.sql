DROP TABLE passage;
