CREATE TABLE `experiment_moves` (
	`experiment_id` integer PRIMARY KEY NOT NULL,
	`to_stage` text NOT NULL,
	`moved_time` integer NOT NULL,
	`told_through` text NOT NULL
);
