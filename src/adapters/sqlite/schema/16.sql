-- Direct messages that are still to be sent. `claimed_at` is the beginning of the first attempt without an outcome.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL,
    event        TEXT NOT NULL,
    name         TEXT NOT NULL,
    owner        TEXT NOT NULL,
    version      INTEGER NOT NULL DEFAULT 0,
    first_at     INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    claimed_at   INTEGER,
    last_failure TEXT,
    UNIQUE (kind, event, name, owner)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at);
