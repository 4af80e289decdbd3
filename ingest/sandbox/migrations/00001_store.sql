-- +goose Up

-- 'PFsb': tells this file from any other SQLite file, a ledger above all.
PRAGMA application_id = 1346794338;

-- One row: the identity of this store. Another store, even under the same file name, has another.
CREATE TABLE store (
    id         TEXT    NOT NULL,
    created_at INTEGER NOT NULL -- Unix seconds, as all times here, because the API answers in them
) STRICT;

INSERT INTO store (id, created_at) VALUES (lower(hex(randomblob(16))), unixepoch());

CREATE TABLE content_import_sources (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    url            TEXT    NOT NULL,
    sync_behavior  TEXT    NOT NULL CHECK (sync_behavior IN ('api', 'automatic', 'manual')),
    status         TEXT    NOT NULL CHECK (status IN ('active', 'deactivated')),
    audience_ids   TEXT    NOT NULL DEFAULT '[]', -- JSON array of integers
    last_synced_at INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

CREATE TABLE external_pages (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: an id never comes back
    source_id                   INTEGER NOT NULL REFERENCES content_import_sources (id) ON DELETE CASCADE,
    external_id                 TEXT    NOT NULL,
    title                       TEXT    NOT NULL,
    url                         TEXT, -- NULL: the page has none and Fin does not cite it
    locale                      TEXT    NOT NULL,
    ai_agent_availability       INTEGER NOT NULL,
    ai_copilot_availability     INTEGER NOT NULL,
    ai_sales_agent_availability INTEGER NOT NULL,
    created_at                  INTEGER NOT NULL,
    updated_at                  INTEGER NOT NULL,
    last_ingested_at            INTEGER NOT NULL,
    html                        TEXT    NOT NULL, -- last: SQLite skips the long column where it is not asked for
    UNIQUE (source_id, external_id)
) STRICT;

-- The two kinds of id begin far apart, so that one taken for the other is not found instead of wrong.
INSERT INTO sqlite_sequence (name, seq) VALUES ('content_import_sources', 1000), ('external_pages', 500000);
