-- What households with an Echo usually say, by a hash of whose Echo it is.
CREATE TABLE household (
    user TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    key  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
