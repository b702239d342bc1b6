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
    assignmentId: integer("assignment_id").primaryKey({ autoIncrement: true }),
    userId: integer("user_id").notNull(),
    roleId: integer("role_id").notNull(),
  },
  (table) => [
    uniqueIndex("user_roles_by_user").on(table.userId, table.roleId),
    index("user_roles_by_role").on(table.roleId),
  ],
);

/** Grants name experiments and registered models by their row ids, which are never given again and outlive a rename. */
export const rolePermissions = sqliteTable(
  "role_permissions",
  {
    permissionId: integer("permission_id").primaryKey({ autoIncrement: true }),
    roleId: integer("role_id").notNull(),
    resourceType: text("resource_type", { enum: RESOURCE_TYPES }).notNull(),
    /** An id, or `*`. */
    resourcePattern: text("resource_pattern").notNull(),
    level: integer("level").notNull(),
  },
  (table) => [
    uniqueIndex("role_permissions_by_role").on(table.roleId, table.resourceType, table.resourcePattern),
    index("role_permissions_by_resource").on(table.resourceType, table.resourcePattern),
  ],
);

/** Who did what to users, tokens, grants, deletions and stages. Rows are added and never changed, which triggers see to. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    entryId: integer("entry_id").primaryKey({ autoIncrement: true }),
    timeMs: integer("time").notNull(),
    username: text("username").notNull(),
    /** How the caller signed in: `password`, `token <id>`, `sign-in <id>`, or `settings`. */
    credential: text("credential").notNull(),
    /** Of the client, where it is known. */
    address: text("address").notNull(),
    requestId: text("request_id").notNull(),
    /** As the route is called: `users/create`. */
    action: text("action").notNull(),
    /** What of the request says on what it was done, as JSON; no secret is. */
    subject: text("subject").notNull(),
  },
  (table) => [index("audit_log_by_user").on(table.username, table.entryId)],
);

/** What jobs sign in by, in a user's name. Gone with the user. */
export const apiTokens = sqliteTable(
  "api_tokens",
  {
    /** The part of a token that is no secret (domain/api-token.ts). */
    tokenId: text("token_id").primaryKey(),
    userId: integer("user_id").notNull(),
    /** What it is for, in its maker's words. */
    name: text("name").notNull(),
    /** HMAC-SHA-256 of the secret part, in hex, by a key that is not in this database. */
    secretHash: text("secret_hash").notNull(),
    /** The same of the secret before the last rotation, which opens until `previous_until`. */
    previousHash: text("previous_hash"),
    previousUntilMs: integer("previous_until"),
    /** Names of `SCOPES` with blanks between. */
    scopes: text("scopes").notNull(),
    /** The only experiments that it opens, as a JSON list of ids; null for every one that the user has. */
    experimentIds: text("experiment_ids"),
    creationTimeMs: integer("creation_time").notNull(),
    /** From when on it opens nothing; null for never. */
    expirationTimeMs: integer("expiration_time"),
    /** To a quarter of an hour; null while it was not used. */
    lastUsedTimeMs: integer("last_used_time"),
  },
  (table) => [uniqueIndex("api_tokens_by_user").on(table.userId, table.name)],
);

/** Browsers that are signed in. A change of a user's stamp ends all of the user's, by a trigger. */
export const signIns = sqliteTable(
  "sign_ins",
  {
    signInId: integer("sign_in_id").primaryKey({ autoIncrement: true }),
    /** Of the cookie, by a key that is not in this database: who reads or writes this table can make no cookie of it. */
    digest: text("digest").notNull(),
    /** 0 for the admin of the server's settings. */
    userId: integer("user_id").notNull(),
    /** The user's, or one that is made of the admin's secrets. */
    stamp: integer("stamp").notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    /** A quarter of an hour late at most. */
    lastSeenTimeMs: integer("last_seen_time").notNull(),
    userAgent: text("user_agent").notNull(),
    /** Of the client; empty where no proxy that is trusted tells it. */
    address: text("address").notNull(),
  },
  (table) => [
    uniqueIndex("sign_ins_digest").on(table.digest),
    index("sign_ins_by_user").on(table.userId),
    index("sign_ins_by_last_seen").on(table.lastSeenTimeMs),
  ],
);

/** Whom a provider of single sign-on names, by what it never gives to another. */
export const userIdentities = sqliteTable(
  "user_identities",
  {
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    userId: integer("user_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.subject] }),
    index("user_identities_by_user").on(table.userId),
  ],
);
