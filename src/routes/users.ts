import { ANY, GRANT_LEVELS } from "../domain/access.ts";
import { effectiveLevel, grant, listGrants, permissionOfLevel, revoke } from "../services/access/grants.ts";
import { rolesByUser } from "../services/access/roles.ts";
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
import { bool, id, message, required, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type Route, route } from "../wire/route.ts";
import { legacyPermission } from "./legacy-permissions.ts";
import { grantedResource, onAccount, onList, onServer } from "./permissions.ts";
import { roleToWire } from "./roles.ts";

/** A user on the wire. 2.x clients require the two lists of the user's own grants. */
function userToWire({ userId, username, isAdmin }: User, grants: readonly ToldGrant[] = []): object {
  const ofKind = (type: string, idName: string) =>
    grants
      .filter((one) => one.isOwn && one.type === type && one.pattern !== ANY)
      .map(({ pattern, level }) => ({ [idName]: pattern, user_id: userId, permission: legacyPermission(level) }));
  return {
    id: userId,
    username,
    is_admin: isAdmin,
    experiment_permissions: ofKind("experiment", "experiment_id"),
    registered_model_permissions: ofKind("registered_model", "name"),
  };
}

/** A grant on the wire. Servers without workspaces give every role the workspace `default`. */
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

const named = message({ username: required(string) });

const grantFields = {
  username: required(string),
  resourceType: required(string),
  resourceId: required(id),
};

/** Whoever manages a thing decides who else may use it. For all things of a kind, an admin decides. */
export const onGranted: Permission<{ readonly resourceType: string; readonly resourceId: string }> = {
  level: "MANAGE",
  scope: "admin",
  on: ({ resourceType, resourceId }) => [grantedResource(resourceType, resourceId)],
};

/** Users and their own grants, in MLflow's REST API (`mlflow/server/auth`). */
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
    handle: async ({ ctx, input }) => {
      const user = await getUser(ctx, input.username);
      // The admin of the settings has no row and no grants.
      const grants = user.userId === 0 ? [] : await listGrants(ctx, input.username);
      return json({ user: userToWire(user, grants) });
    },
  }),
  // MLflow lets every user list all users. Here only an admin may.
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/list"),
    permission: onServer("READ"),
    input: message({}),
    handle: async ({ ctx }) => {
      const [users, roles] = await Promise.all([listUsers(ctx), rolesByUser(ctx)]);
      const told = users.map((user) => ({
        ...userToWire(user),
        roles: (roles.get(user.userId) ?? []).map(roleToWire),
      }));
      return json({ users: told });
    },
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
  route({
    method: "GET",
    paths: apiPaths("/mlflow/users/permissions/get", "3.0"),
    permission: onAccount,
    input: message(grantFields),
    handle: async ({ ctx, input }) => {
      const level = await effectiveLevel(ctx, input);
      // As in MLflow, `allowed` says whether the user may use the thing.
      return json({ allowed: level >= GRANT_LEVELS.USE, permission: permissionOfLevel(level) });
    },
  }),
];
