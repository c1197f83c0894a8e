DROP TABLE mirror_sent;
DROP TABLE past;
