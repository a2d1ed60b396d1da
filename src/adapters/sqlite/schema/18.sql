-- Digests are sent from the outbox too. Only they have values in the new columns: the announcement that is their reason, from
-- when on the recipients are owed what earlier versions announced, and the recipients, a JSON array of names. It is empty
-- for the subscribers who follow all events.
ALTER TABLE outbox ADD COLUMN announced_at INTEGER;
ALTER TABLE outbox ADD COLUMN owed_since INTEGER;
ALTER TABLE outbox ADD COLUMN names TEXT;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (announced_at IS NULL, due_at);

-- The last announcement that each recipient was told. `holder` is the worker that has the claim.
CREATE TABLE watermark (
    event         TEXT NOT NULL,
    recipient     TEXT NOT NULL,
    told_until    INTEGER,
    holder        INTEGER,
    claimed_until INTEGER,
    PRIMARY KEY (event, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX watermark_age ON watermark (max(coalesce(told_until, 0), coalesce(claimed_until, 0)));
