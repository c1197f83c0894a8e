-- Decisions, from a sentence that may be one to the number by which it is found. How
-- one state follows another stands in docs/states.md.
CREATE TABLE decision (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  number        INTEGER UNIQUE,           -- D-n, from 1 and without gaps; NULL: not filed
  state         TEXT NOT NULL CONSTRAINT decision_state_valid CHECK (state IN
                ('candidate', 'open', 'pending', 'filed', 'withdrawn', 'dropped')),
  made          TEXT NOT NULL CONSTRAINT decision_made_valid CHECK (made IN ('line', 'word', 'folder', 'silence')),
  author_id     INTEGER NOT NULL REFERENCES person (id),
  submission_id INTEGER NOT NULL REFERENCES submission (id), -- the mail that decides or proposes
  mid           TEXT NOT NULL,            -- its Message-ID without <>
  sentence      TEXT NOT NULL,            -- '' once it is withdrawn or dropped
  public        INTEGER NOT NULL DEFAULT 0 CONSTRAINT decision_public_bool CHECK (public IN (0, 1)),
  stated        TEXT,                     -- silence: when it decides at the earliest, as the mail says
  ends          TEXT,                     -- silence: when it decides, once everybody has the mail
  away          TEXT NOT NULL DEFAULT '[]' CONSTRAINT decision_away_json CHECK (json_valid(away)), -- silence: who was not asked
  message_id    INTEGER REFERENCES message (id), -- as it stands in the folders
  note          TEXT NOT NULL DEFAULT '' CONSTRAINT decision_note_valid CHECK (note IN
                ('', 'filed', 'timer', 'objection')), -- what its author is to be told in their hours
  why           TEXT NOT NULL DEFAULT '', -- of a dropped one; of a candidate: 'asked'
  objector      TEXT NOT NULL DEFAULT '', -- name of who objected
  wake          TEXT,                     -- when the timer loop looks at it again
  created       TEXT NOT NULL,
  filed         TEXT,
  published     TEXT,
  settled       TEXT,                     -- withdrawn or dropped
  CONSTRAINT decision_number_iff_filed CHECK ((number IS NOT NULL) = (state IN ('filed', 'withdrawn'))),
  CONSTRAINT decision_filed_iff CHECK ((filed IS NOT NULL) = (number IS NOT NULL)),
  CONSTRAINT decision_settled_iff CHECK ((settled IS NOT NULL) = (state IN ('withdrawn', 'dropped'))),
  CONSTRAINT decision_text_goes CHECK ((sentence = '') = (state IN ('withdrawn', 'dropped'))),
  CONSTRAINT decision_published_is_public CHECK (published IS NULL OR public = 1),
  CONSTRAINT decision_open_wakes CHECK (state NOT IN ('candidate', 'open', 'pending') OR wake IS NOT NULL)
) STRICT;

CREATE INDEX decision_wake ON decision (wake) WHERE wake IS NOT NULL;
CREATE INDEX decision_by_mid ON decision (mid);
CREATE INDEX decision_by_submission ON decision (submission_id);
CREATE INDEX decision_open ON decision (id) WHERE state = 'open';
CREATE INDEX decision_candidate ON decision (author_id, id) WHERE made = 'word';

-- Who took part: the author, and everybody whom the mail went to. Nobody else is shown
-- the decision before it is published, and nobody is told of hidden ones (Bcc).
CREATE TABLE decision_part (
  decision_id INTEGER NOT NULL REFERENCES decision (id),
  address     TEXT NOT NULL,              -- lower-case
  name        TEXT NOT NULL,
  person_id   INTEGER REFERENCES person (id), -- NULL: outside
  hidden      INTEGER NOT NULL CONSTRAINT decision_part_hidden_bool CHECK (hidden IN (0, 1)),
  PRIMARY KEY (decision_id, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_part_of ON decision_part (person_id) WHERE person_id IS NOT NULL;

-- Whose folder has it: who may see it.
CREATE TABLE decision_reader (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  decision_id INTEGER NOT NULL REFERENCES decision (id),
  shown       TEXT NOT NULL,
  PRIMARY KEY (person_id, decision_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_reader_shown ON decision_reader (person_id, shown);
CREATE INDEX decision_reader_of ON decision_reader (decision_id);

-- Which decision takes the place of which.
CREATE TABLE decision_link (
  newer INTEGER NOT NULL REFERENCES decision (id),
  older INTEGER NOT NULL REFERENCES decision (id),
  PRIMARY KEY (newer, older),
  CONSTRAINT decision_link_ascends CHECK (older < newer)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_link_older ON decision_link (older);

CREATE VIRTUAL TABLE fts_decision USING fts5 (
  sentence, people,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
