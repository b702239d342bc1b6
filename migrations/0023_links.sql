CREATE TABLE `links` (
	`link_id` text PRIMARY KEY NOT NULL,
	`user_id` integer NOT NULL,
	`secret_hash` text NOT NULL,
	`name` text NOT NULL,
	`experiment_ids` text,
	`run_ids` text,
	`model_id` text,
	`path` text,
	`address` text NOT NULL,
	`creation_time` integer NOT NULL,
	`expiration_time` integer NOT NULL,
	`last_used_time` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `links_by_user` ON `links` (`user_id`,`creation_time`);--> statement-breakpoint
CREATE INDEX `links_by_experiments` ON `links` (`experiment_ids`) WHERE experiment_ids IS NOT NULL;--> statement-breakpoint
CREATE INDEX `links_by_runs` ON `links` (`run_ids`) WHERE run_ids IS NOT NULL;--> statement-breakpoint
CREATE INDEX `links_by_model` ON `links` (`model_id`) WHERE model_id IS NOT NULL;--> statement-breakpoint
CREATE TRIGGER `users_delete_links` AFTER DELETE ON `users`
BEGIN
  DELETE FROM links WHERE user_id = OLD.user_id;
END;--> statement-breakpoint
CREATE TRIGGER `experiments_delete_links` AFTER DELETE ON `experiments`
BEGIN
  DELETE FROM links WHERE experiment_ids IS NOT NULL AND experiment_ids = json_array(CAST(OLD.experiment_id AS TEXT));
END;--> statement-breakpoint
CREATE TRIGGER `runs_delete_links` AFTER DELETE ON `runs`
BEGIN
  DELETE FROM links WHERE run_ids IS NOT NULL AND run_ids = json_array(OLD.run_id);
END;--> statement-breakpoint
CREATE TRIGGER `logged_models_delete_links` AFTER DELETE ON `logged_models`
BEGIN
  DELETE FROM links WHERE model_id IS NOT NULL AND model_id = OLD.model_id;
END;
