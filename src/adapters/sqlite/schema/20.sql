-- The seats of events whose places are limited. Their totals are in the digest, which changes in the same transaction.
CREATE TABLE seat (
    event    TEXT NOT NULL,
    name     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    party    INTEGER NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('confirmed', 'waiting')),
    number   INTEGER NOT NULL,
    PRIMARY KEY (event, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX seat_of_size ON seat (event, party, number) WHERE standing = 'waiting';
CREATE INDEX seat_in_line ON seat (event, number) WHERE standing = 'waiting';
