CREATE INDEX `experiments_location` ON `experiments` (`artifact_location`);--> statement-breakpoint
UPDATE experiments SET artifact_location = 'mlflow-artifacts:/' || trim(replace(replace(replace(
  substr(artifact_location, 18), '//', '/'), '//', '/'), '//', '/'), '/')
WHERE artifact_location LIKE 'mlflow-artifacts:/%/' OR artifact_location LIKE 'mlflow-artifacts:/%//%';--> statement-breakpoint
CREATE TRIGGER `guard_location_free` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'location_free' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:location_free'); END;
