DROP TABLE shared_alias;
