import { GRANT_LEVELS, type ResourceType } from "../../../domain/access.ts";
import type { Database, Statement } from "../connection/database.ts";
import type { rolePermissions, roles } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";
import { typeOfRegisteredModel } from "./levels.ts";

/** A user's own grant on one thing, by the row id of an experiment or registered model, or `*`. */
export interface GrantKey {
  readonly userId: number;
  readonly type: ResourceType;
  readonly pattern: string;
}

/** @throws the UNIQUE error of `role_permissions.role_id` if the user already has a grant on the thing. */
export async function insertGrant(db: Database, { userId, type, pattern }: GrantKey, level: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level)
       SELECT role_id, ?2, ?3, ?4 FROM roles WHERE owner_id = ?1`,
    )
    .bind(userId, type, pattern, level)
    .run();
}

/** @returns whether there was such a grant. */
export async function deleteGrant(db: Database, { userId, type, pattern }: GrantKey): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `DELETE FROM role_permissions WHERE role_id = (SELECT role_id FROM roles WHERE owner_id = ?1)
       AND resource_type = ?2 AND resource_pattern = ?3`,
    )
    .bind(userId, type, pattern)
    .run();
  return meta.changes > 0;
}

/** @returns whether there is such a grant. */
export async function updateGrant(db: Database, { userId, type, pattern }: GrantKey, level: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE role_permissions SET level = ?4 WHERE role_id = (SELECT role_id FROM roles WHERE owner_id = ?1)
       AND resource_type = ?2 AND resource_pattern = ?3`,
    )
    .bind(userId, type, pattern, level)
    .run();
  return meta.changes > 0;
}

/** SQL for the pattern of `role_permissions g` as answers give it: registered models by name. */
export const PATTERN_AS_TOLD = `CASE WHEN g.resource_type IN ('registered_model', 'prompt') AND g.resource_pattern <> '*'
  THEN (SELECT m.name FROM registered_models m WHERE m.registered_model_id = CAST(g.resource_pattern AS INTEGER))
  ELSE g.resource_pattern END`;

/** A grant as answers give it: registered models by name. */
export interface ToldGrant {
  /** Whether the grant is the user's own, and not from a shared role. */
  readonly isOwn: boolean;
  readonly roleId: number;
  readonly roleName: string;
  readonly type: ResourceType;
  readonly pattern: string;
  readonly level: number;
}

/** A user's grants, including grants from roles. */
export async function findGrants(db: D1Database, userId: number): Promise<ToldGrant[]> {
  const { results } = await db
    .prepare(
      `SELECT r.role_id, r.name, r.owner_id, g.resource_type, g.level, ${PATTERN_AS_TOLD} AS pattern
       FROM user_roles ur JOIN roles r ON r.role_id = ur.role_id JOIN role_permissions g ON g.role_id = r.role_id
       WHERE ur.user_id = ? ORDER BY r.role_id, g.resource_type, pattern`,
    )
    .bind(userId)
    .all<
      Pick<StoredRow<typeof roles>, "role_id" | "name" | "owner_id"> &
        Pick<StoredRow<typeof rolePermissions>, "resource_type" | "level"> & { readonly pattern: string }
    >();
  return results.map((row) => ({
    isOwn: row.owner_id !== null,
    roleId: row.role_id,
    roleName: row.name,
    type: row.resource_type,
    pattern: row.pattern,
    level: row.level,
  }));
}

/** Grants MANAGE on an experiment to the user who created it. */
export function grantExperimentStatement(db: Database, userId: number, name: string): Statement {
  return db
    .prepare(
      `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level)
       SELECT r.role_id, 'experiment', CAST(e.experiment_id AS TEXT), ${GRANT_LEVELS.MANAGE}
       FROM roles r JOIN experiments e ON e.name = ?2 WHERE r.owner_id = ?1`,
    )
    .bind(userId, name);
}

/**
 * Grants MANAGE on a registered model to the user who created it. Its tags, which must be written first, tell whether it is
 * a prompt.
 */
export function grantRegisteredModelStatement(db: Database, userId: number, name: string): Statement {
  return db
    .prepare(
      `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level)
       SELECT r.role_id, ${typeOfRegisteredModel("m.registered_model_id")}, CAST(m.registered_model_id AS TEXT), ${GRANT_LEVELS.MANAGE}
       FROM roles r JOIN registered_models m ON m.name = ?2 WHERE r.owner_id = ?1`,
    )
    .bind(userId, name);
}

/** A grant as shown to the managers of the thing: who has the grant, and whether it covers every thing of the kind. */
export interface GrantOnThing {
  /** The user, for a user's own grant; null for a role's grant. */
  readonly username: string | null;
  readonly roleName: string;
  readonly pattern: string;
  readonly level: number;
}

/** All grants that apply to one thing, including grants on every thing of its kind. */
export async function findGrantsOn(db: D1Database, type: ResourceType, pattern: string): Promise<GrantOnThing[]> {
  const { results } = await db
    .prepare(
      `SELECT u.username, r.name, g.resource_pattern, g.level FROM role_permissions g
       JOIN roles r ON r.role_id = g.role_id LEFT JOIN users u ON u.user_id = r.owner_id
       WHERE g.resource_type = ? AND g.resource_pattern IN (?, '*') ORDER BY u.username IS NULL, u.username, r.name`,
    )
    .bind(type, pattern)
    .all<
      Pick<StoredRow<typeof roles>, "name"> &
        Pick<StoredRow<typeof rolePermissions>, "resource_pattern" | "level"> & { readonly username: string | null }
    >();
  return results.map((row) => ({
    username: row.username,
    roleName: row.name,
    pattern: row.resource_pattern,
    level: row.level,
  }));
}

/** Sets a user's own grant, whether or not there is one. */
export async function upsertGrant(db: Database, { userId, type, pattern }: GrantKey, level: number): Promise<void> {
  await db
    .prepare(
      `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level)
       SELECT role_id, ?2, ?3, ?4 FROM roles WHERE owner_id = ?1
       ON CONFLICT DO UPDATE SET level = excluded.level WHERE level <> excluded.level`,
    )
    .bind(userId, type, pattern, level)
    .run();
}
