-- The index cost every sign-up a page of the write-ahead log. A search for a name goes through the events.
DROP INDEX attendee_name;
