CREATE TABLE `datasets` (
	`dataset_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`experiment_id` integer NOT NULL,
	`name` text NOT NULL,
	`digest` text NOT NULL,
	`source_type` text NOT NULL,
	`source` text NOT NULL,
	`schema` text,
	`profile` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `datasets_identity` ON `datasets` (`experiment_id`,`name`,`digest`);--> statement-breakpoint
CREATE TABLE `experiment_tags` (
	`experiment_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`experiment_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `experiments` (
	`experiment_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`artifact_location` text NOT NULL,
	`lifecycle_stage` text NOT NULL,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `experiments_name` ON `experiments` (`name`);--> statement-breakpoint
CREATE TABLE `input_tags` (
	`run_id` text NOT NULL,
	`dataset_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`run_id`, `dataset_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `inputs` (
	`run_id` text NOT NULL,
	`dataset_id` integer NOT NULL,
	PRIMARY KEY(`run_id`, `dataset_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `inputs_by_dataset` ON `inputs` (`dataset_id`);--> statement-breakpoint
CREATE TABLE `latest_metrics` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` real NOT NULL,
	`is_nan` integer NOT NULL,
	`step` integer NOT NULL,
	`timestamp` integer NOT NULL,
	`min_value` real,
	`max_value` real,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `latest_metrics_by_value` ON `latest_metrics` (`experiment_id`,`key`,`is_nan`,`value`);--> statement-breakpoint
CREATE TABLE `params` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `params_by_value` ON `params` (`experiment_id`,`key`,`value`) WHERE length(value) <= 200;--> statement-breakpoint
CREATE TABLE `run_documents` (
	`run_id` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`run_id` text PRIMARY KEY NOT NULL,
	`experiment_id` integer NOT NULL,
	`run_name` text NOT NULL,
	`user_id` text NOT NULL,
	`status` text NOT NULL,
	`start_time` integer,
	`end_time` integer,
	`artifact_uri` text NOT NULL,
	`lifecycle_stage` text NOT NULL,
	`deleted_time` integer,
	`live_epoch` integer
);
--> statement-breakpoint
CREATE INDEX `runs_by_start` ON `runs` (`experiment_id`,`lifecycle_stage`,start_time DESC,`run_id`);--> statement-breakpoint
CREATE INDEX `runs_live` ON `runs` (`experiment_id`) WHERE live_epoch IS NOT NULL;--> statement-breakpoint
CREATE TABLE `tags` (
	`run_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`run_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `tags_by_value` ON `tags` (`experiment_id`,`key`,`value`) WHERE length(value) <= 200;--> statement-breakpoint
CREATE VIEW `guard` AS SELECT NULL AS name, NULL AS holds WHERE FALSE;--> statement-breakpoint
CREATE TRIGGER `guard_run_active` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'run_active' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:run_active'); END;--> statement-breakpoint
CREATE TRIGGER `params_immutable` BEFORE UPDATE ON `params` WHEN NEW.value IS NOT OLD.value
BEGIN SELECT RAISE(ABORT, 'guard:param_unchanged'); END;--> statement-breakpoint
CREATE TRIGGER `params_insert_document` AFTER INSERT ON `params`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `tags_insert_document` AFTER INSERT ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `tags_update_document` AFTER UPDATE ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `tags_delete_document` AFTER DELETE ON `tags`
BEGIN DELETE FROM run_documents WHERE run_id = OLD.run_id; END;--> statement-breakpoint
CREATE TRIGGER `latest_metrics_insert_document` AFTER INSERT ON `latest_metrics`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `latest_metrics_update_document` AFTER UPDATE ON `latest_metrics`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `inputs_insert_document` AFTER INSERT ON `inputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `input_tags_insert_document` AFTER INSERT ON `input_tags`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
INSERT INTO `experiments` (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
VALUES (0, 'Default', 'mlflow-artifacts:/0', 'active', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
