CREATE TABLE `logged_model_metrics` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`timestamp` integer NOT NULL,
	`step` integer NOT NULL,
	`run_id` text NOT NULL,
	`value` real NOT NULL,
	`is_nan` integer NOT NULL,
	`dataset_name` text,
	`dataset_digest` text,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`model_id`, `key`, `timestamp`, `step`, `run_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `logged_model_metrics_by_value` ON `logged_model_metrics` (`experiment_id`,`key`,`value`);--> statement-breakpoint
CREATE INDEX `logged_model_metrics_by_dataset` ON `logged_model_metrics` (`experiment_id`,`dataset_name`,`dataset_digest`) WHERE dataset_name IS NOT NULL;--> statement-breakpoint
CREATE TABLE `logged_model_params` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `logged_model_params_by_value` ON `logged_model_params` (`experiment_id`,`key`,substr(`value`, 1, 64));--> statement-breakpoint
CREATE TABLE `logged_model_tags` (
	`model_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`experiment_id` integer NOT NULL,
	PRIMARY KEY(`model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `logged_model_tags_by_value` ON `logged_model_tags` (`experiment_id`,`key`,substr(`value`, 1, 64));--> statement-breakpoint
CREATE TABLE `logged_models` (
	`model_id` text PRIMARY KEY NOT NULL,
	`experiment_id` integer NOT NULL,
	`name` text NOT NULL,
	`model_type` text,
	`source_run_id` text,
	`status` text NOT NULL,
	`status_message` text,
	`artifact_uri` text NOT NULL,
	`lifecycle_stage` text NOT NULL,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `logged_models_by_creation` ON `logged_models` (`experiment_id`,`lifecycle_stage`,creation_time DESC,`model_id`);--> statement-breakpoint
CREATE INDEX `logged_models_by_name` ON `logged_models` (`experiment_id`,`name`);--> statement-breakpoint
CREATE INDEX `logged_models_by_source_run` ON `logged_models` (`source_run_id`) WHERE source_run_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `model_inputs` (
	`run_id` text NOT NULL,
	`model_id` text NOT NULL,
	PRIMARY KEY(`run_id`, `model_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_inputs_by_model` ON `model_inputs` (`model_id`);--> statement-breakpoint
CREATE TABLE `model_outputs` (
	`run_id` text NOT NULL,
	`model_id` text NOT NULL,
	`step` integer NOT NULL,
	PRIMARY KEY(`run_id`, `model_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_outputs_by_model` ON `model_outputs` (`model_id`);--> statement-breakpoint
CREATE TABLE `model_version_tags` (
	`registered_model_id` integer NOT NULL,
	`version` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`registered_model_id`, `version`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_version_tags_by_value` ON `model_version_tags` (`key`,substr(`value`, 1, 64));--> statement-breakpoint
CREATE TABLE `model_versions` (
	`registered_model_id` integer NOT NULL,
	`version` integer NOT NULL,
	`current_stage` text NOT NULL,
	`description` text,
	`source` text NOT NULL,
	`storage_location` text,
	`run_id` text,
	`run_link` text,
	`model_id` text,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL,
	PRIMARY KEY(`registered_model_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `model_versions_by_stage` ON `model_versions` (`registered_model_id`,`current_stage`,`version`);--> statement-breakpoint
CREATE INDEX `model_versions_by_update` ON `model_versions` (last_update_time DESC);--> statement-breakpoint
CREATE INDEX `model_versions_by_run` ON `model_versions` (`run_id`) WHERE run_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `registered_model_aliases` (
	`registered_model_id` integer NOT NULL,
	`alias` text NOT NULL,
	`version` integer NOT NULL,
	PRIMARY KEY(`registered_model_id`, `alias`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `registered_model_tags` (
	`registered_model_id` integer NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`registered_model_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `registered_model_tags_by_value` ON `registered_model_tags` (`key`,substr(`value`, 1, 64));--> statement-breakpoint
CREATE TABLE `registered_models` (
	`registered_model_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`creation_time` integer NOT NULL,
	`last_update_time` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `registered_models_name` ON `registered_models` (`name`);--> statement-breakpoint
CREATE TRIGGER `model_inputs_insert_document` AFTER INSERT ON `model_inputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `model_outputs_insert_document` AFTER INSERT ON `model_outputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `model_outputs_update_document` AFTER UPDATE ON `model_outputs`
BEGIN DELETE FROM run_documents WHERE run_id = NEW.run_id; END;
