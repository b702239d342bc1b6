CREATE TABLE `moved_things` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `moved_from` ON `moved_things` (`experiment_id`);