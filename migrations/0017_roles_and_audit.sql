CREATE TABLE `audit_log` (
	`entry_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`time` integer NOT NULL,
	`username` text NOT NULL,
	`credential` text NOT NULL,
	`address` text NOT NULL,
	`request_id` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_by_user` ON `audit_log` (`username`,`entry_id`);--> statement-breakpoint
CREATE TRIGGER `audit_log_no_update` BEFORE UPDATE ON `audit_log`
BEGIN
  SELECT RAISE(ABORT, 'the audit log is added to and never changed');
END;--> statement-breakpoint
CREATE TRIGGER `audit_log_no_delete` BEFORE DELETE ON `audit_log`
BEGIN
  SELECT RAISE(ABORT, 'the audit log is added to and never changed');
END;--> statement-breakpoint
DROP TRIGGER `users_insert_role`;--> statement-breakpoint
DROP TRIGGER `users_delete_grants`;--> statement-breakpoint
DROP TRIGGER `registered_models_delete_grants`;--> statement-breakpoint
CREATE TABLE `__new_role_permissions` (
	`permission_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`role_id` integer NOT NULL,
	`resource_type` text NOT NULL,
	`resource_pattern` text NOT NULL,
	`level` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_role_permissions` (`role_id`, `resource_type`, `resource_pattern`, `level`)
SELECT `role_id`, `resource_type`, `resource_pattern`, `level` FROM `role_permissions`;--> statement-breakpoint
DROP TABLE `role_permissions`;--> statement-breakpoint
ALTER TABLE `__new_role_permissions` RENAME TO `role_permissions`;--> statement-breakpoint
CREATE UNIQUE INDEX `role_permissions_by_role` ON `role_permissions` (`role_id`,`resource_type`,`resource_pattern`);--> statement-breakpoint
CREATE INDEX `role_permissions_by_resource` ON `role_permissions` (`resource_type`,`resource_pattern`);--> statement-breakpoint
CREATE TABLE `__new_user_roles` (
	`assignment_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` integer NOT NULL,
	`role_id` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `__new_user_roles` (`user_id`, `role_id`) SELECT `user_id`, `role_id` FROM `user_roles`;--> statement-breakpoint
DROP TABLE `user_roles`;--> statement-breakpoint
ALTER TABLE `__new_user_roles` RENAME TO `user_roles`;--> statement-breakpoint
CREATE UNIQUE INDEX `user_roles_by_user` ON `user_roles` (`user_id`,`role_id`);--> statement-breakpoint
CREATE INDEX `user_roles_by_role` ON `user_roles` (`role_id`);--> statement-breakpoint
CREATE TRIGGER `users_insert_role` AFTER INSERT ON `users`
BEGIN
  INSERT INTO roles (name, owner_id) VALUES ('__user_' || NEW.user_id || '__', NEW.user_id);
  INSERT INTO user_roles (user_id, role_id) SELECT NEW.user_id, role_id FROM roles WHERE owner_id = NEW.user_id;
END;--> statement-breakpoint
CREATE TRIGGER `users_delete_grants` AFTER DELETE ON `users`
BEGIN
  DELETE FROM role_permissions WHERE role_id IN (SELECT role_id FROM roles WHERE owner_id = OLD.user_id);
  DELETE FROM user_roles WHERE user_id = OLD.user_id;
  DELETE FROM roles WHERE owner_id = OLD.user_id;
END;--> statement-breakpoint
CREATE TRIGGER `roles_delete_grants` AFTER DELETE ON `roles`
BEGIN
  DELETE FROM role_permissions WHERE role_id = OLD.role_id;
  DELETE FROM user_roles WHERE role_id = OLD.role_id;
END;--> statement-breakpoint
CREATE TRIGGER `registered_models_delete_grants` AFTER DELETE ON `registered_models`
BEGIN
  DELETE FROM role_permissions
  WHERE resource_type IN ('registered_model', 'prompt') AND resource_pattern = CAST(OLD.registered_model_id AS TEXT);
END;
