import type { ResourceType } from "../../../domain/access.ts";
import type { Database } from "../connection/database.ts";
import type { rolePermissions, roles, userRoles } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";
import { PATTERN_AS_TOLD } from "./grants.ts";

/** A shared role. The roles that hold users' own grants are never shown. */
export interface Role {
  readonly roleId: number;
  readonly name: string;
  readonly description: string | undefined;
  readonly permissions: readonly RolePermission[];
}

/** A permission of a role; it names registered models by name. */
export interface RolePermission {
  readonly permissionId: number;
  readonly roleId: number;
  readonly type: ResourceType;
  readonly pattern: string;
  readonly level: number;
}

export interface Assignment {
  readonly assignmentId: number;
  readonly roleId: number;
  readonly userId: number;
}

type PermissionRow = Pick<
  StoredRow<typeof rolePermissions>,
  "permission_id" | "role_id" | "resource_type" | "level"
> & { readonly pattern: string };

const SHARED = "r.owner_id IS NULL";

/** Roles in the order of their ids. @param userId only this user's roles, roleId only this role; undefined for no limit */
export async function findRoles(
  db: D1Database,
  { userId, roleId }: { readonly userId?: number; readonly roleId?: number } = {},
): Promise<Role[]> {
  const where = `${SHARED} AND r.role_id = coalesce(?1, r.role_id)
    AND (?2 IS NULL OR EXISTS (SELECT 1 FROM user_roles ur WHERE ur.role_id = r.role_id AND ur.user_id = ?2))`;
  const bound = [roleId ?? null, userId ?? null];
  const [found, held] = (await db.batch([
    db.prepare(`SELECT r.* FROM roles r WHERE ${where} ORDER BY r.role_id`).bind(...bound),
    db
      .prepare(
        `SELECT g.permission_id, g.role_id, g.resource_type, g.level, ${PATTERN_AS_TOLD} AS pattern
         FROM roles r JOIN role_permissions g ON g.role_id = r.role_id WHERE ${where} ORDER BY g.permission_id`,
      )
      .bind(...bound),
  ])) as unknown as [D1Result<StoredRow<typeof roles>>, D1Result<PermissionRow>];
  const permissions = Map.groupBy(held.results.map(toPermission), (one) => one.roleId);
  return found.results.map((row) => ({
    roleId: row.role_id,
    name: row.name,
    description: row.description ?? undefined,
    permissions: permissions.get(row.role_id) ?? [],
  }));
}

function toPermission(row: PermissionRow): RolePermission {
  return {
    permissionId: row.permission_id,
    roleId: row.role_id,
    type: row.resource_type,
    pattern: row.pattern,
    level: row.level,
  };
}

/** @returns the new id. @throws the UNIQUE error of `roles.name` */
export async function insertRole(db: Database, name: string, description: string | undefined): Promise<number> {
  const row = await db
    .prepare("INSERT INTO roles (name, description) VALUES (?, ?) RETURNING role_id")
    .bind(name, description ?? null)
    .first<Pick<StoredRow<typeof roles>, "role_id">>();
  return row!.role_id;
}

/** @returns whether there is such a role. @throws the UNIQUE error of `roles.name` */
export async function updateRole(
  db: Database,
  roleId: number,
  { name, description }: { readonly name?: string | undefined; readonly description?: string | undefined },
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE roles AS r SET name = coalesce(?2, name), description = coalesce(?3, description)
       WHERE r.role_id = ?1 AND ${SHARED}`,
    )
    .bind(roleId, name ?? null, description ?? null)
    .run();
  return meta.changes > 0;
}

/** Deletes a role with its permissions and assignments. @returns whether there was such a role. */
export async function deleteRole(db: Database, roleId: number): Promise<boolean> {
  const sql = "DELETE FROM roles WHERE role_id = ? AND owner_id IS NULL RETURNING role_id";
  return (await db.prepare(sql).bind(roleId).first()) !== null;
}

/** @returns the new id; undefined if there is no such role. @throws the UNIQUE error of `role_permissions.role_id` */
export async function insertRolePermission(
  db: Database,
  { roleId, type, pattern, level }: Omit<RolePermission, "permissionId">,
): Promise<number | undefined> {
  const row = await db
    .prepare(
      `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, level)
       SELECT r.role_id, ?2, ?3, ?4 FROM roles r WHERE r.role_id = ?1 AND ${SHARED} RETURNING permission_id`,
    )
    .bind(roleId, type, pattern, level)
    .first<Pick<StoredRow<typeof rolePermissions>, "permission_id">>();
  return row?.permission_id;
}

const OF_SHARED = `permission_id = ?1 AND role_id IN (SELECT r.role_id FROM roles r WHERE ${SHARED})`;

export async function findRolePermission(db: D1Database, permissionId: number): Promise<RolePermission | undefined> {
  const row = await db
    .prepare(
      `SELECT g.permission_id, g.role_id, g.resource_type, g.level, ${PATTERN_AS_TOLD} AS pattern
       FROM role_permissions g WHERE ${OF_SHARED}`,
    )
    .bind(permissionId)
    .first<PermissionRow>();
  return row === null ? undefined : toPermission(row);
}

/** @returns whether there is such a permission. */
export async function updateRolePermission(db: Database, permissionId: number, level: number): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE role_permissions SET level = ?2 WHERE ${OF_SHARED}`)
    .bind(permissionId, level)
    .run();
  return meta.changes > 0;
}

/** @returns whether there was such a one. */
export async function deleteRolePermission(db: Database, permissionId: number): Promise<boolean> {
  const { meta } = await db.prepare(`DELETE FROM role_permissions WHERE ${OF_SHARED}`).bind(permissionId).run();
  return meta.changes > 0;
}

/** @returns the new id; undefined if there is no such role. @throws the UNIQUE error of `user_roles.user_id` */
export async function insertAssignment(db: Database, userId: number, roleId: number): Promise<number | undefined> {
  const row = await db
    .prepare(
      `INSERT INTO user_roles (user_id, role_id)
       SELECT u.user_id, r.role_id FROM users u JOIN roles r WHERE u.user_id = ? AND r.role_id = ? AND ${SHARED}
       RETURNING assignment_id`,
    )
    .bind(userId, roleId)
    .first<Pick<StoredRow<typeof userRoles>, "assignment_id">>();
  return row?.assignment_id;
}

/** @returns whether there was such a one. */
export async function deleteAssignment(db: Database, userId: number, roleId: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `DELETE FROM user_roles WHERE user_id = ? AND role_id = ?
       AND role_id IN (SELECT r.role_id FROM roles r WHERE ${SHARED})`,
    )
    .bind(userId, roleId)
    .run();
  return meta.changes > 0;
}

/** The assignments of one role, or of all roles, in the order of their ids. */
export async function findAssignments(db: D1Database, roleId: number | undefined): Promise<Assignment[]> {
  const { results } = await db
    .prepare(
      `SELECT ur.* FROM user_roles ur JOIN roles r ON r.role_id = ur.role_id
       WHERE ${SHARED} AND r.role_id = coalesce(?, r.role_id) ORDER BY ur.assignment_id`,
    )
    .bind(roleId ?? null)
    .all<StoredRow<typeof userRoles>>();
  return results.map((row) => ({ assignmentId: row.assignment_id, roleId: row.role_id, userId: row.user_id }));
}
