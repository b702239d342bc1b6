import { ANY, DEFAULT_LEVELS, GRANTS, RESOURCE_TYPES, type ResourceType } from "../../domain/access.ts";
import { listGrantsOn, ownLevels, permissionOfLevel, setGrant } from "../../services/access/grants.ts";
import { id, message, oneOf, repeated, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Permission, type Route, route } from "../../wire/route.ts";
import { grantedResource, grantedThing } from "../permissions.ts";
import { onGranted } from "../users.ts";

const thing = { resourceType: required(oneOf(RESOURCE_TYPES)), resourceId: required(id) };

/** Things of one kind that a request for the caller's own level names. */
const MAX_THINGS = 100;

/** Callers who ask for their own level must be allowed to see the things. */
const onSeen: Permission<{ readonly resourceType: ResourceType; readonly resourceId: readonly string[] }> = {
  level: "READ",
  on: ({ resourceType, resourceId }) => resourceId.map((one) => grantedResource(resourceType, one)),
};

/** Who may use a thing, for the users who manage it. docs/ui-api.md describes these routes. */
export const uiAccessRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/level"],
    permission: onSeen,
    input: message({ ...thing, resourceId: required(repeated(string, MAX_THINGS)) }),
    handle: async ({ ctx, input: { resourceType, resourceId } }) => {
      const things = resourceId.flatMap((one) => grantedThing(resourceType, one) ?? []);
      const { onThings, onRuns, onLoggedModels } = await ownLevels(ctx, things);
      return json({
        permission: permissionOfLevel(onThings),
        runs: permissionOfLevel(onRuns),
        logged_models: permissionOfLevel(onLoggedModels),
      });
    },
  }),
  route({
    method: "GET",
    paths: ["/ui-api/grants"],
    permission: onGranted,
    input: message(thing),
    handle: async ({ ctx, input }) => {
      const grants = await listGrantsOn(ctx, input);
      const [byDefault] = Object.entries(DEFAULT_LEVELS).find(([, level]) => level === ctx.defaultLevel) ?? ["READ"];
      return json({
        default_permission: byDefault,
        grants: grants.map(({ username, roleName, pattern, level }) => ({
          username,
          role_name: username === null ? roleName : null,
          permission: permissionOfLevel(level),
          is_on_all: pattern === ANY,
        })),
      });
    },
  }),
  route({
    method: "POST",
    paths: ["/ui-api/grants"],
    permission: onGranted,
    input: message({ ...thing, username: required(string), permission: oneOf(GRANTS) }),
    handle: async ({ ctx, input: { permission, ...named } }) => {
      await setGrant(ctx, named, permission);
      return json({});
    },
  }),
];
