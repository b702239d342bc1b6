import { permissionOfLevel } from "../services/access/grants.ts";
import {
  addRolePermission,
  assignRole,
  createRole,
  deleteRole,
  getRole,
  listAssignments,
  listRoles,
  listRolesOf,
  removeRolePermission,
  unassignRole,
  updateRole,
  updateRolePermission,
  WORKSPACE,
} from "../services/access/roles.ts";
import type { Assignment, Role, RolePermission } from "../stores/d1/access/roles.ts";
import { id, type Message, message, repeated, required, safeInteger, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Method, type Permission, type Route, route } from "../wire/route.ts";
import { onAccount, onServer } from "./permissions.ts";

export function roleToWire({ roleId, name, description, permissions }: Role): object {
  return {
    id: roleId,
    name,
    workspace: WORKSPACE,
    description: description ?? null,
    permissions: permissions.map(permissionToWire),
  };
}

function permissionToWire({ permissionId, roleId, type, pattern, level }: RolePermission): object {
  return {
    id: permissionId,
    role_id: roleId,
    resource_type: type,
    resource_pattern: pattern,
    permission: permissionOfLevel(level),
  };
}

function assignmentToWire({ assignmentId, roleId, userId }: Assignment): object {
  return { id: assignmentId, role_id: roleId, user_id: userId };
}

const roleId = message({ roleId: required(safeInteger) });
const named = message({ username: required(string) });
const assigned = message({ username: required(string), roleId: required(safeInteger) });
const permissionId = { rolePermissionId: required(safeInteger) };

function rolesRoute<Input>(
  method: Method,
  path: string,
  permission: Permission<Input>,
  input: Message<Input>,
  handle: Route<Input>["handle"],
): Route {
  return route({ method, paths: apiPaths(`/mlflow/${path}`, "3.0"), permission, input, handle });
}

const admin = onServer("MANAGE");

/** Roles, which several users share, in MLflow's REST API. Only admins create and read roles: they show users' rights. */
export const rolesRoutes: readonly Route[] = [
  rolesRoute(
    "POST",
    "roles/create",
    admin,
    message({ name: required(string), workspace: required(string), description: string }),
    async ({ ctx, input }) => json({ role: roleToWire(await createRole(ctx, input)) }),
  ),
  rolesRoute("GET", "roles/get", admin, roleId, async ({ ctx, input }) =>
    json({ role: roleToWire(await getRole(ctx, input.roleId)) }),
  ),
  rolesRoute("GET", "roles/list", admin, message({ workspace: repeated(string) }), async ({ ctx, input }) =>
    json({ roles: (await listRoles(ctx, input.workspace ?? [])).map(roleToWire) }),
  ),
  rolesRoute(
    "PATCH",
    "roles/update",
    admin,
    message({ roleId: required(safeInteger), name: string, description: string }),
    async ({ ctx, input: { roleId, ...change } }) => json({ role: roleToWire(await updateRole(ctx, roleId, change)) }),
  ),
  rolesRoute("DELETE", "roles/delete", admin, roleId, async ({ ctx, input }) => {
    await deleteRole(ctx, input.roleId);
    return json({});
  }),
  rolesRoute(
    "POST",
    "roles/permissions/add",
    admin,
    message({
      roleId: required(safeInteger),
      resourceType: required(string),
      resourcePattern: required(id),
      permission: required(string),
    }),
    async ({ ctx, input }) => json({ role_permission: permissionToWire(await addRolePermission(ctx, input)) }),
  ),
  rolesRoute(
    "PATCH",
    "roles/permissions/update",
    admin,
    message({ ...permissionId, permission: required(string) }),
    async ({ ctx, input: { rolePermissionId, permission } }) =>
      json({ role_permission: permissionToWire(await updateRolePermission(ctx, rolePermissionId, permission)) }),
  ),
  rolesRoute("DELETE", "roles/permissions/remove", admin, message(permissionId), async ({ ctx, input }) => {
    await removeRolePermission(ctx, input.rolePermissionId);
    return json({});
  }),
  rolesRoute("GET", "roles/permissions/list", admin, roleId, async ({ ctx, input }) =>
    json({ role_permissions: (await getRole(ctx, input.roleId)).permissions.map(permissionToWire) }),
  ),
  rolesRoute("POST", "roles/assign", admin, assigned, async ({ ctx, input }) =>
    json({ assignment: assignmentToWire(await assignRole(ctx, input.username, input.roleId)) }),
  ),
  rolesRoute("DELETE", "roles/unassign", admin, assigned, async ({ ctx, input }) => {
    await unassignRole(ctx, input.username, input.roleId);
    return json({});
  }),
  rolesRoute("GET", "users/roles/list", onAccount, named, async ({ ctx, input }) =>
    json({ roles: (await listRolesOf(ctx, input.username)).map(roleToWire) }),
  ),
  rolesRoute("GET", "roles/users/list", admin, roleId, async ({ ctx, input }) =>
    json({ assignments: (await listAssignments(ctx, input.roleId)).map(assignmentToWire) }),
  ),
];
