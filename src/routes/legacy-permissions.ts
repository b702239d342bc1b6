import {
  changeGrant,
  getOwnGrant,
  grant,
  type NamedGrant,
  permissionOfLevel,
  revoke,
} from "../services/access/grants.ts";
import { id, message, required, string } from "../wire/message.ts";
import { json } from "../wire/respond.ts";
import { apiPaths, type Permission, type Route, route } from "../wire/route.ts";
import { grantedResource } from "./permissions.ts";

/*
 * Permissions on one thing in the API of 2.x clients: a view of the users' own grants. These clients write NO_PERMISSIONS
 * for DENY.
 */

/** How these clients name a kind of thing, and a single thing of that kind. */
interface Kind {
  readonly type: "experiment" | "registered_model";
  readonly path: string;
  readonly idName: "experiment_id" | "name";
  readonly answer: string;
}

const KINDS: readonly Kind[] = [
  { type: "experiment", path: "experiments", idName: "experiment_id", answer: "experiment_permission" },
  { type: "registered_model", path: "registered-models", idName: "name", answer: "registered_model_permission" },
];

const toGrant = (permission: string) => (permission === "NO_PERMISSIONS" ? "DENY" : permission);

export function legacyPermission(level: number): string {
  const permission = permissionOfLevel(level);
  return permission === "DENY" ? "NO_PERMISSIONS" : permission;
}

function routesOf({ type, path, idName, answer }: Kind): Route[] {
  const thing = { experimentId: id, name: string, username: required(string) };
  const idOf = (input: { readonly experimentId?: string | undefined; readonly name?: string | undefined }) =>
    (idName === "name" ? input.name : input.experimentId) ?? "";
  const onThing: Permission<{ readonly experimentId?: string | undefined; readonly name?: string | undefined }> = {
    level: "MANAGE",
    scope: "admin",
    on: (input) => [grantedResource(type, idOf(input))],
  };
  const named = (input: Parameters<typeof idOf>[0] & { readonly username: string }): NamedGrant => ({
    username: input.username,
    resourceType: type,
    resourceId: idOf(input),
  });
  const paths = (verb: string) => apiPaths(`/mlflow/${path}/permissions/${verb}`);
  return [
    route({
      method: "POST",
      paths: paths("create"),
      permission: onThing,
      input: message({ ...thing, permission: required(string) }),
      handle: async ({ ctx, input }) => {
        const userId = await grant(ctx, named(input), toGrant(input.permission));
        return json({ [answer]: { [idName]: idOf(input), user_id: userId, permission: input.permission } });
      },
    }),
    route({
      method: "GET",
      paths: paths("get"),
      permission: onThing,
      input: message(thing),
      handle: async ({ ctx, input }) => {
        const { userId, level } = await getOwnGrant(ctx, named(input));
        return json({ [answer]: { [idName]: idOf(input), user_id: userId, permission: legacyPermission(level) } });
      },
    }),
    route({
      method: "PATCH",
      paths: paths("update"),
      permission: onThing,
      input: message({ ...thing, permission: required(string) }),
      handle: async ({ ctx, input }) => {
        await changeGrant(ctx, named(input), toGrant(input.permission));
        return json({});
      },
    }),
    route({
      method: "DELETE",
      paths: paths("delete"),
      permission: onThing,
      input: message(thing),
      handle: async ({ ctx, input }) => {
        await revoke(ctx, named(input));
        return json({});
      },
    }),
  ];
}

export const legacyPermissionsRoutes: readonly Route[] = KINDS.flatMap(routesOf);
