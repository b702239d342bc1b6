CREATE TABLE `purges` (
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`experiment_id` integer NOT NULL,
	`artifact_uri` text NOT NULL,
	`has_object` integer NOT NULL,
	`cell` text NOT NULL,
	`claim` text NOT NULL,
	`claimed_until` integer NOT NULL,
	PRIMARY KEY(`kind`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `logged_models_deleted` ON `logged_models` (`experiment_id`,`last_update_time`,`model_id`) WHERE lifecycle_stage = 'deleted';--> statement-breakpoint
CREATE INDEX `model_versions_by_model` ON `model_versions` (`model_id`) WHERE model_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_deleted` ON `runs` (`experiment_id`,coalesce(deleted_time, 0),`run_id`) WHERE lifecycle_stage = 'deleted';--> statement-breakpoint
CREATE TRIGGER `runs_insert_purged` BEFORE INSERT ON `runs`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'run' AND id = NEW.run_id) OR EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;--> statement-breakpoint
CREATE TRIGGER `logged_models_insert_purged` BEFORE INSERT ON `logged_models`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'logged_model' AND id = NEW.model_id) OR EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;--> statement-breakpoint
CREATE TRIGGER `experiments_insert_purged` BEFORE INSERT ON `experiments`
WHEN EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;--> statement-breakpoint
CREATE TRIGGER `guard_not_purged` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'not_purged' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:not_purged'); END;--> statement-breakpoint
CREATE TRIGGER `runs_restore_purged` BEFORE UPDATE OF `lifecycle_stage` ON `runs`
WHEN NEW.lifecycle_stage = 'active' AND EXISTS (SELECT 1 FROM purges WHERE kind = 'experiment' AND id = CAST(NEW.experiment_id AS TEXT))
BEGIN SELECT RAISE(IGNORE); END;
