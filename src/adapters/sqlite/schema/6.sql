-- For each household with an Echo, the attendee name that it usually signs up. `user` is a keyed hash of the Amazon
-- user id.
CREATE TABLE household (
    user TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
