import { GRANT_LEVELS, type Scope } from "../domain/access.ts";
import { MlflowError } from "../domain/errors.ts";
import { isPathWithin, isWideEnough, type LinkReach } from "../domain/link.ts";
import { type Narrowing, NOBODY, type Principal } from "../domain/principal.ts";
import { EVERYTHING, type Visibility } from "../search/visibility.ts";
import type { Claim, Doors } from "../services/access/claim.ts";
import type { Said } from "../services/access/memory.ts";
import type { GrantedThing } from "../stores/d1/access/decisions.ts";
import { visibilityOf } from "../stores/d1/access/visibility.ts";
import type { Permission, Resource } from "../wire/route.ts";

/** An authorized call. */
export interface Authorized {
  /** The part of the input that the caller may use; the handler sees nothing else. */
  readonly input: unknown;
  /** The caller as the database describes it. */
  readonly principal: Principal;
  /** Which things on the server the caller may see. */
  readonly visibility: Visibility;
}

type Rule = Exclude<Permission<unknown>, "public" | "page">;

export const denied = () => new MlflowError("PERMISSION_DENIED", "Permission denied.");

/**
 * Lets the call through or throws. An admin may make every call that names the resources it touches. A user needs grants:
 * one statement reads the grants on all resources of the call, or its answer from seconds ago is used. A missing resource
 * and a hidden one are refused alike. A call outside the scopes of the caller's token is refused, whoever owns the token.
 * @throws MlflowError PERMISSION_DENIED; UNAUTHENTICATED where the database does not confirm the caller's claim.
 */
export async function authorize(
  caller: Principal | Claim,
  permission: Permission<unknown>,
  input: unknown,
  { defaultLevel, waitUntil }: Pick<Doors, "defaultLevel" | "waitUntil">,
): Promise<Authorized> {
  if (permission === "public" || permission === "page") {
    return { input, principal: isPrincipal(caller) ? caller : NOBODY, visibility: EVERYTHING };
  }
  const resources = permission.on(input);
  if (isPrincipal(caller)) {
    if (resources.length === 0 || !caller.isAdmin) throw denied();
    return { input, principal: caller, visibility: EVERYTHING };
  }
  const listed = permission.narrows?.(input) ?? [];
  const granted = resources.filter(isGranted);
  const things = [...granted, ...listed.map((experimentId): GrantedThing => ({ kind: "runsOf", experimentId }))];
  const call = { rule: permission, input, resources, granted, listed, defaultLevel };
  const recalled = mustBeAsked(permission, resources) ? undefined : caller.recall(things);
  const allowed = recalled && judge(recalled.said, call);
  if (recalled === undefined || allowed === undefined) {
    const said = await caller.ask(things);
    requireScopes(said.principal.narrowing, permission, resources);
    const answer = judge(said, call);
    if (answer === undefined) throw denied();
    return answer;
  }
  // Refreshes the remembered answer for the next request, or drops it on an error.
  if (recalled.isOld) waitUntil(caller.ask(things).catch(() => undefined));
  return allowed;
}

/** Has the database confirm a claim, for callers that are not authorized. @throws MlflowError UNAUTHENTICATED */
export async function confirm(caller: Principal | Claim): Promise<Principal> {
  return isPrincipal(caller) ? caller : (await caller.ask([])).principal;
}

function isPrincipal(caller: Principal | Claim): caller is Principal {
  return "username" in caller;
}

/** Calls that cannot be undone, or that decide over other users, never rely on an answer from seconds ago. */
function mustBeAsked({ level, scope }: Rule, resources: readonly Resource[]): boolean {
  return (
    scope === "admin" ||
    resources.some(
      (resource) => (resource.level ?? level) === "MANAGE" || resource.kind === "server" || resource.kind === "account",
    )
  );
}

interface JudgedCall {
  readonly rule: Rule;
  readonly input: unknown;
  readonly resources: readonly Resource[];
  readonly granted: readonly Resource[];
  readonly listed: readonly string[];
  readonly defaultLevel: number;
}

/** @returns undefined where the call is not allowed. */
function judge(
  { principal, isAdmin, levels }: Said,
  { rule, input, resources, granted, listed, defaultLevel }: JudgedCall,
): Authorized | undefined {
  if (resources.length === 0 || missingScope(principal.narrowing, rule, resources) !== undefined) return undefined;
  if (principal.link !== undefined && !isOnPageOf(principal.link.reach, rule, resources)) return undefined;
  const authorized = { principal, visibility: visibilityOf(principal, isAdmin, defaultLevel) };
  if (isAdmin && principal.narrowing?.experimentIds === undefined) return { input, ...authorized };
  const isAllowed =
    resources.every((resource) => isGranted(resource) || isOpenTo(resource, principal)) &&
    granted.every((resource, index) => reaches(levels[index], GRANT_LEVELS[resource.level ?? rule.level]));
  if (!isAllowed) return undefined;
  if (rule.narrows === undefined) return { input, ...authorized };
  const readable = listed.filter((_, index) => reaches(levels[granted.length + index], GRANT_LEVELS.READ));
  return { input: { ...(input as object), experimentIds: readable }, ...authorized };
}

/** Whether a link's page makes the call. Whether the link shows the resources, the database decides. */
function isOnPageOf(reach: LinkReach, { link }: Rule, resources: readonly Resource[]): boolean {
  if (link === undefined || !isWideEnough(reach.kind, link)) return false;
  if (reach.kind !== "file") return true;
  return resources.every((resource) => {
    if (resource.kind !== "run" && resource.kind !== "loggedModel") return resource.kind === "list";
    return resource.path !== undefined && isPathWithin(resource.path, reach.path);
  });
}

/** @throws MlflowError PERMISSION_DENIED naming the scope that the caller's token lacks. */
function requireScopes(narrowing: Narrowing | undefined, rule: Rule, resources: readonly Resource[]): void {
  const missing = missingScope(narrowing, rule, resources);
  if (missing === undefined) return;
  throw new MlflowError("PERMISSION_DENIED", `Permission denied: the token has no scope '${missing}'.`);
}

function missingScope(narrowing: Narrowing | undefined, rule: Rule, resources: readonly Resource[]): Scope | undefined {
  if (narrowing === undefined) return undefined;
  return resources.flatMap((resource) => scopesOn(resource, rule)).find((scope) => !narrowing.scopes.has(scope));
}

function scopesOn(resource: Resource, { level, scope }: Rule): Scope[] {
  if (scope === "admin" || resource.kind === "server" || resource.kind === "account") return ["admin"];
  const verb = (resource.level ?? level) === "READ" ? "read" : "write";
  return scope === undefined ? [verb] : [verb, scope];
}

/** Anybody may ask for an experiment by a free name: the answer is that no experiment has the name. */
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
    case "runsOf":
    case "loggedModelsOf":
    case "newExperiment":
    case "newRegisteredModel":
    case "newPrompt":
      return true;
    default:
      return false;
  }
}

/** Whether a resource without grants is open to the caller: every user may list things, and use their own account. */
function isOpenTo(resource: Resource, { username }: Principal): boolean {
  switch (resource.kind) {
    case "list":
      return true;
    case "account":
      return resource.username === username;
    default:
      return false;
  }
}
