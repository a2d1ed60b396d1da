-- What the events announced. An announcement that was on its way when this table was created concerns only the attendees
-- in `recipients`, a JSON array of names; all others concern every attendee.
CREATE TABLE announcement (
    event      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    record     TEXT NOT NULL,
    recipients TEXT,
    PRIMARY KEY (event, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcement_at ON announcement (at);

-- The attendees who get messages about others.
CREATE INDEX attendee_subscribed ON attendee (event, name) WHERE status = 'in' AND contact IS NOT NULL AND notify = 1;
