import { ANY, DEFAULT_LEVELS, GRANTS, RESOURCE_TYPES, type ResourceType } from "../../domain/access.ts";
import { listGrantsOn, ownLevel, permissionOfLevel, setGrant } from "../../services/access/grants.ts";
import { id, message, oneOf, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Permission, type Route, route } from "../../wire/route.ts";
import { grantedResource, grantedThing } from "../permissions.ts";
import { onGranted } from "../users.ts";

const thing = { resourceType: required(oneOf(RESOURCE_TYPES)), resourceId: required(id) };

/** Callers who ask for their own level must be allowed to see the thing. */
const onSeen: Permission<{ readonly resourceType: ResourceType; readonly resourceId: string }> = {
  level: "READ",
  on: ({ resourceType, resourceId }) => [grantedResource(resourceType, resourceId)],
};

/** Who may use a thing, for the users who manage it. docs/ui-api.md describes these routes. */
export const uiAccessRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/level"],
    permission: onSeen,
    input: message(thing),
    handle: async ({ ctx, input: { resourceType, resourceId } }) => {
      const { level, onRuns } = await ownLevel(ctx, grantedThing(resourceType, resourceId));
      return json({ permission: permissionOfLevel(level), runs: permissionOfLevel(onRuns) });
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
