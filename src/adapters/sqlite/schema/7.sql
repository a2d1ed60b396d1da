-- Whoever answers at new addresses goes through the changes on their own from here on.
INSERT INTO follower (name, position) SELECT 'answers', position FROM follower WHERE name = 'fanout';
