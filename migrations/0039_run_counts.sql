ALTER TABLE `experiments` ADD `active_runs` integer;--> statement-breakpoint
ALTER TABLE `experiments` ADD `deleted_runs` integer;--> statement-breakpoint
ALTER TABLE `experiments` ADD `running_runs` integer;--> statement-breakpoint
CREATE TRIGGER `runs_insert_count` AFTER INSERT ON `runs`
BEGIN
  UPDATE experiments SET
    active_runs = active_runs + (NEW.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs + (NEW.lifecycle_stage = 'deleted'),
    running_runs = running_runs + (NEW.lifecycle_stage = 'active' AND NEW.status = 'RUNNING')
  WHERE experiment_id = NEW.experiment_id AND active_runs IS NOT NULL;
END;--> statement-breakpoint
CREATE TRIGGER `runs_delete_count` AFTER DELETE ON `runs`
BEGIN
  UPDATE experiments SET
    active_runs = active_runs - (OLD.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs - (OLD.lifecycle_stage = 'deleted'),
    running_runs = running_runs - (OLD.lifecycle_stage = 'active' AND OLD.status = 'RUNNING')
  WHERE experiment_id = OLD.experiment_id AND active_runs IS NOT NULL;
END;--> statement-breakpoint
CREATE TRIGGER `runs_update_count` AFTER UPDATE OF `experiment_id`, `lifecycle_stage`, `status` ON `runs`
WHEN (OLD.experiment_id, OLD.lifecycle_stage, OLD.status = 'RUNNING')
  IS NOT (NEW.experiment_id, NEW.lifecycle_stage, NEW.status = 'RUNNING')
BEGIN
  UPDATE experiments SET
    active_runs = active_runs + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'active')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'active'),
    deleted_runs = deleted_runs + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'deleted')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'deleted'),
    running_runs = running_runs
      + (experiment_id = NEW.experiment_id AND NEW.lifecycle_stage = 'active' AND NEW.status = 'RUNNING')
      - (experiment_id = OLD.experiment_id AND OLD.lifecycle_stage = 'active' AND OLD.status = 'RUNNING')
  WHERE experiment_id IN (OLD.experiment_id, NEW.experiment_id) AND active_runs IS NOT NULL;
END;
