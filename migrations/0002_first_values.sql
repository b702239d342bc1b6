ALTER TABLE `latest_metrics` ADD `first_value` real;--> statement-breakpoint
ALTER TABLE `latest_metrics` ADD `first_is_nan` integer;--> statement-breakpoint
ALTER TABLE `latest_metrics` ADD `first_step` integer;--> statement-breakpoint
ALTER TABLE `latest_metrics` ADD `first_timestamp` integer;