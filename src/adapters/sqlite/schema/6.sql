-- The usual names of households with an Echo. `user` is a keyed hash of the Amazon user id.
CREATE TABLE household (
    user TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
