-- The digest of each event: pending changes, and the progress of the announcement that is being sent. `record` is JSON.
CREATE TABLE digest (
    event      TEXT PRIMARY KEY,
    due_at     INTEGER,
    expires_at INTEGER,
    version    INTEGER NOT NULL,
    record     TEXT NOT NULL,
    seen       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX digest_due ON digest (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX digest_expires ON digest (expires_at) WHERE expires_at IS NOT NULL;

-- The position of each consumer of the change feed.
CREATE TABLE follower (
    name     TEXT PRIMARY KEY,
    position TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Changes that were made before this migration are not announced.
INSERT INTO follower (name, position) SELECT 'fanout', max(seq) FROM change HAVING max(seq) IS NOT NULL;

-- The opt-in of each contact. `id` is a keyed hash; the address is not stored.
CREATE TABLE contact (
    id       TEXT PRIMARY KEY,
    state    TEXT NOT NULL CHECK (state IN ('asked', 'given', 'refused')),
    asked_at INTEGER,
    CHECK ((state = 'asked') = (asked_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (
    name    TEXT PRIMARY KEY,
    spent   INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest messages to each registration.
CREATE TABLE inbox (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    name  TEXT NOT NULL,
    owner TEXT NOT NULL,
    id    TEXT NOT NULL,
    at    INTEGER NOT NULL,
    text  TEXT NOT NULL,
    UNIQUE (event, name, id)
) STRICT;
