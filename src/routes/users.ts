import { RESOURCE_TYPES, type ResourceType } from "../domain/access.ts";
import { grant, listGrants, permissionOfLevel, revoke } from "../services/access/grants.ts";
import {
  changePassword,
  createUser,
  currentUser,
  deleteUser,
  getUser,
  listUsers,
  setIsAdmin,
} from "../services/access/users.ts";
import type { ToldGrant } from "../stores/d1/access/grants.ts";
import type { User } from "../stores/d1/access/users.ts";
import { bool, id, message, oneOf, required, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type Resource, type Route, route } from "../wire/route.ts";
import { onList, onServer } from "./permissions.ts";

/** The two lists are what clients of the 2.x era insist on. */
function userToWire({ userId, username, isAdmin }: User): object {
  return { id: userId, username, is_admin: isAdmin, experiment_permissions: [], registered_model_permissions: [] };
}

/** Servers without workspaces name every role's `default`. */
function grantToWire({ roleId, roleName, type, pattern, level }: ToldGrant): object {
  return {
    role_id: roleId,
    role_name: roleName,
    workspace: "default",
    resource_type: type,
    resource_pattern: pattern,
    permission: permissionOfLevel(level),
  };
}

const onAccount: Permission<{ readonly username: string }> = {
  level: "READ",
  on: ({ username }) => [{ kind: "account", username }],
};

const named = message({ username: required(string) });

const grantFields = {
  username: required(string),
  resourceType: required(oneOf(RESOURCE_TYPES)),
  resourceId: required(id),
};

/** Who manages a thing decides who else may use it; of all things of a kind an admin decides. */
export const onGranted: Permission<{ readonly resourceType: ResourceType; readonly resourceId: string }> = {
  level: "MANAGE",
  scope: "admin",
  on: ({ resourceType, resourceId }) => [grantedResource(resourceType, resourceId)],
};

/** What a request for grants names; undefined for all things of a kind. */
export function grantedThing(type: ResourceType, id: string) {
  if (type === "experiment" && id !== "*") return { kind: "experiment", experimentId: id } as const;
  const isModel = (type === "registered_model" || type === "prompt") && id !== "*";
  return isModel ? ({ kind: "registeredModel", name: id } as const) : undefined;
}

/** The same as what must be held: all things of a kind are an admin's. */
export function grantedResource(type: ResourceType, id: string): Resource {
  return grantedThing(type, id) ?? { kind: "server" };
}

/** Users and their own grants, by MLflow's REST (`mlflow/server/auth`). */
export const usersRoutes: readonly Route[] = [
  route({
    method: "POST",
    paths: apiPaths("/mlflow/users/create"),
    permission: onServer("MANAGE"),
    input: message({ username: required(string), password: required(string) }),
    handle: async ({ ctx, input }) => json({ user: userToWire(await createUser(ctx, input.username, input.password)) }),
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/get"),
    permission: onAccount,
    input: named,
    handle: async ({ ctx, input }) => json({ user: userToWire(await getUser(ctx, input.username)) }),
  }),
  // MLflow tells every user of all others; here an admin asks.
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/list"),
    permission: onServer("READ"),
    input: message({}),
    handle: async ({ ctx }) =>
      json({ users: (await listUsers(ctx)).map((user) => ({ ...userToWire(user), roles: [] })) }),
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/current"),
    permission: onList,
    input: message({}),
    handle: ({ ctx }) => json({ is_basic_auth: true, user: userToWire(currentUser(ctx)) }),
  }),
  route({
    method: "PATCH",
    paths: apiPaths("/mlflow/users/update-password"),
    permission: onAccount,
    input: message({ username: required(string), password: required(string), currentPassword: string }),
    handle: async ({ ctx, input: { username, password, currentPassword } }) => {
      await changePassword(ctx, username, password, currentPassword);
      return json({});
    },
  }),
  route({
    method: "PATCH",
    paths: apiPaths("/mlflow/users/update-admin"),
    permission: onServer("MANAGE"),
    input: message({ username: required(string), isAdmin: required(bool) }),
    handle: async ({ ctx, input }) => {
      await setIsAdmin(ctx, input.username, input.isAdmin);
      return json({});
    },
  }),
  route({
    method: "DELETE",
    paths: apiPaths("/mlflow/users/delete"),
    permission: onServer("MANAGE"),
    input: named,
    handle: async ({ ctx, input }) => {
      await deleteUser(ctx, input.username);
      return json({});
    },
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/current/permissions", "3.0"),
    permission: onList,
    input: message({}),
    handle: async ({ ctx }) => {
      const { user, username, isAdmin } = ctx.principal;
      const grants = user === undefined ? [] : await listGrants(ctx, username);
      return json({ is_admin: isAdmin, permissions: grants.map(grantToWire) });
    },
  }),
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/permissions/list", "3.0"),
    permission: onAccount,
    input: named,
    handle: async ({ ctx, input }) => {
      const { isAdmin } = await getUser(ctx, input.username);
      const grants = await listGrants(ctx, input.username);
      return json({ is_admin: isAdmin, permissions: grants.map(grantToWire) });
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/users/permissions/grant", "3.0"),
    permission: onGranted,
    input: message({ ...grantFields, permission: required(string) }),
    handle: async ({ ctx, input: { permission, ...named } }) => {
      await grant(ctx, named, permission);
      return json({});
    },
  }),
  route({
    method: "POST",
    paths: apiPaths("/mlflow/users/permissions/revoke", "3.0"),
    permission: onGranted,
    input: message(grantFields),
    handle: async ({ ctx, input }) => {
      await revoke(ctx, input);
      return json({});
    },
  }),
];
