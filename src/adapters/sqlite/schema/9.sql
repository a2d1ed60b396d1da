-- Events of which a stored record is damaged, for the operator.
CREATE TABLE parked_event (
    event TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    parked_at INTEGER NOT NULL
) STRICT;
