import { alreadyExists, doesNotExist, invalidParameter } from "../../domain/errors.ts";
import { checkLength } from "../../domain/names.ts";
import {
  type Assignment,
  deleteAssignment,
  deleteRolePermission,
  deleteRole as deleteRoleRow,
  findAssignments,
  findRolePermission,
  findRoles,
  insertAssignment,
  insertRole,
  insertRolePermission,
  type Role,
  type RolePermission,
  updateRolePermission as updatePermissionRow,
  updateRole as updateRoleRow,
} from "../../stores/d1/access/roles.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { patternOf, requireGrant, requireUser } from "./grants.ts";
import { changed } from "./memory.ts";

const MAX_NAME_LENGTH = 255;
const MAX_DESCRIPTION_LENGTH = 5000;
/** The only workspace, since this server has no workspaces. */
export const WORKSPACE = "default";

/** @throws MlflowError RESOURCE_ALREADY_EXISTS, or INVALID_PARAMETER_VALUE */
export async function createRole(
  ctx: ServiceContext,
  { name, workspace, description }: { name: string; workspace: string; description?: string | undefined },
): Promise<Role> {
  if (workspace !== WORKSPACE) throw invalidParameter(`There are no workspaces but '${WORKSPACE}'.`);
  checkRole(name, description);
  try {
    const writes = recorded(ctx, { action: "role.create", targetType: "role", targetId: name });
    const roleId = await insertRole(writes, name, description);
    return { roleId, name, description, permissions: [] };
  } catch (error) {
    throw isDuplicate(error, "roles.name") ? nameTaken(name) : error;
  }
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function getRole(ctx: ServiceContext, roleId: number): Promise<Role> {
  const [role] = await findRoles(ctx.db, { roleId });
  if (role === undefined) throw roleNotFound(roleId);
  return role;
}

/** @param workspaces an empty list means all */
export async function listRoles(ctx: ServiceContext, workspaces: readonly string[]): Promise<Role[]> {
  return workspaces.length === 0 || workspaces.includes(WORKSPACE) ? await findRoles(ctx.db) : [];
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST, RESOURCE_ALREADY_EXISTS or INVALID_PARAMETER_VALUE */
export async function updateRole(
  ctx: ServiceContext,
  roleId: number,
  change: { readonly name?: string | undefined; readonly description?: string | undefined },
): Promise<Role> {
  if (change.name === undefined && change.description === undefined) {
    throw invalidParameter("At least one of 'name' or 'description' must be provided.");
  }
  checkRole(change.name, change.description);
  try {
    const writes = recorded(ctx, { action: "role.update", ...(await roleTarget(ctx, roleId)), detail: change });
    if (!(await updateRoleRow(writes, roleId, change))) throw roleNotFound(roleId);
  } catch (error) {
    throw isDuplicate(error, "roles.name") ? nameTaken(change.name ?? "") : error;
  }
  return await getRole(ctx, roleId);
}

/** Deletes a role with its permissions and assignments. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function deleteRole(ctx: ServiceContext, roleId: number): Promise<void> {
  const writes = recorded(ctx, { action: "role.delete", ...(await roleTarget(ctx, roleId)) });
  if (!(await changed(deleteRoleRow(writes, roleId)))) throw roleNotFound(roleId);
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST, RESOURCE_ALREADY_EXISTS or INVALID_PARAMETER_VALUE */
export async function addRolePermission(
  ctx: ServiceContext,
  asked: { roleId: number; resourceType: string; resourcePattern: string; permission: string },
): Promise<RolePermission> {
  const { roleId, resourcePattern: told } = asked;
  const { type, level } = requireGrant(asked.resourceType, asked.permission);
  const pattern = await patternOf(ctx, type, told);
  try {
    const key = { roleId, type, pattern, level };
    const writes = await recordedPermission(ctx, { ...key, pattern: told }, asked.permission);
    const permissionId = await changed(insertRolePermission(writes, key));
    if (permissionId === undefined) throw roleNotFound(roleId);
    return { permissionId, roleId, type, pattern: told, level };
  } catch (error) {
    if (!isDuplicate(error, "role_permissions.role_id")) throw error;
    const names = `role_id=${roleId}, resource_type=${type}, resource_pattern=${told}`;
    throw alreadyExists(`Role permission (${names}) already exists.`);
  }
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST or INVALID_PARAMETER_VALUE */
export async function updateRolePermission(
  ctx: ServiceContext,
  permissionId: number,
  permission: string,
): Promise<RolePermission> {
  const found = await findRolePermission(ctx.db, permissionId);
  if (found === undefined) throw permissionNotFound(permissionId);
  const { level } = requireGrant(found.type, permission);
  const writes = await recordedPermission(ctx, found, permission);
  if (!(await changed(updatePermissionRow(writes, permissionId, level)))) throw permissionNotFound(permissionId);
  return { ...found, level };
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function removeRolePermission(ctx: ServiceContext, permissionId: number): Promise<void> {
  const found = await findRolePermission(ctx.db, permissionId);
  if (found === undefined) throw permissionNotFound(permissionId);
  const writes = await recordedPermission(ctx, found, null);
  if (!(await changed(deleteRolePermission(writes, permissionId)))) throw permissionNotFound(permissionId);
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST or RESOURCE_ALREADY_EXISTS */
export async function assignRole(ctx: ServiceContext, username: string, roleId: number): Promise<Assignment> {
  const { userId } = await requireUser(ctx, username);
  try {
    const writes = recorded(ctx, { action: "role.assign", ...(await roleTarget(ctx, roleId)), detail: { username } });
    const assignmentId = await changed(insertAssignment(writes, userId, roleId));
    if (assignmentId === undefined) throw roleNotFound(roleId);
    return { assignmentId, userId, roleId };
  } catch (error) {
    if (!isDuplicate(error, "user_roles.user_id")) throw error;
    throw alreadyExists(`User role assignment (user_id=${userId}, role_id=${roleId}) already exists`);
  }
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function unassignRole(ctx: ServiceContext, username: string, roleId: number): Promise<void> {
  const { userId } = await requireUser(ctx, username);
  const writes = recorded(ctx, { action: "role.unassign", ...(await roleTarget(ctx, roleId)), detail: { username } });
  if (await changed(deleteAssignment(writes, userId, roleId))) return;
  throw doesNotExist(`User role assignment (user_id=${userId}, role_id=${roleId}) not found`);
}

/** A role as the target of an entry in the audit log. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
async function roleTarget(ctx: ServiceContext, roleId: number) {
  return { targetType: "role", targetId: (await getRole(ctx, roleId)).name } as const;
}

/** The database for a change of a role's permission on something. @param permission null where it is removed */
async function recordedPermission(
  ctx: ServiceContext,
  { roleId, type, pattern }: Pick<RolePermission, "roleId" | "type" | "pattern">,
  permission: string | null,
) {
  const detail = { resource_type: type, resource_pattern: pattern, permission };
  return recorded(ctx, { action: "role.permission", ...(await roleTarget(ctx, roleId)), detail });
}

export async function listRolesOf(ctx: ServiceContext, username: string): Promise<Role[]> {
  const { userId } = await requireUser(ctx, username);
  return await findRoles(ctx.db, { userId });
}

/** The assignments of one role. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function listAssignments(ctx: ServiceContext, roleId: number): Promise<Assignment[]> {
  await getRole(ctx, roleId);
  return await findAssignments(ctx.db, roleId);
}

/** Every user's roles, by user id. */
export async function rolesByUser(ctx: ServiceContext): Promise<Map<number, Role[]>> {
  const [roles, assignments] = await Promise.all([findRoles(ctx.db), findAssignments(ctx.db, undefined)]);
  const byId = new Map(roles.map((role) => [role.roleId, role]));
  const byUser = Map.groupBy(assignments, ({ userId }) => userId);
  return new Map([...byUser].map(([userId, held]) => [userId, held.flatMap(({ roleId }) => byId.get(roleId) ?? [])]));
}

function checkRole(name: string | undefined, description: string | undefined): void {
  if (name !== undefined) {
    checkLength("role name", name, MAX_NAME_LENGTH);
    if (/\p{Cc}/u.test(name) || name.trim() !== name) {
      throw invalidParameter("A role's name may not contain control characters, nor begin or end with a blank.");
    }
    // These names belong to the roles that hold users' own grants.
    if (/^__user_\d+__$/.test(name)) throw invalidParameter(`The name '${name}' is reserved.`);
  }
  if (description !== undefined) checkLength("description", description, MAX_DESCRIPTION_LENGTH);
}

const nameTaken = (name: string) => alreadyExists(`Role (name=${name}, workspace=${WORKSPACE}) already exists.`);
const roleNotFound = (roleId: number) => doesNotExist(`Role with id=${roleId} not found`);
const permissionNotFound = (id: number) => doesNotExist(`Role permission with id=${id} not found`);
