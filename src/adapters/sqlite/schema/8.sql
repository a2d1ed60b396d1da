-- From this version on, receive_count counts only receives without an outcome, such as after a crash. Deferrals are
-- counted apart: attempts after transient failures, early_attempts before the registration existed.
ALTER TABLE queue ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN early_attempts INTEGER NOT NULL DEFAULT 0;
UPDATE queue SET receive_count = 0 WHERE last_failure IS NOT NULL;

-- The latest time that a message got, so that times do not go back after a restart with an earlier clock.
CREATE TABLE clock (latest INTEGER NOT NULL) STRICT;
INSERT INTO clock (latest) SELECT max(
    coalesce((SELECT max(requested_at) FROM attendee), 0),
    coalesce((SELECT max(arrived_at) FROM queue), 0)
);
