-- Every id hangs below at most one other, and what hangs together is a thread
-- (threading.Node). NULL in origin_id is thread_id.
ALTER TABLE thread_ref ADD COLUMN parent TEXT;
ALTER TABLE thread_ref ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE thread_ref ADD COLUMN origin_id INTEGER REFERENCES thread (id); -- the thread it was in first
ALTER TABLE thread_ref ADD COLUMN here INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_ref_here_bool CHECK (here IN (0, 1)); -- 0: only named

-- Of messages that an answer without references may belong to: base subject, when it
-- was written, {"from": [...], "to": [...]}. bare: it is such an answer itself.
ALTER TABLE thread_ref ADD COLUMN subject TEXT;
ALTER TABLE thread_ref ADD COLUMN written TEXT;
ALTER TABLE thread_ref ADD COLUMN people TEXT CONSTRAINT thread_ref_people_json CHECK (json_valid(people));
ALTER TABLE thread_ref ADD COLUMN bare INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_ref_bare_bool CHECK (bare IN (0, 1));

-- The thread that it became part of.
ALTER TABLE thread ADD COLUMN merged_into INTEGER REFERENCES thread (id);

DROP INDEX thread_by_subject;
CREATE INDEX thread_by_merged ON thread (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX thread_ref_by_parent ON thread_ref (parent) WHERE parent IS NOT NULL;
CREATE INDEX thread_ref_by_subject ON thread_ref (subject, written) WHERE subject IS NOT NULL;
CREATE INDEX thread_ref_bare ON thread_ref (subject, written) WHERE bare = 1;

-- What stands in the heads of older mail is looked up by the server when it starts.
UPDATE thread_ref SET here = 1 WHERE EXISTS (SELECT 1 FROM message WHERE mid = thread_ref.mid AND mid <> '' AND thread_id IS NOT NULL);
INSERT OR REPLACE INTO meta (key, value) SELECT 'threads', 'stale' WHERE EXISTS (SELECT 1 FROM thread);
