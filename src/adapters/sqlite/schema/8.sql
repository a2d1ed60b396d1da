-- From this version on, receive_count counts only receives without an outcome, such as after a crash. Deferrals are
-- counted apart: attempts after transient failures, early_attempts before the registration existed.
ALTER TABLE queue ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN early_attempts INTEGER NOT NULL DEFAULT 0;
UPDATE queue SET receive_count = 0 WHERE last_failure IS NOT NULL;
