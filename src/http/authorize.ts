import { GRANT_LEVELS } from "../domain/access.ts";
import { MlflowError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import { decide, type GrantedThing } from "../stores/d1/access/decisions.ts";
import type { Permission, Resource } from "../wire/route.ts";

/** A call that may go on. */
export interface Authorized {
  /** What of the input the caller may use; the handler sees no other. */
  readonly input: unknown;
  /** With what the database says of the caller by now. */
  readonly principal: Principal;
}

const denied = () => new MlflowError("PERMISSION_DENIED", "Permission denied.");

/**
 * Lets the call through or throws. An admin may do everything that names what it touches; a user what grants say, by one
 * statement for all that the call touches. A thing that is not there and one that may not be seen are refused alike.
 * @throws MlflowError PERMISSION_DENIED; UNAUTHENTICATED for a user who is gone or has another password since.
 */
export async function authorize(
  principal: Principal,
  permission: Permission<unknown>,
  input: unknown,
  db: D1Database,
  defaultLevel: number,
): Promise<Authorized> {
  if (permission === "public") return { input, principal };
  const resources = permission.on(input);
  if (resources.length === 0) throw denied();
  if (principal.user === undefined) {
    if (!principal.isAdmin) throw denied();
    return { input, principal };
  }
  const listed = permission.narrows?.(input) ?? [];
  const granted = resources.filter(isGranted);
  const things = [...granted, ...listed.map((experimentId): GrantedThing => ({ kind: "runsOf", experimentId }))];
  const decision = await decide(db, principal.user, things, defaultLevel);
  if (decision === undefined) {
    throw new MlflowError("UNAUTHENTICATED", "You are not authenticated: the user or the password has changed.");
  }
  const { isAdmin, levels } = decision;
  const caller = { ...principal, isAdmin };
  if (isAdmin) return { input, principal: caller };
  const isAllowed =
    resources.every((resource) => isGranted(resource) || isOpenTo(resource, principal)) &&
    granted.every((resource, index) => reaches(levels[index], GRANT_LEVELS[resource.level ?? permission.level]));
  if (!isAllowed) throw denied();
  if (permission.narrows === undefined) return { input, principal: caller };
  const experimentIds = listed.filter((_, index) => reaches(levels[granted.length + index], GRANT_LEVELS.READ));
  return { input: { ...(input as object), experimentIds }, principal: caller };
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
function isOpenTo(resource: Resource, { username }: Principal): boolean {
  switch (resource.kind) {
    case "list":
    case "newExperiment":
    case "newRegisteredModel":
      return true;
    case "account":
      return resource.username === username;
    default:
      return false;
  }
}
