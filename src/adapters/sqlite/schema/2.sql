-- Because of this index, every sign-up wrote an additional page to the write-ahead log. A search for a name now goes
-- through all events.
DROP INDEX attendee_name;
