-- Times are milliseconds since 1970. Columns have the same names as the attributes of the DynamoDB table.

CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL,
    body          TEXT NOT NULL,
    arrived_at    INTEGER NOT NULL,
    visible_at    INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0,
    last_failure  TEXT
) STRICT;

-- Index of the messages that have reached the maximum number of deliveries.
CREATE INDEX queue_spent ON queue (visible_at) WHERE receive_count >= 5;

CREATE TABLE attendee (
    event        TEXT NOT NULL,
    name         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('in', 'out')),
    requested_at INTEGER NOT NULL,
    signup_id    TEXT NOT NULL,
    title        TEXT NOT NULL,
    since        INTEGER,
    owner        TEXT,
    channel      TEXT,
    contact_kind TEXT,
    contact      TEXT,
    expires_at   INTEGER,
    PRIMARY KEY (event, name),
    CHECK ((status = 'in') = (since IS NOT NULL AND owner IS NOT NULL AND channel IS NOT NULL)),
    CHECK ((status = 'out') = (expires_at IS NOT NULL)),
    CHECK ((contact_kind IS NULL) = (contact IS NULL)),
    CHECK (status = 'in' OR contact IS NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX attendee_name ON attendee (name);
CREATE INDEX attendee_expires ON attendee (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE event (
    id    TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at   INTEGER NOT NULL,
    event     TEXT NOT NULL,
    name      TEXT NOT NULL,
    old_image TEXT,
    new_image TEXT
) STRICT;

CREATE TABLE reject (
    id          TEXT PRIMARY KEY,
    body        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    arrived_at  INTEGER NOT NULL,
    rejected_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    key          TEXT PRIMARY KEY,
    fingerprint  TEXT NOT NULL,
    signup_id    TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_expires ON idempotency (expires_at);
