ALTER TABLE `runs` ADD `has_object` integer DEFAULT true NOT NULL;--> statement-breakpoint
CREATE TRIGGER `runs_mark_object` AFTER UPDATE OF `live_epoch` ON `runs` WHEN NEW.live_epoch IS NOT NULL AND NOT NEW.has_object
BEGIN UPDATE runs SET has_object = TRUE WHERE run_id = NEW.run_id; END;--> statement-breakpoint
CREATE TRIGGER `guard_first_points` INSTEAD OF INSERT ON `guard` WHEN NEW.name = 'first_points' AND NEW.holds IS NOT 1
BEGIN SELECT RAISE(ABORT, 'guard:first_points'); END;
