-- Whether a registration's contact gets notifications, and when its manage link was last requested again.
ALTER TABLE attendee ADD COLUMN notify INTEGER NOT NULL DEFAULT 1;
ALTER TABLE attendee ADD COLUMN link_asked_at INTEGER;
