CREATE INDEX `params_long` ON `params` (`experiment_id`,`key`) WHERE length(value) > 200;--> statement-breakpoint
CREATE INDEX `tags_long` ON `tags` (`experiment_id`,`key`) WHERE length(value) > 200;