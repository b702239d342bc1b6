CREATE TABLE `role_permissions` (
	`role_id` integer NOT NULL,
	`resource_type` text NOT NULL,
	`resource_pattern` text NOT NULL,
	`level` integer NOT NULL,
	PRIMARY KEY(`role_id`, `resource_type`, `resource_pattern`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `role_permissions_by_resource` ON `role_permissions` (`resource_type`,`resource_pattern`);--> statement-breakpoint
CREATE TABLE `roles` (
	`role_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`owner_id` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `roles_name` ON `roles` (`name`);--> statement-breakpoint
CREATE UNIQUE INDEX `roles_owner` ON `roles` (`owner_id`);--> statement-breakpoint
CREATE TABLE `user_roles` (
	`user_id` integer NOT NULL,
	`role_id` integer NOT NULL,
	PRIMARY KEY(`user_id`, `role_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `user_roles_by_role` ON `user_roles` (`role_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`user_id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`username` text NOT NULL,
	`password_hash` text NOT NULL,
	`stamp` integer NOT NULL,
	`is_admin` integer NOT NULL,
	`creation_time` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_username` ON `users` (`username`);--> statement-breakpoint
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
CREATE TRIGGER `registered_models_delete_grants` AFTER DELETE ON `registered_models`
BEGIN
  DELETE FROM role_permissions
  WHERE resource_type IN ('registered_model', 'prompt') AND resource_pattern = CAST(OLD.registered_model_id AS TEXT);
END;
