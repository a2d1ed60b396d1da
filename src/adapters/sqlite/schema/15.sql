-- Whether the owner of a registration's contact has confirmed the registration. Nobody has confirmed those from before this
-- migration: an address that was confirmed by then is confirmed for all registrations.
ALTER TABLE attendee ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;
-- NULL in the state `given` if the opt-in is valid for all registrations with this contact.
ALTER TABLE contact ADD COLUMN scope TEXT CHECK (scope IS NULL OR scope = 'confirmed' AND state = 'given');
