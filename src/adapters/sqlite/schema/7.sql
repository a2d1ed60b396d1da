-- Opt-in requests and manage links are now sent by a separate consumer of the change feed. It continues where the
-- existing consumer stopped.
INSERT INTO follower (name, position) SELECT 'answers', position FROM follower WHERE name = 'fanout';
