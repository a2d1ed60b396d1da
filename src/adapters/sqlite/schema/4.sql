-- Whether the contact of a stay is told of others, and when its link was last asked for again.
ALTER TABLE attendee ADD COLUMN notify INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attendee ADD COLUMN link_asked_at INTEGER;
