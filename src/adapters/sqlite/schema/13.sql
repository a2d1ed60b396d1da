-- When each event is over, and whether its contacts were deleted since.
CREATE TABLE calendar (
    event            TEXT PRIMARY KEY,
    over_at          INTEGER NOT NULL,
    contacts_deleted INTEGER NOT NULL DEFAULT 0 CHECK (contacts_deleted IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX calendar_over ON calendar (over_at, event);
CREATE INDEX calendar_contacts ON calendar (over_at) WHERE contacts_deleted = 0;
