import { GRANT_LEVELS, type Scope } from "../domain/access.ts";
import { MlflowError } from "../domain/errors.ts";
import type { Narrowing, Principal } from "../domain/principal.ts";
import { EVERYTHING, type Visibility } from "../search/visibility.ts";
import { decide, type GrantedThing } from "../stores/d1/access/decisions.ts";
import { visibilityOf } from "../stores/d1/access/visibility.ts";
import type { Permission, Resource } from "../wire/route.ts";

/** A call that may go on. */
export interface Authorized {
  /** What of the input the caller may use; the handler sees no other. */
  readonly input: unknown;
  /** With what the database says of the caller by now. */
  readonly principal: Principal;
  /** What of the server the caller may see. */
  readonly visibility: Visibility;
}

type Rule = Exclude<Permission<unknown>, "public" | "page">;

const denied = () => new MlflowError("PERMISSION_DENIED", "Permission denied.");

/**
 * Lets the call through or throws. An admin may do everything that names what it touches; a user what grants say, by one
 * statement for all that the call touches. A thing that is not there and one that may not be seen are refused alike. What
 * the caller's token is not of is refused whoever its owner is.
 * @throws MlflowError PERMISSION_DENIED; UNAUTHENTICATED for a user who is gone, has another password since or was signed out.
 */
export async function authorize(
  principal: Principal,
  permission: Permission<unknown>,
  input: unknown,
  db: D1Database,
  defaultLevel: number,
): Promise<Authorized> {
  if (permission === "public" || permission === "page") return { input, principal, visibility: EVERYTHING };
  const resources = permission.on(input);
  if (resources.length === 0) throw denied();
  requireScopes(principal.narrowing, permission, resources);
  if (principal.user === undefined) {
    if (!principal.isAdmin) throw denied();
    return { input, principal, visibility: EVERYTHING };
  }
  const experimentIds = principal.narrowing?.experimentIds;
  const listed = permission.narrows?.(input) ?? [];
  const granted = resources.filter(isGranted);
  const things = [...granted, ...listed.map((experimentId): GrantedThing => ({ kind: "runsOf", experimentId }))];
  const caller = { ...principal.user, signInId: principal.signInId };
  const decision = await decide(db, caller, things, defaultLevel, experimentIds);
  if (decision === undefined) {
    throw new MlflowError(
      "UNAUTHENTICATED",
      "You are not authenticated: the password has changed, or the sign-in has ended.",
    );
  }
  const { isAdmin, levels } = decision;
  const decided = { ...principal, isAdmin: isAdmin && isWhole(principal.narrowing) };
  const authorized = { principal: decided, visibility: visibilityOf(principal, isAdmin, defaultLevel) };
  if (isAdmin && experimentIds === undefined) return { input, ...authorized };
  const isAllowed =
    resources.every((resource) => isGranted(resource) || isOpenTo(resource, principal)) &&
    granted.every((resource, index) => reaches(levels[index], GRANT_LEVELS[resource.level ?? permission.level]));
  if (!isAllowed) throw denied();
  if (permission.narrows === undefined) return { input, ...authorized };
  const readable = listed.filter((_, index) => reaches(levels[granted.length + index], GRANT_LEVELS.READ));
  return { input: { ...(input as object), experimentIds: readable }, ...authorized };
}

/** @throws MlflowError PERMISSION_DENIED naming the scope that the caller's token lacks. */
function requireScopes(narrowing: Narrowing | undefined, rule: Rule, resources: readonly Resource[]): void {
  if (narrowing === undefined) return;
  for (const resource of resources) {
    const missing = scopesOn(resource, rule).find((scope) => !narrowing.scopes.has(scope));
    if (missing === undefined) continue;
    throw new MlflowError("PERMISSION_DENIED", `Permission denied: the token has no scope '${missing}'.`);
  }
}

function scopesOn(resource: Resource, { level, scope }: Rule): Scope[] {
  if (scope === "admin" || resource.kind === "server" || resource.kind === "account") return ["admin"];
  const verb = (resource.level ?? level) === "READ" ? "read" : "write";
  return scope === undefined ? [verb] : [verb, scope];
}

/** Whether the credentials leave an admin what only an admin may. */
function isWhole(narrowing: Narrowing | undefined): boolean {
  return narrowing === undefined || (narrowing.scopes.has("admin") && narrowing.experimentIds === undefined);
}

/** A free name of an experiment may be asked for: that nobody has it is the answer. */
function reaches(level: number | "free" | null | undefined, needed: number): boolean {
  return level === "free" || (typeof level === "number" && level >= needed);
}

function isGranted(resource: Resource): resource is Resource & GrantedThing {
  switch (resource.kind) {
    case "experiment":
    case "experimentName":
    case "run":
    case "loggedModel":
    case "registeredModel":
    case "artifact":
      return true;
    default:
      return false;
  }
}

/** Of what no grants are about: everybody may list, take new names, and have an account. */
function isOpenTo(resource: Resource, { username, narrowing }: Principal): boolean {
  switch (resource.kind) {
    case "list":
      return true;
    case "newExperiment":
    case "newRegisteredModel":
      // They would be of no experiment that the credentials are of.
      return narrowing?.experimentIds === undefined;
    case "account":
      return resource.username === username;
    default:
      return false;
  }
}
