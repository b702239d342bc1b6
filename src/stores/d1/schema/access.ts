import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { RESOURCE_TYPES } from "../../../domain/access.ts";

/** People and jobs that sign in by name and password. The admin of the server's settings is none of them. */
export const users = sqliteTable(
  "users",
  {
    userId: integer("user_id").primaryKey({ autoIncrement: true }),
    username: text("username").notNull(),
    /** As services/access/passwords.ts writes it. */
    passwordHash: text("password_hash").notNull(),
    /** A random number of 53 bits, another after each change of the password. */
    stamp: integer("stamp").notNull(),
    isAdmin: integer("is_admin", { mode: "boolean" }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
  },
  (table) => [uniqueIndex("users_username").on(table.username)],
);

/** A user's own grants are those of a role of the user alone, whose owner the user is. */
export const roles = sqliteTable(
  "roles",
  {
    roleId: integer("role_id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    description: text("description"),
    ownerId: integer("owner_id"),
  },
  (table) => [uniqueIndex("roles_name").on(table.name), uniqueIndex("roles_owner").on(table.ownerId)],
);

export const userRoles = sqliteTable(
  "user_roles",
  {
    userId: integer("user_id").notNull(),
    roleId: integer("role_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.roleId] }), index("user_roles_by_role").on(table.roleId)],
);

/** Grants name experiments and registered models by their row ids, which are never given again and outlive a rename. */
export const rolePermissions = sqliteTable(
  "role_permissions",
  {
    roleId: integer("role_id").notNull(),
    resourceType: text("resource_type", { enum: RESOURCE_TYPES }).notNull(),
    /** An id, or `*`. */
    resourcePattern: text("resource_pattern").notNull(),
    level: integer("level").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.roleId, table.resourceType, table.resourcePattern] }),
    index("role_permissions_by_resource").on(table.resourceType, table.resourcePattern),
  ],
);
