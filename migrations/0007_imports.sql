CREATE TABLE `imports` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`digest` text NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID;
