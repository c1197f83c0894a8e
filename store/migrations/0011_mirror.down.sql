DROP TABLE mirror_link;
DROP TABLE mirror_folder;
DROP TABLE mirror;
