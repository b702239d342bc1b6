CREATE TABLE `api_tokens` (
	`token_id` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`previous_hash` text,
	`previous_until` integer,
	`scopes` text NOT NULL,
	`experiment_ids` text,
	`creation_time` integer NOT NULL,
	`expiration_time` integer,
	`last_used_time` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_tokens_by_user` ON `api_tokens` (`user_id`,`name`);--> statement-breakpoint
CREATE TRIGGER `users_delete_tokens` AFTER DELETE ON `users`
BEGIN
  DELETE FROM api_tokens WHERE user_id = OLD.user_id;
END;
