CREATE TABLE account (
  id        INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES person (id),
  side      TEXT NOT NULL CONSTRAINT account_side CHECK (side IN ('imap', 'smtp')),
  addr      TEXT NOT NULL,            -- host:port
  security  TEXT NOT NULL CONSTRAINT account_security CHECK (security IN ('tls', 'starttls', 'none')),
  user      TEXT NOT NULL,
  auth      TEXT NOT NULL CONSTRAINT account_auth CHECK (auth IN ('password', 'oauth')),
  secret    BLOB NOT NULL,
  sent      TEXT NOT NULL CONSTRAINT account_sent CHECK (sent IN ('provider', 'tidepost', 'client')),
  state     TEXT NOT NULL CONSTRAINT account_state CHECK (state IN ('new', 'works', 'refused')),
  trouble   TEXT NOT NULL,            -- what the server said when it refused; '' otherwise
  changed   TEXT NOT NULL, sieve TEXT NOT NULL DEFAULT '',            -- when settings or state changed last
  CONSTRAINT account_once UNIQUE (person_id, side)
) STRICT;

CREATE TABLE address (
  address   TEXT PRIMARY KEY,
  person_id INTEGER NOT NULL REFERENCES person (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX address_by_person ON address (person_id);

CREATE TABLE advice (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  coaching_id INTEGER NOT NULL REFERENCES coaching (id),
  policy      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  verdict     TEXT NOT NULL DEFAULT '' CONSTRAINT advice_verdict_valid CHECK (verdict IN
              ('', 'heeded', 'false-alarm', 'asked-back', 'unread')),
  created     TEXT NOT NULL
) STRICT;

CREATE INDEX advice_by_coaching ON advice (coaching_id);

CREATE INDEX advice_judged ON advice (policy, id) WHERE verdict IN ('heeded', 'false-alarm', 'asked-back');

CREATE TABLE app_password (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id INTEGER NOT NULL REFERENCES person (id),
  name      TEXT NOT NULL CONSTRAINT app_password_named CHECK (name <> ''),
  kind      TEXT NOT NULL CONSTRAINT app_password_kind_valid CHECK (kind IN ('device', 'client')),
  tag       TEXT NOT NULL, -- first group of the password: says which hash to check
  hash      TEXT NOT NULL, -- PHC string, '' once revoked
  created   TEXT NOT NULL,
  used      TEXT,          -- the day of the last login, no finer; NULL: never
  revoked   TEXT,
  CONSTRAINT app_password_revoked_is_gone CHECK ((hash = '') = (revoked IS NOT NULL)),
  UNIQUE (person_id, tag)
) STRICT;

CREATE UNIQUE INDEX app_password_by_name ON app_password (person_id, lower(name)) WHERE revoked IS NULL;

CREATE TABLE ask (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id   INTEGER NOT NULL REFERENCES message (id), -- the question, as submitted or received; its thread is that of the ask
  mid          TEXT NOT NULL,             -- Message-ID without <>
  number       INTEGER NOT NULL CONSTRAINT ask_number_positive CHECK (number > 0), -- among the asks of its mail
  item         INTEGER NOT NULL DEFAULT 0, -- what its author numbered it, 0: nothing
  asker_id     INTEGER REFERENCES person (id), -- NULL: outside
  asker        TEXT NOT NULL,             -- address, lower-case
  asker_name   TEXT NOT NULL DEFAULT '',
  owner_id     INTEGER REFERENCES person (id), -- NULL: outside, or nobody
  owner        TEXT NOT NULL,             -- address, lower-case; '' is nobody in particular: no clock
  owner_name   TEXT NOT NULL DEFAULT '',
  kind         TEXT NOT NULL,
  class        TEXT NOT NULL CONSTRAINT ask_class_valid CHECK (class IN ('urgent', 'standard', 'first-reply')),
  text         TEXT NOT NULL,             -- the sentence
  said         TEXT NOT NULL DEFAULT '',  -- its words for by when
  private      INTEGER NOT NULL DEFAULT 0 CONSTRAINT ask_private_bool CHECK (private IN (0, 1)), -- names no cover
  recipient_id INTEGER REFERENCES recipient (id), -- that brings it to its owner, from here
  delivery_id  INTEGER REFERENCES delivery (id),  -- the same, from elsewhere
  shown_id     INTEGER REFERENCES message (id),   -- in its owner's mailbox
  answer_id    INTEGER REFERENCES message (id),   -- what stopped its clock
  open         INTEGER NOT NULL DEFAULT 1 CONSTRAINT ask_open_bool CHECK (open IN (0, 1)), -- an answer is wanted
  created      TEXT NOT NULL,
  changed      TEXT NOT NULL, role_id INTEGER REFERENCES shared_address (id),             -- of its last line in the ledger
  CONSTRAINT ask_asker_is_somebody CHECK (asker <> ''),
  CONSTRAINT ask_owner_has_address CHECK (owner_id IS NULL OR owner <> '')
) STRICT;

CREATE INDEX ask_by_answer ON ask (answer_id) WHERE answer_id IS NOT NULL;

CREATE INDEX ask_by_delivery ON ask (delivery_id) WHERE delivery_id IS NOT NULL;

CREATE INDEX ask_by_message ON ask (message_id);

CREATE INDEX ask_by_mid ON ask (mid);

CREATE INDEX ask_by_recipient ON ask (recipient_id) WHERE recipient_id IS NOT NULL;

CREATE INDEX ask_by_role ON ask (role_id) WHERE role_id IS NOT NULL;

CREATE INDEX ask_changed ON ask (asker_id, changed) WHERE asker_id IS NOT NULL;

CREATE INDEX ask_open_of_asker ON ask (asker_id) WHERE open = 1 AND asker_id IS NOT NULL;

CREATE INDEX ask_open_of_owner ON ask (owner_id) WHERE open = 1 AND owner_id IS NOT NULL;

CREATE TABLE ask_member (
  ask_id       INTEGER NOT NULL REFERENCES ask (id),
  person_id    INTEGER NOT NULL REFERENCES person (id),
  recipient_id INTEGER REFERENCES recipient (id),
  delivery_id  INTEGER REFERENCES delivery (id),
  shown_id     INTEGER REFERENCES message (id), -- in their mailbox; NULL: not there yet
  aside        INTEGER NOT NULL DEFAULT 0 CONSTRAINT ask_member_aside_bool CHECK (aside IN (0, 1)), -- said that it is not for them
  PRIMARY KEY (ask_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX ask_member_by_delivery ON ask_member (delivery_id) WHERE delivery_id IS NOT NULL;

CREATE INDEX ask_member_by_person ON ask_member (person_id, shown_id);

CREATE INDEX ask_member_by_recipient ON ask_member (recipient_id) WHERE recipient_id IS NOT NULL;

CREATE TABLE body (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  size    INTEGER NOT NULL,
  sha256  BLOB NOT NULL,
  state   TEXT NOT NULL CONSTRAINT body_state_valid CHECK (state IN ('staged', 'whole')),
  created TEXT NOT NULL
) STRICT;

CREATE INDEX body_staged ON body (id) WHERE state = 'staged';

CREATE TABLE chunk (
  id   INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE clock (
  ask_id   INTEGER PRIMARY KEY REFERENCES ask (id),
  state    TEXT NOT NULL,
  target   TEXT NOT NULL CONSTRAINT clock_target_json CHECK (json_valid(target)),
  stated   TEXT NOT NULL DEFAULT '{}' CONSTRAINT clock_stated_json CHECK (json_valid(stated)),
  started  TEXT,
  promises TEXT NOT NULL DEFAULT '[]' CONSTRAINT clock_promises_json CHECK (json_valid(promises)),
  due      TEXT,
  wake     TEXT,
  since    TEXT NOT NULL,
  reason   TEXT NOT NULL DEFAULT '', -- of the last line of the ledger
  late     INTEGER NOT NULL DEFAULT 0 CONSTRAINT clock_late_bool CHECK (late IN (0, 1)), -- answered when it was overdue
  turn     TEXT,                     -- when the day begins on which it is due
  CONSTRAINT clock_state_valid CHECK (state IN ('waiting', 'running', 'promised', 'paused', 'at-risk', 'overdue', 'answered', 'withdrawn', 'waived')),
  CONSTRAINT clock_started_if_it_runs CHECK (started IS NOT NULL OR state NOT IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
  CONSTRAINT clock_waiting_not_started CHECK (started IS NULL OR state <> 'waiting'),
  CONSTRAINT clock_due_while_it_runs CHECK (due IS NULL OR state IN ('running', 'promised', 'paused', 'at-risk', 'overdue')),
  CONSTRAINT clock_wakes_while_time_matters CHECK ((wake IS NOT NULL) = (state IN ('running', 'promised', 'paused', 'at-risk'))),
  CONSTRAINT clock_turns_while_it_is_due CHECK (turn IS NULL OR due IS NOT NULL)
) STRICT;

CREATE INDEX clock_late ON clock (ask_id) WHERE state IN ('at-risk', 'overdue');

CREATE INDEX clock_turn ON clock (turn) WHERE turn IS NOT NULL;

CREATE INDEX clock_wake ON clock (wake) WHERE wake IS NOT NULL;

CREATE TABLE coach_policy (
  policy TEXT PRIMARY KEY,
  quiet  TEXT, -- since when; NULL: it is not
  woken  TEXT  -- NULL: never
) STRICT, WITHOUT ROWID;

CREATE TABLE coaching (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id     INTEGER NOT NULL REFERENCES person (id), -- the author; nobody else is shown this
  submission_id INTEGER REFERENCES submission (id),      -- NULL: it was refused
  mode          TEXT NOT NULL CONSTRAINT coaching_mode_valid CHECK (mode IN ('advise', 'stop', 'learn')),
  state         TEXT NOT NULL CONSTRAINT coaching_state_valid CHECK (state IN
                ('open', 'overridden', 'ran-out', 'withdrawn', 'replaced', 'told')),
  draft         BLOB NOT NULL,            -- of recipients and new words: the same draft again
  note          TEXT NOT NULL DEFAULT '', -- Message-ID of the advice
  followed      INTEGER NOT NULL DEFAULT 0 CONSTRAINT coaching_followed_bool CHECK (followed IN (0, 1)), -- the next mail in the thread was looked at
  created       TEXT NOT NULL,
  settled       TEXT,
  CONSTRAINT coaching_settled_iff CHECK ((state = 'open') = (settled IS NULL))
) STRICT;

CREATE INDEX coaching_by_draft ON coaching (person_id, draft);

CREATE INDEX coaching_by_submission ON coaching (submission_id) WHERE submission_id IS NOT NULL;

CREATE INDEX coaching_open ON coaching (person_id, id) WHERE state = 'open';

CREATE INDEX coaching_unfollowed ON coaching (settled) WHERE followed = 0 AND state IN ('overridden', 'ran-out');

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

CREATE INDEX decision_by_mid ON decision (mid);

CREATE INDEX decision_by_submission ON decision (submission_id);

CREATE INDEX decision_candidate ON decision (author_id, id) WHERE made = 'word';

CREATE INDEX decision_open ON decision (id) WHERE state = 'open';

CREATE INDEX decision_wake ON decision (wake) WHERE wake IS NOT NULL;

CREATE TABLE decision_link (
  newer INTEGER NOT NULL REFERENCES decision (id),
  older INTEGER NOT NULL REFERENCES decision (id),
  PRIMARY KEY (newer, older),
  CONSTRAINT decision_link_ascends CHECK (older < newer)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_link_older ON decision_link (older);

CREATE TABLE decision_part (
  decision_id INTEGER NOT NULL REFERENCES decision (id),
  address     TEXT NOT NULL,              -- lower-case
  name        TEXT NOT NULL,
  person_id   INTEGER REFERENCES person (id), -- NULL: outside
  hidden      INTEGER NOT NULL CONSTRAINT decision_part_hidden_bool CHECK (hidden IN (0, 1)),
  PRIMARY KEY (decision_id, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_part_of ON decision_part (person_id) WHERE person_id IS NOT NULL;

CREATE TABLE decision_reader (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  decision_id INTEGER NOT NULL REFERENCES decision (id),
  shown       TEXT NOT NULL,
  PRIMARY KEY (person_id, decision_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_reader_of ON decision_reader (decision_id);

CREATE INDEX decision_reader_shown ON decision_reader (person_id, shown);

CREATE TABLE delivery (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id    INTEGER NOT NULL REFERENCES person (id),
  message_id   INTEGER NOT NULL REFERENCES message (id),
  recipient_id INTEGER REFERENCES recipient (id), -- when it came through our own queue
  reverse_path TEXT NOT NULL,
  target       TEXT NOT NULL,          -- kind of the mailbox it goes to
  reason       TEXT NOT NULL,          -- the line of the first-match list that decided
  outside      INTEGER NOT NULL CONSTRAINT delivery_outside_bool CHECK (outside IN (0, 1)),
  thread_id    INTEGER REFERENCES thread (id),
  state        TEXT NOT NULL CONSTRAINT delivery_state_valid CHECK (state IN ('waiting', 'published', 'withdrawn')),
  due          TEXT,
  plan         TEXT NOT NULL DEFAULT '{}' CONSTRAINT delivery_plan_json CHECK (json_valid(plan)),
  arrived      TEXT NOT NULL,
  published    TEXT,
  CONSTRAINT delivery_due_iff_waiting CHECK ((state = 'waiting') = (due IS NOT NULL)),
  CONSTRAINT delivery_published_iff CHECK ((state = 'published') = (published IS NOT NULL))
) STRICT;

CREATE INDEX delivery_by_message ON delivery (message_id);

CREATE INDEX delivery_by_recipient ON delivery (recipient_id) WHERE recipient_id IS NOT NULL;

CREATE INDEX delivery_due ON delivery (due) WHERE state = 'waiting';

CREATE INDEX delivery_published ON delivery (person_id, published) WHERE state = 'published';

CREATE INDEX delivery_waiting ON delivery (person_id, due) WHERE state = 'waiting';

CREATE TABLE departure (
  person_id INTEGER PRIMARY KEY REFERENCES person (id),
  at        TEXT NOT NULL,                  -- when the day begins, on the person's clock
  to_id     INTEGER REFERENCES person (id), -- NULL: nobody; mail bounces
  done      TEXT,                           -- NULL: it is still to come
  created   TEXT NOT NULL,
  CONSTRAINT departure_to_another CHECK (to_id IS NULL OR to_id <> person_id)
) STRICT;

CREATE INDEX departure_due ON departure (at) WHERE done IS NULL;

CREATE TABLE derived (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  version    INTEGER NOT NULL,
  envelope   TEXT NOT NULL CONSTRAINT derived_envelope_json CHECK (json_valid(envelope)),
  structure  TEXT NOT NULL CONSTRAINT derived_structure_json CHECK (json_valid(structure)),
  preview    TEXT NOT NULL,
  new_words  TEXT NOT NULL,
  indexed    INTEGER NOT NULL DEFAULT 0 CONSTRAINT derived_indexed_bool CHECK (indexed IN (0, 1))
) STRICT;

CREATE INDEX derived_unindexed ON derived (message_id) WHERE indexed = 0;

CREATE TABLE digest (
  mid        TEXT PRIMARY KEY,
  person_id  INTEGER NOT NULL REFERENCES person (id),
  message_id INTEGER NOT NULL REFERENCES message (id),
  content    TEXT NOT NULL CONSTRAINT digest_content_json CHECK (json_valid(content)),
  created    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX digest_by_person ON digest (person_id, created);

CREATE TABLE entry (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  mailbox_id    INTEGER NOT NULL REFERENCES mailbox (id),
  uid           INTEGER NOT NULL CONSTRAINT entry_uid_range CHECK (uid BETWEEN 1 AND 4294967295),
  message_id    INTEGER NOT NULL REFERENCES message (id),
  modseq        INTEGER NOT NULL,
  internaldate  TEXT NOT NULL,
  flags         INTEGER NOT NULL DEFAULT 0, -- bits: seen 1, answered 2, flagged 4, deleted 8, draft 16
  keywords      TEXT NOT NULL DEFAULT '',   -- sorted, joined by spaces
  submission_id INTEGER REFERENCES submission (id), -- in Scheduled, and of its copies
  delivery_id   INTEGER REFERENCES delivery (id),   -- in Next delivery
  remind        TEXT,                       -- in Remind me: when it comes back
  UNIQUE (mailbox_id, uid)
) STRICT;

CREATE INDEX entry_by_delivery ON entry (delivery_id) WHERE delivery_id IS NOT NULL;

CREATE INDEX entry_by_message ON entry (message_id);

CREATE INDEX entry_by_submission ON entry (submission_id) WHERE submission_id IS NOT NULL;

CREATE INDEX entry_deleted ON entry (mailbox_id) WHERE flags & 8 <> 0;

CREATE INDEX entry_modseq ON entry (mailbox_id, modseq);

CREATE INDEX entry_remind ON entry (remind) WHERE remind IS NOT NULL;

CREATE INDEX entry_unseen ON entry (mailbox_id) WHERE flags & 1 = 0;

CREATE TRIGGER event_is_final BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'event_is_final'); END;

CREATE TABLE event (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  at            TEXT NOT NULL,
  kind          TEXT NOT NULL,
  submission_id INTEGER,
  recipient_id  INTEGER,
  delivery_id   INTEGER,
  message_id    INTEGER,
  person_id     INTEGER,
  state         TEXT NOT NULL DEFAULT '', -- state entered, for transitions
  detail        TEXT NOT NULL DEFAULT '{}' CONSTRAINT event_detail_json CHECK (json_valid(detail))
, ask_id INTEGER) STRICT;

CREATE INDEX event_by_ask ON event (ask_id) WHERE ask_id IS NOT NULL;

CREATE INDEX event_by_delivery ON event (delivery_id) WHERE delivery_id IS NOT NULL;

CREATE INDEX event_by_person ON event (person_id, at) WHERE person_id IS NOT NULL;

CREATE INDEX event_by_submission ON event (submission_id) WHERE submission_id IS NOT NULL;

CREATE TABLE express (
  id        INTEGER PRIMARY KEY,
  record    TEXT NOT NULL,            -- JSON: what is neither head nor body
  head      BLOB NOT NULL,            -- as submitted
  rendition BLOB NOT NULL,            -- as it leaves
  body      BLOB NOT NULL
) STRICT;

CREATE TABLE expunged (
  mailbox_id    INTEGER NOT NULL REFERENCES mailbox (id),
  uid           INTEGER NOT NULL,
  modseq        INTEGER NOT NULL,
  at            TEXT NOT NULL,
  reason        TEXT NOT NULL CONSTRAINT expunged_reason_valid
                CHECK (reason IN ('expunged', 'moved', 'released', 'cancelled', 'published', 'replaced')),
  submission_id INTEGER,
  PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;

CREATE INDEX expunged_at ON expunged (at);

CREATE INDEX expunged_modseq ON expunged (mailbox_id, modseq);

CREATE VIRTUAL TABLE fts USING fts5 (
  subject, addresses, body,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE fts_decision USING fts5 (
  sentence, people,
  content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE fts_term USING fts5vocab (fts, row);

CREATE TABLE landed (
  id     INTEGER PRIMARY KEY,
  record TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE mailbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id   INTEGER NOT NULL REFERENCES person (id),
  name        TEXT NOT NULL,           -- UTF-8, levels joined by '/'
  kind        TEXT NOT NULL,           -- 'user', or the system folder it is
  uidvalidity INTEGER NOT NULL,
  uidnext     INTEGER NOT NULL DEFAULT 1,
  modseq      INTEGER NOT NULL DEFAULT 1, -- highest given in this mailbox
  subscribed  INTEGER NOT NULL DEFAULT 0 CONSTRAINT mailbox_subscribed_bool CHECK (subscribed IN (0, 1)),
  visible     INTEGER NOT NULL DEFAULT 1 CONSTRAINT mailbox_visible_bool CHECK (visible IN (0, 1)),
  created     TEXT NOT NULL,
  UNIQUE (person_id, name)
) STRICT;

CREATE UNIQUE INDEX mailbox_by_kind ON mailbox (person_id, kind) WHERE kind <> 'user';

CREATE TABLE message (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  origin    TEXT NOT NULL CONSTRAINT message_origin_valid
            CHECK (origin IN ('submitted', 'received', 'appended', 'composed', 'rendition')),
  source_id INTEGER REFERENCES message (id), -- of a rendition: what it was made from
  body_id   INTEGER NOT NULL REFERENCES body (id),
  head      BLOB NOT NULL,            -- header octets, blank line included
  size      INTEGER NOT NULL,         -- octets of head and body: RFC822.SIZE
  mid       TEXT NOT NULL,            -- Message-ID without <>, '' if it has none
  thread_id INTEGER REFERENCES thread (id),
  created   TEXT NOT NULL,
  CONSTRAINT message_rendition_has_source CHECK (source_id IS NULL OR origin = 'rendition')
) STRICT;

CREATE INDEX message_by_body ON message (body_id);

CREATE INDEX message_by_mid ON message (mid) WHERE mid <> '';

CREATE INDEX message_by_source ON message (source_id) WHERE source_id IS NOT NULL;

CREATE INDEX message_by_thread ON message (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror (
  person_id  INTEGER PRIMARY KEY REFERENCES person (id),
  account    TEXT NOT NULL,             -- user and server
  since      TEXT NOT NULL,             -- mail that came before is left alone
  entry      INTEGER NOT NULL,          -- entries of ordinary folders up to this one are not written there
  looked     TEXT                       -- when both sides agreed last
) STRICT;

CREATE TABLE mirror_folder (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uidnext     INTEGER NOT NULL,         -- messages from here on have not been looked at
  PRIMARY KEY (person_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE mirror_link (
  id         INTEGER PRIMARY KEY,
  person_id  INTEGER NOT NULL REFERENCES person (id),
  entry_id   INTEGER NOT NULL,          -- 0: none; it may have gone
  entry_uid  INTEGER NOT NULL,
  thing      TEXT NOT NULL,             -- what the entry shows
  message_id INTEGER NOT NULL,          -- that came or was written; it may have gone
  kind       TEXT NOT NULL,             -- of the folder, on both sides; '': out of sight
  uid        INTEGER NOT NULL,          -- at the provider
  mid        TEXT NOT NULL,
  size       INTEGER NOT NULL,          -- as the provider counts
  date       INTEGER NOT NULL,          -- INTERNALDATE, seconds
  flags      INTEGER NOT NULL,
  own        INTEGER NOT NULL CONSTRAINT mirror_link_own_bool CHECK (own IN (0, 1)),
  refused    INTEGER NOT NULL CONSTRAINT mirror_link_refused_bool CHECK (refused IN (0, 1)),
  changed    TEXT NOT NULL
) STRICT;

CREATE INDEX mirror_link_person ON mirror_link (person_id);

CREATE TABLE mirror_sent (
  person_id   INTEGER NOT NULL REFERENCES person (id),
  mid         TEXT NOT NULL,
  uidvalidity INTEGER NOT NULL,
  uid         INTEGER NOT NULL,
  seen        TEXT NOT NULL,
  PRIMARY KEY (person_id, mid)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  mid           TEXT PRIMARY KEY,
  person_id     INTEGER NOT NULL REFERENCES person (id),
  kind          TEXT NOT NULL,
  submission_id INTEGER REFERENCES submission (id),
  detail        TEXT NOT NULL DEFAULT '{}' CONSTRAINT note_detail_json CHECK (json_valid(detail)),
  created       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX note_by_person ON note (person_id, kind, created);

CREATE TABLE orphan (
  message_id INTEGER PRIMARY KEY,
  after      TEXT NOT NULL
) STRICT;

CREATE INDEX orphan_after ON orphan (after);

CREATE TABLE passage (
  day    TEXT NOT NULL,            -- 2026-11-23, UTC
  kind   TEXT NOT NULL CONSTRAINT passage_kind CHECK (kind IN ('held', 'unproved', 'again', 'bypass')),
  client TEXT NOT NULL,            -- of 'bypass': as User-Agent or X-Mailer name it; '' if they do not
  n      INTEGER NOT NULL,
  PRIMARY KEY (day, kind, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE password_code (
  person_id INTEGER PRIMARY KEY REFERENCES person (id),
  hash      BLOB NOT NULL UNIQUE, -- SHA-256 of the code
  created   TEXT NOT NULL,
  expires   TEXT NOT NULL
) STRICT;

CREATE TABLE past (
  mid BLOB NOT NULL PRIMARY KEY,
  at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX past_at ON past (at);

CREATE TABLE person (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  name     TEXT NOT NULL,
  address  TEXT NOT NULL,             -- primary, lower-case
  password TEXT NOT NULL DEFAULT '',  -- PHC string; '' cannot log in
  profile  TEXT NOT NULL DEFAULT '{}' CONSTRAINT person_profile_json CHECK (json_valid(profile)),
  active   INTEGER NOT NULL DEFAULT 1 CONSTRAINT person_active_bool CHECK (active IN (0, 1)),
  created  TEXT NOT NULL
, frozen INTEGER NOT NULL DEFAULT 0 CONSTRAINT person_frozen_bool CHECK (frozen IN (0, 1)), password_turn INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE recipient (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  submission_id INTEGER NOT NULL REFERENCES submission (id),
  address       TEXT NOT NULL,         -- forward-path, tags cut
  person_id     INTEGER REFERENCES person (id),
  notify        TEXT NOT NULL DEFAULT '',
  orcpt         TEXT NOT NULL DEFAULT '',
  state         TEXT NOT NULL CONSTRAINT recipient_state_valid CHECK (state IN
                ('held', 'sending', 'deferred', 'delivered', 'bounced', 'cancelled', 'expired')),
  due           TEXT,                  -- release, or next attempt
  plan          TEXT NOT NULL DEFAULT '{}' CONSTRAINT recipient_plan_json CHECK (json_valid(plan)),
  rendition_id  INTEGER REFERENCES message (id), -- head written at release
  attempts      INTEGER NOT NULL DEFAULT 0,
  released      TEXT,                  -- when it first left the hold
  claimed       TEXT,                  -- when the running attempt began
  told_delayed  INTEGER NOT NULL DEFAULT 0 CONSTRAINT recipient_told_bool CHECK (told_delayed IN (0, 1)),
  settled       TEXT,
  reply         TEXT NOT NULL DEFAULT '', -- last word of the other server
  remote        TEXT NOT NULL DEFAULT '',
  CONSTRAINT recipient_due_iff_waiting CHECK ((state IN ('held', 'deferred')) = (due IS NOT NULL)),
  CONSTRAINT recipient_claimed_iff_sending CHECK ((state = 'sending') = (claimed IS NOT NULL)),
  CONSTRAINT recipient_settled_iff_final CHECK
    ((state IN ('delivered', 'bounced', 'cancelled', 'expired')) = (settled IS NOT NULL)),
  CONSTRAINT recipient_left_has_rendition CHECK
    (state IN ('held', 'cancelled', 'expired', 'bounced') OR rendition_id IS NOT NULL)
) STRICT;

CREATE INDEX recipient_by_rendition ON recipient (rendition_id) WHERE rendition_id IS NOT NULL;

CREATE INDEX recipient_by_submission ON recipient (submission_id);

CREATE INDEX recipient_due ON recipient (due) WHERE state IN ('held', 'deferred');

CREATE INDEX recipient_due_where ON recipient ((person_id IS NULL), due) WHERE state IN ('held', 'deferred');

CREATE INDEX recipient_held_for ON recipient (person_id, due) WHERE state = 'held' AND person_id IS NOT NULL;

CREATE INDEX recipient_sending ON recipient (id) WHERE state = 'sending';

CREATE TABLE route_token (
  route   TEXT PRIMARY KEY,
  secret  BLOB NOT NULL,
  changed TEXT NOT NULL
) STRICT;

CREATE TABLE sender_rule (
  person_id INTEGER NOT NULL REFERENCES person (id),
  sender    TEXT NOT NULL,            -- address or @domain, lower-case
  rule      TEXT NOT NULL CONSTRAINT sender_rule_valid CHECK (rule IN ('inbox', 'pass', 'urgent')),
  created   TEXT NOT NULL,
  told      INTEGER NOT NULL DEFAULT 0, -- confirmed in a digest
  PRIMARY KEY (person_id, sender, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE shared_address (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  address     TEXT NOT NULL UNIQUE,      -- lower-case
  name        TEXT NOT NULL DEFAULT '',
  kind        TEXT NOT NULL CONSTRAINT shared_address_kind_valid CHECK (kind IN ('group', 'role')),
  senders     TEXT NOT NULL CONSTRAINT shared_address_senders_valid CHECK (senders IN ('team', 'members', 'everybody')),
  owner_id    INTEGER REFERENCES person (id), -- who hears of mail that did not reach a member outside; NULL: the first member
  zone        TEXT NOT NULL DEFAULT '',  -- in which the days of the rota begin; '': that of the first member
  rota        TEXT NOT NULL DEFAULT '{}' CONSTRAINT shared_address_rota_json CHECK (json_valid(rota)),
  first_reply INTEGER NOT NULL DEFAULT 0 CONSTRAINT shared_address_first_reply CHECK (first_reply >= 0), -- minutes of working time; 0: as configured
  created     TEXT NOT NULL
) STRICT;

CREATE TABLE shared_alias (
  address   TEXT NOT NULL PRIMARY KEY, -- lower-case
  shared_id INTEGER NOT NULL REFERENCES shared_address (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX shared_alias_by_shared ON shared_alias (shared_id);

CREATE TABLE shared_member (
  shared_id INTEGER NOT NULL REFERENCES shared_address (id),
  place     INTEGER NOT NULL,
  person_id INTEGER REFERENCES person (id),
  inner_id  INTEGER REFERENCES shared_address (id),
  address   TEXT NOT NULL DEFAULT '',    -- of somebody outside
  PRIMARY KEY (shared_id, place),
  CONSTRAINT shared_member_is_one CHECK ((person_id IS NOT NULL) + (inner_id IS NOT NULL) + (address <> '') = 1),
  CONSTRAINT shared_member_not_itself CHECK (inner_id IS NULL OR inner_id <> shared_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX shared_member_by_inner ON shared_member (inner_id) WHERE inner_id IS NOT NULL;

CREATE INDEX shared_member_by_person ON shared_member (person_id) WHERE person_id IS NOT NULL;

CREATE TABLE submission (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id   INTEGER NOT NULL REFERENCES message (id),
  author_id    INTEGER REFERENCES person (id), -- whose login; NULL for Tidepost's own mail
  reverse_path TEXT NOT NULL,          -- '' is the null reverse-path
  env_id       TEXT NOT NULL DEFAULT '',
  ret          TEXT NOT NULL DEFAULT '' CONSTRAINT submission_ret_valid CHECK (ret IN ('', 'FULL', 'HDRS')),
  utf8         INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_utf8_bool CHECK (utf8 IN (0, 1)),
  mid          TEXT NOT NULL,          -- Message-ID without <>
  in_reply_to  TEXT NOT NULL DEFAULT '',
  digest       BLOB NOT NULL,          -- of Message-ID and body: the same mail again
  subject      TEXT NOT NULL,
  plan         TEXT NOT NULL DEFAULT '{}' CONSTRAINT submission_plan_json CHECK (json_valid(plan)),
  urgent       INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_urgent_bool CHECK (urgent IN (0, 1)),
  frozen       INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_frozen_bool CHECK (frozen IN (0, 1)),
  file_sent    INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_file_sent_bool CHECK (file_sent IN (0, 1)),
  accepted     TEXT NOT NULL
, stopped INTEGER NOT NULL DEFAULT 0 CONSTRAINT submission_stopped_valid CHECK (stopped IN (0, 1, 2))) STRICT;

CREATE INDEX submission_by_author ON submission (author_id, id);

CREATE INDEX submission_by_message ON submission (message_id);

CREATE INDEX submission_by_mid ON submission (mid) WHERE mid <> '';

CREATE INDEX submission_stopped ON submission (author_id) WHERE stopped <> 0;

CREATE TABLE subscription (
  person_id INTEGER NOT NULL REFERENCES person (id),
  name      TEXT NOT NULL,
  PRIMARY KEY (person_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE thread (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  subject TEXT NOT NULL,              -- base subject, RFC 5256 §2.1
  urgent  INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_urgent_bool CHECK (urgent IN (0, 1)),
  created TEXT NOT NULL,
  updated TEXT NOT NULL
, merged_into INTEGER REFERENCES thread (id), blocked INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_blocked_bool CHECK (blocked IN (0, 1))) STRICT;

CREATE INDEX thread_by_merged ON thread (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE thread_ref (
  mid       TEXT PRIMARY KEY,
  thread_id INTEGER NOT NULL REFERENCES thread (id)
, parent TEXT, rank INTEGER NOT NULL DEFAULT 0, origin_id INTEGER REFERENCES thread (id), here INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_ref_here_bool CHECK (here IN (0, 1)), subject TEXT, written TEXT, people TEXT CONSTRAINT thread_ref_people_json CHECK (json_valid(people)), bare INTEGER NOT NULL DEFAULT 0 CONSTRAINT thread_ref_bare_bool CHECK (bare IN (0, 1))) STRICT, WITHOUT ROWID;

CREATE INDEX thread_ref_bare ON thread_ref (subject, written) WHERE bare = 1;

CREATE INDEX thread_ref_by_parent ON thread_ref (parent) WHERE parent IS NOT NULL;

CREATE INDEX thread_ref_by_subject ON thread_ref (subject, written) WHERE subject IS NOT NULL;

CREATE INDEX thread_ref_by_thread ON thread_ref (thread_id);

CREATE TABLE urgent_use (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  person_id     INTEGER NOT NULL REFERENCES person (id),
  submission_id INTEGER NOT NULL REFERENCES submission (id),
  source        TEXT NOT NULL CONSTRAINT urgent_use_source_valid CHECK (source IN ('tag', 'address', 'header')),
  at            TEXT NOT NULL
) STRICT;

CREATE INDEX urgent_use_by_person ON urgent_use (person_id, at);

