-- The details of each event that has some. `record` is JSON.
CREATE TABLE event_details (
    event   TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    record  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
