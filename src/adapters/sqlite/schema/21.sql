-- Messages of one device with the same problem are one row with a count. NULL stands for the row's id.
ALTER TABLE reject ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE reject ADD COLUMN latest_message TEXT;
