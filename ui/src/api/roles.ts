import { queryOptions } from "@tanstack/react-query";
import { deleteJson, getJson, patchJson, postJson } from "./client.ts";
import type { GrantLevel } from "./grants.ts";

const ROLES = "ajax-api/3.0/mlflow/roles";

/** The kinds of things that a role's grants are on. Grants on runs and logged models are on all of them. */
export const ROLE_TYPES = ["experiment", "registered_model", "prompt", "run", "logged_model"] as const;
export type RoleType = (typeof ROLE_TYPES)[number];

export interface RoleGrant {
  id: number;
  resource_type: RoleType;
  /** An experiment's id, a model's or prompt's name, or `*`. */
  resource_pattern: string;
  permission: GrantLevel;
}

export interface Role {
  id: number;
  name: string;
  description?: string | null;
  permissions: RoleGrant[];
}

/** All roles, for admins. */
export const rolesQuery = () =>
  queryOptions({
    queryKey: ["roles"],
    queryFn: async ({ signal }) => (await getJson<{ roles: Role[] }>(`${ROLES}/list`, undefined, signal)).roles,
  });

/** The ids of a role's members. */
export const membersQuery = (roleId: number) =>
  queryOptions({
    queryKey: ["roles", roleId, "members"],
    queryFn: async ({ signal }) =>
      (
        await getJson<{ assignments: { user_id: number }[] }>(`${ROLES}/users/list`, { role_id: roleId }, signal)
      ).assignments.map(({ user_id }) => user_id),
  });

export function createRole(role: { name: string; description?: string }): Promise<unknown> {
  return postJson(`${ROLES}/create`, { workspace: "default", ...role });
}

export function updateRole(role: { role_id: number; name: string; description: string }): Promise<unknown> {
  return patchJson(`${ROLES}/update`, role);
}

export function deleteRole(role_id: number): Promise<unknown> {
  return deleteJson(`${ROLES}/delete`, { role_id });
}

export function addRoleGrant(grant: Omit<RoleGrant, "id"> & { role_id: number }): Promise<unknown> {
  return postJson(`${ROLES}/permissions/add`, grant);
}

export function changeRoleGrant(grant: { role_permission_id: number; permission: GrantLevel }): Promise<unknown> {
  return patchJson(`${ROLES}/permissions/update`, grant);
}

export function removeRoleGrant(role_permission_id: number): Promise<unknown> {
  return deleteJson(`${ROLES}/permissions/remove`, { role_permission_id });
}

export function addMember(member: { role_id: number; username: string }): Promise<unknown> {
  return postJson(`${ROLES}/assign`, member);
}

export function removeMember(member: { role_id: number; username: string }): Promise<unknown> {
  return deleteJson(`${ROLES}/unassign`, member);
}
