-- The network of the client that gave the contact, as 16 bits of a keyed hash.
ALTER TABLE attendee ADD COLUMN network INTEGER;

-- The tag of a registration that an opt-in is valid for, beside those that are confirmed themselves.
ALTER TABLE contact ADD COLUMN registration TEXT;
