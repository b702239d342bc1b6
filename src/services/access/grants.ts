import { ANY, GRANT_LEVELS, GRANTS, type Grant, type ResourceType } from "../../domain/access.ts";
import { alreadyExists, doesNotExist, invalidParameter } from "../../domain/errors.ts";
import { isExperimentId } from "../../domain/ids.ts";
import { decideForUser, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import {
  deleteGrant,
  findGrants,
  findGrantsOn,
  type GrantOnThing,
  insertGrant,
  replaceGrant,
  type ToldGrant,
} from "../../stores/d1/access/grants.ts";
import { findUser, type User } from "../../stores/d1/access/users.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import { findExperiment } from "../../stores/d1/experiments/experiments.ts";
import { findRegisteredModelId } from "../../stores/d1/registry/registered-models.ts";
import type { ServiceContext } from "../context.ts";
import { changed } from "./memory.ts";
import { userNotFound } from "./users.ts";

/** A grant as a request names it: an experiment by its id, a registered model by its name, all of a kind by `*`. */
export interface NamedGrant {
  readonly username: string;
  readonly resourceType: ResourceType;
  readonly resourceId: string;
}

/** @throws MlflowError RESOURCE_ALREADY_EXISTS where the user has a grant on it: to change it, revoke it first, as in MLflow. */
export async function grant(ctx: ServiceContext, named: NamedGrant, permission: string): Promise<void> {
  if (!isGrant(permission)) {
    throw invalidParameter(`Invalid permission '${permission}'. Grants accept only: ${GRANTS.join(", ")}.`);
  }
  const key = await keyOf(ctx, named);
  try {
    await changed(insertGrant(ctx.writes, key, GRANT_LEVELS[permission]));
  } catch (error) {
    if (!isDuplicate(error, "role_permissions.role_id")) throw error;
    throw alreadyExists(`Permission for ${describe(named)} already exists.`);
  }
}

/** Sets what a user has on a thing, or takes it away: for who is told of all grants on it. @param permission undefined for none */
export async function setGrant(ctx: ServiceContext, named: NamedGrant, permission: Grant | undefined): Promise<void> {
  const level = permission === undefined ? null : GRANT_LEVELS[permission];
  await changed(replaceGrant(ctx.writes, await keyOf(ctx, named), level));
}

/** What the caller may do with a thing that the caller may see, as a user without a token. */
export async function ownLevel(ctx: ServiceContext, thing: GrantedThing | undefined): Promise<number> {
  const { user, isAdmin, signInId } = ctx.principal;
  if (user === undefined || isAdmin || thing === undefined) return GRANT_LEVELS.MANAGE;
  const { db, defaultLevel } = ctx;
  const decision = await decideForUser(db, { ...user, signInId }, { things: [thing], defaultLevel });
  const level = decision?.levels[0];
  return typeof level === "number" ? level : GRANT_LEVELS.READ;
}

/** All grants that count for one thing. @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function listGrantsOn(
  ctx: ServiceContext,
  { resourceType, resourceId }: Omit<NamedGrant, "username">,
): Promise<GrantOnThing[]> {
  return await findGrantsOn(ctx.db, resourceType, await patternOf(ctx, resourceType, resourceId));
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST */
export async function revoke(ctx: ServiceContext, named: NamedGrant): Promise<void> {
  if (!(await changed(deleteGrant(ctx.writes, await keyOf(ctx, named))))) {
    throw doesNotExist(`Permission for ${describe(named)} not found.`);
  }
}

/** A user's grants, those of roles included. */
export async function listGrants(ctx: ServiceContext, username: string): Promise<ToldGrant[]> {
  const user = await requireUser(ctx, username);
  return await findGrants(ctx.db, user.userId);
}

export function permissionOfLevel(level: number): Grant {
  return GRANTS.find((name) => GRANT_LEVELS[name] === level) ?? "READ";
}

async function requireUser(ctx: ServiceContext, username: string): Promise<User> {
  const user = await findUser(ctx.db, username);
  if (user === undefined) throw userNotFound(username);
  return user;
}

async function keyOf(ctx: ServiceContext, { username, resourceType, resourceId }: NamedGrant) {
  const { userId } = await requireUser(ctx, username);
  return { userId, type: resourceType, pattern: await patternOf(ctx, resourceType, resourceId) };
}

async function patternOf(ctx: ServiceContext, type: ResourceType, id: string): Promise<string> {
  if (id === ANY) return ANY;
  if (type === "experiment") {
    const experiment = isExperimentId(id) ? await findExperiment(ctx.db, id) : undefined;
    if (experiment !== undefined) return experiment.experimentId;
  } else if (type === "registered_model" || type === "prompt") {
    const modelId = await findRegisteredModelId(ctx.db, id);
    if (modelId !== undefined) return String(modelId);
  } else {
    throw invalidParameter(`resource_type '${type}' supports only the pattern '*'.`);
  }
  throw doesNotExist(`There is no ${type} '${id}'.`);
}

function isGrant(permission: string): permission is Grant {
  return (GRANTS as readonly string[]).includes(permission);
}

function describe({ username, resourceType, resourceId }: NamedGrant): string {
  return `user=${username} on resource_type=${resourceType}, resource_id=${resourceId}`;
}
