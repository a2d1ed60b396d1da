-- The registered buttons. `record` is JSON.
CREATE TABLE button (
    serial   TEXT PRIMARY KEY,
    event    TEXT NOT NULL,
    attendee TEXT NOT NULL,
    record   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
