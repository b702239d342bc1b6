import {
  ANY,
  DEFAULT_LEVELS,
  GRANT_LEVELS,
  GRANTS,
  type Grant,
  NAMED_TYPES,
  RESOURCE_TYPES,
  type ResourceType,
} from "../../domain/access.ts";
import { alreadyExists, doesNotExist, invalidParameter } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import { decideForUser, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import {
  deleteGrant,
  findGrants,
  findGrantsOn,
  type GrantKey,
  type GrantOnThing,
  insertGrant,
  type ToldGrant,
  updateGrant,
  upsertGrant,
} from "../../stores/d1/access/grants.ts";
import { type Credentials, findUser } from "../../stores/d1/access/users.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import { findExperiment } from "../../stores/d1/experiments/experiments.ts";
import { findRegisteredModelId } from "../../stores/d1/registry/registered-models.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { changed } from "./memory.ts";
import { userNotFound, userTarget } from "./users.ts";

/** A grant as a request names it: an experiment by its id, a registered model by its name, all things of a kind by `*`. */
export interface NamedGrant {
  readonly username: string;
  readonly resourceType: string;
  readonly resourceId: string;
}

/** @throws MlflowError RESOURCE_ALREADY_EXISTS where the user has a grant on the thing. As in MLflow, revoke it first. */
export async function grant(ctx: ServiceContext, named: NamedGrant, permission: string): Promise<number> {
  const { level } = requireGrant(named.resourceType, permission);
  const key = await keyOf(ctx, named);
  try {
    await changed(insertGrant(recordedGrant(ctx, named, permission), key, level));
    return key.userId;
  } catch (error) {
    if (!isDuplicate(error, "role_permissions.role_id")) throw error;
    throw alreadyExists(`Permission for ${describe(named)} already exists.`);
  }
}

/** The database for a change of a user's grant. @param permission undefined where the grant is removed */
function recordedGrant(ctx: ServiceContext, { username, resourceType, resourceId }: NamedGrant, permission?: string) {
  return recorded(ctx, {
    action: permission === undefined ? "grant.revoke" : "grant.set",
    ...userTarget(username),
    detail: { resource_type: resourceType, resource_id: resourceId, permission },
  });
}

/** Sets a user's grant on a thing, for callers who see all grants on it. @param permission undefined removes the grant */
export async function setGrant(ctx: ServiceContext, named: NamedGrant, permission: Grant | undefined): Promise<void> {
  const key = await keyOf(ctx, named);
  const writes = recordedGrant(ctx, named, permission);
  if (permission === undefined) await changed(deleteGrant(writes, key));
  else await changed(upsertGrant(writes, key, GRANT_LEVELS[permission]));
}

/** What a caller may do with some things. For an experiment's runs and logged models there may be other grants. */
export interface OwnLevels {
  readonly onThings: number;
  readonly onRuns: number;
  readonly onLoggedModels: number;
}

/** The caller's levels on every one of some things that the caller may see, without the limits of the caller's token. */
export async function ownLevels(ctx: ServiceContext, things: readonly GrantedThing[]): Promise<OwnLevels> {
  const { user, isAdmin, signInId } = ctx.principal;
  const all = { onThings: GRANT_LEVELS.MANAGE, onRuns: GRANT_LEVELS.MANAGE, onLoggedModels: GRANT_LEVELS.MANAGE };
  if (user === undefined || isAdmin || things.length === 0) return all;
  const { db, defaultLevel } = ctx;
  const ofExperiments = (kind: "runsOf" | "loggedModelsOf") =>
    things.map((thing) => (thing.kind === "experiment" ? { kind, experimentId: thing.experimentId } : thing));
  const asked = [...things, ...ofExperiments("runsOf"), ...ofExperiments("loggedModelsOf")];
  const decision = await decideForUser(db, { ...user, signInId }, { things: asked, defaultLevel });
  const levels = asked.map((_, index) => {
    const level = decision?.levels[index];
    return typeof level === "number" ? level : DEFAULT_LEVELS.NO_PERMISSIONS;
  });
  const least = (part: number): number => Math.min(...levels.slice(part * things.length, (part + 1) * things.length));
  return { onThings: least(0), onRuns: least(1), onLoggedModels: least(2) };
}

/** All grants that apply to one thing. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function listGrantsOn(
  ctx: ServiceContext,
  { resourceType, resourceId }: Omit<NamedGrant, "username">,
): Promise<GrantOnThing[]> {
  const type = requireType(resourceType);
  return await findGrantsOn(ctx.db, type, await patternOf(ctx, type, resourceId));
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST where the user has no own grant on the thing. */
export async function changeGrant(ctx: ServiceContext, named: NamedGrant, permission: string): Promise<void> {
  const { level } = requireGrant(named.resourceType, permission);
  const key = await keyOf(ctx, named);
  if (!(await changed(updateGrant(recordedGrant(ctx, named, permission), key, level)))) throw grantNotFound(named);
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function revoke(ctx: ServiceContext, named: NamedGrant): Promise<void> {
  const key = await keyOf(ctx, named);
  if (!(await changed(deleteGrant(recordedGrant(ctx, named), key)))) throw grantNotFound(named);
}

/** A user's grants, including the grants of the user's roles. */
export async function listGrants(ctx: ServiceContext, username: string): Promise<ToldGrant[]> {
  const user = await requireUser(ctx, username);
  return await findGrants(ctx.db, user.userId);
}

/** A user's own grant on one thing. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function getOwnGrant(
  ctx: ServiceContext,
  named: NamedGrant,
): Promise<{ readonly userId: number; readonly level: number }> {
  const { userId } = await requireUser(ctx, named.username);
  const found = (await findGrants(ctx.db, userId)).find(
    (one) => one.isOwn && one.type === named.resourceType && one.pattern === named.resourceId,
  );
  if (found === undefined) throw grantNotFound(named);
  return { userId, level: found.level };
}

/** A user's permission level on one thing, by all grants and the default. */
export async function effectiveLevel(ctx: ServiceContext, named: NamedGrant): Promise<number> {
  const { userId, stamp } = await requireUser(ctx, named.username);
  const thing = thingOf(named);
  const { defaultLevel } = ctx;
  const decision = await decideForUser(ctx.db, { userId, stamp }, { things: [thing], defaultLevel });
  if (decision === undefined) throw userNotFound(named.username);
  if (decision.isAdmin) return GRANT_LEVELS.MANAGE;
  const [level] = decision.levels;
  return typeof level === "number" ? level : defaultLevel;
}

function thingOf({ resourceType, resourceId }: NamedGrant): GrantedThing {
  switch (requireType(resourceType)) {
    case "experiment":
      return { kind: "experiment", experimentId: resourceId };
    case "registered_model":
    case "prompt":
      return { kind: "registeredModel", name: resourceId };
    default:
      throw invalidParameter(
        `resource_type '${resourceType}' is not supported by the per-user permission convenience APIs.`,
      );
  }
}

/** The permission's name, which for the default may be `NO_PERMISSIONS`. */
export function permissionOfLevel(level: number): Grant | "NO_PERMISSIONS" {
  if (level === DEFAULT_LEVELS.NO_PERMISSIONS) return "NO_PERMISSIONS";
  return GRANTS.find((name) => GRANT_LEVELS[name] === level) ?? "READ";
}

/** @throws MlflowError INVALID_PARAMETER_VALUE for a kind or permission that grants cannot have. */
export function requireGrant(
  resourceType: string,
  permission: string,
): { readonly type: ResourceType; readonly level: number } {
  const type = requireType(resourceType);
  if (!isGrant(permission)) {
    throw invalidParameter(
      `Invalid permission '${permission}' for resource_type='${type}'. Grants accept only: ${GRANTS.join(", ")}.`,
    );
  }
  return { type, level: GRANT_LEVELS[permission] };
}

function requireType(resourceType: string): ResourceType {
  const type = RESOURCE_TYPES.find((one) => one === resourceType);
  if (type !== undefined) return type;
  const reasons: Readonly<Record<string, string>> = {
    workspace: "there are no workspaces: make the user an admin instead",
    registered_model_version: "a version is decided by its registered model",
    prompt_version: "a version is decided by its prompt",
  };
  const reason = reasons[resourceType] ?? `valid resource types are: ${RESOURCE_TYPES.join(", ")}`;
  throw invalidParameter(`Invalid resource type '${resourceType}': ${reason}.`);
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function requireUser(ctx: ServiceContext, username: string): Promise<Credentials> {
  const user = await findUser(ctx.db, username);
  if (user === undefined) throw userNotFound(username);
  return user;
}

async function keyOf(ctx: ServiceContext, { username, resourceType, resourceId }: NamedGrant): Promise<GrantKey> {
  const type = requireType(resourceType);
  const { userId } = await requireUser(ctx, username);
  return { userId, type, pattern: await patternOf(ctx, type, resourceId) };
}

/**
 * The resource pattern that names a thing in a grant.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST, or INVALID_PARAMETER_VALUE for a kind that has grants by `*` only.
 */
export async function patternOf(ctx: ServiceContext, type: ResourceType, id: string): Promise<string> {
  if (id === ANY) return ANY;
  if (type === "experiment") {
    const experiment = isExperimentId(id) ? await findExperiment(ctx.db, id) : undefined;
    if (experiment !== undefined) return experiment.experimentId;
  } else if (type === "registered_model" || type === "prompt") {
    const modelId = await findRegisteredModelId(ctx.db, id);
    if (modelId !== undefined) return String(modelId);
  } else if (!NAMED_TYPES.has(type)) {
    throw invalidParameter(
      `Invalid resource_pattern '${id}' for resource_type='${type}'. This resource type supports only wildcard ('*') grants.`,
    );
  }
  throw doesNotExist(`There is no ${type} '${id}'.`);
}

function isGrant(permission: string): permission is Grant {
  return (GRANTS as readonly string[]).includes(permission);
}

function describe({ username, resourceType, resourceId }: NamedGrant): string {
  return `user=${username} on resource_type=${resourceType}, resource_id=${resourceId}`;
}

const grantNotFound = (named: NamedGrant) => doesNotExist(`Permission for ${describe(named)} not found.`);
