-- From this version on, opt-in requests and manage links are sent by a consumer of their own.
INSERT INTO follower (name, position) SELECT 'answers', position FROM follower WHERE name = 'fanout';
