CREATE TABLE `sign_ins` (
	`sign_in_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`digest` text NOT NULL,
	`user_id` integer NOT NULL,
	`stamp` integer NOT NULL,
	`creation_time` integer NOT NULL,
	`last_seen_time` integer NOT NULL,
	`user_agent` text NOT NULL,
	`address` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sign_ins_digest` ON `sign_ins` (`digest`);--> statement-breakpoint
CREATE INDEX `sign_ins_by_user` ON `sign_ins` (`user_id`);--> statement-breakpoint
CREATE INDEX `sign_ins_by_last_seen` ON `sign_ins` (`last_seen_time`);--> statement-breakpoint
CREATE TRIGGER `users_stamp_sign_ins` AFTER UPDATE OF `stamp` ON `users` WHEN NEW.stamp IS NOT OLD.stamp
BEGIN
  DELETE FROM sign_ins WHERE user_id = OLD.user_id;
END;--> statement-breakpoint
CREATE TRIGGER `users_delete_sign_ins` AFTER DELETE ON `users`
BEGIN
  DELETE FROM sign_ins WHERE user_id = OLD.user_id;
END;
