import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { RESOURCE_TYPES } from "../../../domain/access.ts";
import { AUDIT_ACTIONS, AUDIT_TARGETS } from "../../../domain/audit.ts";

/** People and jobs that sign in by name and password. The admin from the server's settings is not among them. */
export const users = sqliteTable(
  "users",
  {
    userId: integer("user_id").primaryKey({ autoIncrement: true }),
    username: text("username").notNull(),
    /** In the format of services/access/passwords.ts. */
    passwordHash: text("password_hash").notNull(),
    /** A random number of 53 bits. Each change of the password gives a new one. */
    stamp: integer("stamp").notNull(),
    isAdmin: integer("is_admin", { mode: "boolean" }).notNull(),
    creationTimeMs: integer("creation_time").notNull(),
  },
  (table) => [uniqueIndex("users_username").on(table.username)],
);

/** Roles. A user's own grants belong to a role that only this user has, with the user as its owner. */
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

/** Grants name experiments and registered models by their row ids, which are never reused and do not change on a rename. */
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

/**
 * Who did what to users, passwords, tokens, roles, grants, sign-ins, things in the trash, stages and aliases. An entry is
 * written in the transaction of the change. Rows are only added; triggers refuse changes and deletions.
 */
export const auditLog = sqliteTable(
  "audit_log",
  {
    /** Begins with the time, so that the key orders the entries (domain/audit.ts). */
    entryId: text("entry_id").primaryKey(),
    timeMs: integer("time").notNull(),
    username: text("username").notNull(),
    /** How the caller signed in: `password`, `token <id>`, `sign-in <id>`, `access`, `settings`, `open` or `none`. */
    credential: text("credential").notNull(),
    /** The client's address, if it is known. */
    address: text("address").notNull(),
    requestId: text("request_id").notNull(),
    action: text("action", { enum: AUDIT_ACTIONS }).notNull(),
    targetType: text("target_type", { enum: AUDIT_TARGETS }).notNull(),
    /** The id or name of the thing; never a secret. */
    targetId: text("target_id").notNull(),
    /** What the change was, as a JSON object without secrets. */
    detail: text("detail").notNull(),
  },
  (table) => [
    index("audit_log_by_user").on(table.username, table.entryId),
    index("audit_log_by_action").on(table.action, table.entryId),
    index("audit_log_by_target").on(table.targetType, table.targetId, table.entryId),
  ],
);

/** Tokens with which jobs sign in, in a user's name. They are deleted with the user. */
export const apiTokens = sqliteTable(
  "api_tokens",
  {
    /** The part of a token that is not secret (domain/api-token.ts). */
    tokenId: text("token_id").primaryKey(),
    userId: integer("user_id").notNull(),
    /** What the token is for, in its creator's words. */
    name: text("name").notNull(),
    /** HMAC-SHA-256 of the secret part, in hex, with a key that is not in this database. */
    secretHash: text("secret_hash").notNull(),
    /** The HMAC of the secret before the last rotation, which is valid until `previous_until`. */
    previousHash: text("previous_hash"),
    previousUntilMs: integer("previous_until"),
    /** Names of `SCOPES`, separated by blanks. */
    scopes: text("scopes").notNull(),
    /**
     * The experiments that the token is limited to, as a JSON list of ids; null for all experiments that the user may
     * access.
     */
    experimentIds: text("experiment_ids"),
    creationTimeMs: integer("creation_time").notNull(),
    /** When the token expires; null for never. */
    expirationTimeMs: integer("expiration_time"),
    /** Accurate to a quarter of an hour; null if the token was never used. */
    lastUsedTimeMs: integer("last_used_time"),
  },
  (table) => [uniqueIndex("api_tokens_by_user").on(table.userId, table.name)],
);

/**
 * Signed links, which let whoever has one read a run, some runs, an experiment or a file. They are deleted with their maker,
 * and with the only thing that they show.
 */
export const links = sqliteTable(
  "links",
  {
    /** The part of a link's address that is not secret. */
    linkId: text("link_id").primaryKey(),
    /** The maker, whose right to read the link needs; 0 for the admin of the server's settings, and for an open server. */
    userId: integer("user_id").notNull(),
    /** HMAC-SHA-256 of the secret, in hex, with a key that is not in this database. */
    secretHash: text("secret_hash").notNull(),
    /** What the link is for, in its maker's words. */
    name: text("name").notNull(),
    /** The experiments that the link shows, as a JSON list of ids; null for a link to runs or a file. */
    experimentIds: text("experiment_ids"),
    /** The runs that the link shows, or the one run that has the file, as a JSON list of ids. */
    runIds: text("run_ids"),
    /** The logged model that has the file. */
    modelId: text("model_id"),
    /** The file or folder that the link shows; null for a link to runs or experiments. */
    path: text("path"),
    /** The address within the web UI that the link opens; empty for the thing's own page. */
    address: text("address").notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    expirationTimeMs: integer("expiration_time").notNull(),
    /** Accurate to a quarter of an hour; null if the link was never opened. */
    lastUsedTimeMs: integer("last_used_time"),
  },
  (table) => [
    index("links_by_user").on(table.userId, table.creationTimeMs),
    index("links_by_experiments").on(table.experimentIds).where(sql`experiment_ids IS NOT NULL`),
    index("links_by_runs").on(table.runIds).where(sql`run_ids IS NOT NULL`),
    index("links_by_model").on(table.modelId).where(sql`model_id IS NOT NULL`),
  ],
);

/** Browsers that are signed in. When a user's stamp changes, a trigger deletes all sign-ins of the user. */
export const signIns = sqliteTable(
  "sign_ins",
  {
    signInId: integer("sign_in_id").primaryKey({ autoIncrement: true }),
    /**
     * Digest of the cookie, with a key that is not in this database: reading or writing this table is not enough to forge a
     * cookie.
     */
    digest: text("digest").notNull(),
    /** 0 for the admin from the server's settings. */
    userId: integer("user_id").notNull(),
    /** The user's stamp, or a stamp derived from the admin's secrets. */
    stamp: integer("stamp").notNull(),
    creationTimeMs: integer("creation_time").notNull(),
    /** At most a quarter of an hour late. */
    lastSeenTimeMs: integer("last_seen_time").notNull(),
    userAgent: text("user_agent").notNull(),
    /** The client's address; empty unless a trusted proxy gives it. */
    address: text("address").notNull(),
  },
  (table) => [
    uniqueIndex("sign_ins_digest").on(table.digest),
    index("sign_ins_by_user").on(table.userId),
    index("sign_ins_by_last_seen").on(table.lastSeenTimeMs),
  ],
);

/** Users of a single sign-on provider, by an identifier that the provider never reuses. */
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
