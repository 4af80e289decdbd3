-- +goose Up
-- Times are Unix milliseconds, hashes lower-case hex. Read it with: sqlite3 SITE.db 'SELECT * FROM v_pages'

CREATE TABLE site (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  name       TEXT NOT NULL,
  start      TEXT NOT NULL,               -- start URLs, one a line
  created_ms INTEGER NOT NULL
);

CREATE TABLE destinations (
  id             INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL,           -- sandbox, intercom
  host           TEXT NOT NULL,
  workspace      TEXT NOT NULL,           -- id_code; of a sandbox, its store
  source_id      INTEGER NOT NULL,
  source_created INTEGER NOT NULL,        -- Unix seconds, as the API says
  source_url     TEXT NOT NULL,
  created_ms     INTEGER NOT NULL,
  adopted        INTEGER NOT NULL DEFAULT 0, -- the pages that were there before us have been read
  verified_ms    INTEGER NOT NULL DEFAULT 0, -- when its listing was last compared with the pages here
  UNIQUE (kind, host, workspace, source_id, source_created)
);

CREATE TABLE runs (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  destination_id INTEGER NOT NULL REFERENCES destinations (id),
  state          TEXT NOT NULL,           -- open, closed
  signature      TEXT NOT NULL,           -- of what decides what the run does
  started_ms     INTEGER NOT NULL,
  progress_ms    INTEGER NOT NULL,        -- last time that anything was recorded
  ended_ms       INTEGER NOT NULL DEFAULT 0,
  resumed        INTEGER NOT NULL DEFAULT 0,
  complete       INTEGER NOT NULL DEFAULT 0,
  exit           INTEGER NOT NULL DEFAULT 0,
  reason         TEXT NOT NULL DEFAULT '',
  fetches        INTEGER NOT NULL DEFAULT 0,
  upserts        INTEGER NOT NULL DEFAULT 0,
  api_requests   INTEGER NOT NULL DEFAULT 0,
  retries        INTEGER NOT NULL DEFAULT 0,
  bytes_fetched  INTEGER NOT NULL DEFAULT 0,
  result         TEXT NOT NULL DEFAULT '' -- the JSON result, without its lists
);
CREATE INDEX runs_by_destination ON runs (destination_id, id);

CREATE TABLE pages (
  id               INTEGER PRIMARY KEY,
  destination_id   INTEGER NOT NULL REFERENCES destinations (id),
  url              TEXT NOT NULL,
  external_id      TEXT NOT NULL,
  via              TEXT NOT NULL,          -- how it was found first: start, sitemap, link, redirect, canonical, listing
  found_from       TEXT NOT NULL DEFAULT '',
  depth            INTEGER NOT NULL DEFAULT 0,

  remote_id        TEXT NOT NULL DEFAULT '', -- Intercom's id; empty: not in the destination as far as we know
  title            TEXT NOT NULL DEFAULT '',
  hash             TEXT NOT NULL DEFAULT '',
  listed_hash      TEXT NOT NULL DEFAULT '', -- of another version that the destination was seen to have; empty: none
  delivered_ms     INTEGER NOT NULL DEFAULT 0,
  confirmed_ms     INTEGER NOT NULL DEFAULT 0, -- when a run last saw that this is what the site has

  intent           TEXT NOT NULL DEFAULT '', -- create, update, delete, hide: sent or about to be, not acknowledged
  intent_run       INTEGER NOT NULL DEFAULT 0, -- the run that may send it; 0: it must be fetched again first
  intent_hash      TEXT NOT NULL DEFAULT '', -- of the article that shall be delivered
  intent_signature TEXT NOT NULL DEFAULT '',
  intent_etag      TEXT NOT NULL DEFAULT '',
  intent_modified  TEXT NOT NULL DEFAULT '',
  intent_body_hash TEXT NOT NULL DEFAULT '',

  etag             TEXT NOT NULL DEFAULT '',
  last_modified    TEXT NOT NULL DEFAULT '',
  body_hash        TEXT NOT NULL DEFAULT '',
  signature        TEXT NOT NULL DEFAULT '', -- of the extraction that these validators stand for
  canonical        TEXT NOT NULL DEFAULT '', -- rel=canonical, if it names another URL
  canonical_out    INTEGER NOT NULL DEFAULT 0, -- it is out of scope, and therefore does not count

  outcome          TEXT NOT NULL DEFAULT '',
  class            TEXT NOT NULL DEFAULT '',
  detail           TEXT NOT NULL DEFAULT '',
  edge             TEXT NOT NULL DEFAULT '', -- where a redirect or canonical leads
  outcome_run      INTEGER NOT NULL DEFAULT 0,
  outcome_ms       INTEGER NOT NULL DEFAULT 0,
  stale_ms         INTEGER NOT NULL DEFAULT 0, -- since when no run could confirm a delivered page; 0: it is not stale

  evidence         TEXT NOT NULL DEFAULT '', -- the outcome that speaks for deletion, seen without a break
  evidence_ms      INTEGER NOT NULL DEFAULT 0, -- since when
  evidence_runs    INTEGER NOT NULL DEFAULT 0, -- in how many complete runs
  hidden_ms        INTEGER NOT NULL DEFAULT 0, -- since when it is switched off, on its way out; 0: it is not
  hidden_agent     INTEGER NOT NULL DEFAULT 0, -- whether Fin used it before
  hidden_copilot   INTEGER NOT NULL DEFAULT 0, -- whether Copilot did
  removed_run      INTEGER NOT NULL DEFAULT 0, -- the run that took it out last; 0: none did

  UNIQUE (destination_id, url)
);
CREATE INDEX pages_intent ON pages (destination_id, id) WHERE intent <> '';
CREATE INDEX pages_stale ON pages (destination_id, url) WHERE stale_ms > 0;
CREATE INDEX pages_evidence ON pages (destination_id, url) WHERE evidence <> '';
-- For what a run asks at its end; without them each question reads every page.
CREATE INDEX pages_in_target ON pages (destination_id) WHERE remote_id <> '';
CREATE INDEX pages_never_in ON pages (destination_id, outcome_run) WHERE remote_id = '' AND intent = '';
CREATE INDEX pages_failed ON pages (destination_id, url) WHERE outcome = 'failed';
CREATE INDEX pages_edges ON pages (destination_id, url) WHERE outcome IN ('redirected', 'canonicalized');
CREATE INDEX pages_removed ON pages (removed_run, url) WHERE removed_run > 0;
CREATE INDEX pages_canonical_out ON pages (destination_id, url) WHERE canonical_out = 1;

-- What is large is kept apart from pages, whose rows are written in every run.

-- Articles that were delivered or shall be: the one of the page's hash, the intended one, and those before.
CREATE TABLE articles (
  id      INTEGER PRIMARY KEY, -- later versions have greater ones
  page_id INTEGER NOT NULL REFERENCES pages (id),
  hash    TEXT NOT NULL,
  title   TEXT NOT NULL,
  html    BLOB NOT NULL,       -- S2 (github.com/klauspost/compress/s2)
  made_ms INTEGER NOT NULL,
  UNIQUE (page_id, hash)
);

CREATE TABLE outlinks (
  page_id INTEGER PRIMARY KEY REFERENCES pages (id),
  links   BLOB NOT NULL        -- canonical URLs as found, one a line, S2
);

-- What a run has found, in the order in which it is crawled. Which URLs it holds is known in memory.
CREATE TABLE frontier (
  seq        INTEGER PRIMARY KEY,
  run_id     INTEGER NOT NULL,
  url        TEXT NOT NULL,
  via        TEXT NOT NULL,
  found_from TEXT NOT NULL,
  depth      INTEGER NOT NULL,
  hops       INTEGER NOT NULL,
  alone      INTEGER NOT NULL,
  done       INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE outcomes (
  run_id  INTEGER NOT NULL,
  page_id INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  class   TEXT NOT NULL,
  detail  TEXT NOT NULL,
  PRIMARY KEY (run_id, page_id)
) WITHOUT ROWID;

-- What a guard has stopped, for a person to look at. A run that is told to accepts what another run held, if it is the same.
CREATE TABLE holds (
  run_id  INTEGER NOT NULL,
  page_id INTEGER NOT NULL,
  action  TEXT NOT NULL, -- update, delete
  key     TEXT NOT NULL, -- hash of the article, or the outcome that speaks for deletion
  why     TEXT NOT NULL,
  PRIMARY KEY (run_id, page_id)
) WITHOUT ROWID;

-- What a person has taken out, and no run may deliver.
CREATE TABLE kept_out (
  destination_id INTEGER NOT NULL REFERENCES destinations (id),
  pattern        TEXT NOT NULL,
  since_ms       INTEGER NOT NULL,
  PRIMARY KEY (destination_id, pattern)
) WITHOUT ROWID;

-- What a listing that is being read has of pages that may be adopted.
CREATE TABLE listed (
  external_id TEXT PRIMARY KEY,
  url         TEXT NOT NULL,
  remote_id   TEXT NOT NULL,
  title       TEXT NOT NULL,
  hash        TEXT NOT NULL,
  html        BLOB NOT NULL, -- S2
  updated_ms  INTEGER NOT NULL
);

-- How the webhook was last told that the site stands.
CREATE TABLE told (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  exit     INTEGER NOT NULL,
  since_ms INTEGER NOT NULL, -- since when runs have not ended well; 0: they do
  at_ms    INTEGER NOT NULL
);

CREATE VIEW v_pages AS
  SELECT p.url, d.kind AS destination, p.outcome, p.class, p.detail, p.edge, p.title, p.remote_id <> '' AS in_target, p.intent,
         p.external_id, p.remote_id, datetime(nullif(p.delivered_ms, 0) / 1000, 'unixepoch') AS delivered,
         datetime(nullif(p.confirmed_ms, 0) / 1000, 'unixepoch') AS confirmed, p.outcome_run AS run
  FROM pages p JOIN destinations d ON d.id = p.destination_id;
CREATE VIEW v_failed AS
  SELECT url, destination, class, detail, in_target, run FROM v_pages WHERE outcome = 'failed';
CREATE VIEW v_stale AS
  SELECT p.url, d.kind AS destination, p.outcome, p.detail, datetime(p.stale_ms / 1000, 'unixepoch') AS since
  FROM pages p JOIN destinations d ON d.id = p.destination_id WHERE p.stale_ms > 0 AND p.remote_id <> '';
CREATE VIEW v_runs AS
  SELECT r.id AS run, d.kind AS destination, r.state, r.exit, r.reason, r.complete, r.resumed,
         datetime(r.started_ms / 1000, 'unixepoch') AS started, r.ended_ms - r.started_ms AS duration_ms,
         r.fetches, r.upserts, r.api_requests, r.retries
  FROM runs r JOIN destinations d ON d.id = r.destination_id;
