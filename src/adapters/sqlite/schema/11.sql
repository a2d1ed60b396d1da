-- What people say about their registration.
ALTER TABLE attendee ADD COLUMN guests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attendee ADD COLUMN answer TEXT;
ALTER TABLE attendee ADD COLUMN note TEXT;
ALTER TABLE attendee ADD COLUMN language TEXT;
