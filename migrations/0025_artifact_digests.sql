CREATE TABLE `artifact_digests` (
	`object_key` text PRIMARY KEY NOT NULL,
	`etag` text NOT NULL,
	`sha256` text NOT NULL
) WITHOUT ROWID;
