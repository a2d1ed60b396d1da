-- Whether the owner of a registration's contact has confirmed the registration. Registrations from before this migration
-- count as confirmed.
ALTER TABLE attendee ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;
-- NULL in the state `given` if the opt-in is valid for all registrations with this contact.
ALTER TABLE contact ADD COLUMN scope TEXT CHECK (scope IS NULL OR scope = 'confirmed' AND state = 'given');
