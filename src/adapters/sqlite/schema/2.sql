-- It cost every sign-up a page of the log. Whoever looks for a name goes through the events.
DROP INDEX attendee_name;
