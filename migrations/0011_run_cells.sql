ALTER TABLE `runs` ADD `cell` text DEFAULT '' NOT NULL;--> statement-breakpoint
DROP TRIGGER `new_runs_insert`;--> statement-breakpoint
DROP VIEW `new_runs`;--> statement-breakpoint
CREATE VIEW `new_runs` AS
SELECT run_id, experiment_id, run_name, user_id, start_time, artifact_uri, NULL AS tags, cell FROM runs WHERE FALSE;--> statement-breakpoint
CREATE TRIGGER `new_runs_insert` INSTEAD OF INSERT ON `new_runs`
BEGIN
  INSERT INTO runs (run_id, experiment_id, run_name, user_id, status, start_time, artifact_uri, lifecycle_stage, has_object, cell)
  VALUES (NEW.run_id, NEW.experiment_id, NEW.run_name, NEW.user_id, 'RUNNING', NEW.start_time, NEW.artifact_uri, 'active', FALSE, coalesce(NEW.cell, ''));
  INSERT INTO tags (run_id, key, value, experiment_id)
  SELECT NEW.run_id, value ->> 0, value ->> 1, NEW.experiment_id FROM json_each(NEW.tags);
END;
