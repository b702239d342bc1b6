import { MlflowError } from "../../domain/errors.ts";
import type { Principal, UserIdentity } from "../../domain/principal.ts";
import { decideForUser, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import { accessEpoch, dropAccess, keepAccess, recallAccess, type Said } from "./memory.ts";

/** What checking credentials and confirming claims needs. */
export interface Doors {
  readonly env: Env;
  /** The database of users. It is asked only when necessary. */
  readonly db: D1Database;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** The permission level of a user on everything that no grant of the user covers. */
  readonly defaultLevel: number;
  /** Where the request comes from, for the audit log. */
  readonly auditedFrom: { readonly address: string; readonly requestId: string };
}

/**
 * Credentials that the database has to confirm. One query confirms them and reads what the caller may do, once the request
 * is parsed.
 */
export interface Claim {
  /** The answer from memory; undefined unless memory has all of it. */
  readonly recall: (things: readonly GrantedThing[]) => ReturnType<typeof recallAccess>;
  /** @throws MlflowError UNAUTHENTICATED */
  readonly ask: (things: readonly GrantedThing[]) => Promise<Said>;
}

/** A claim whose answers are remembered under `key`, which identifies the complete credentials. */
export function claimOf(key: string, ask: Claim["ask"]): Claim {
  return {
    recall: (things) => recallAccess(key, things),
    ask: async (things) => {
      const epoch = accessEpoch();
      const said = await ask(things).catch((error) => {
        dropAccess(key);
        throw error;
      });
      keepAccess(epoch, key, things, said);
      return said;
    },
  };
}

/** The claim of a user whose password was found to be right, or whose browser is signed in. */
export function userClaim(
  { username, signInId, isThroughAccess }: Pick<Principal, "username" | "signInId" | "isThroughAccess">,
  user: UserIdentity,
  { db, defaultLevel }: Pick<Doors, "db" | "defaultLevel">,
): Claim {
  const key = userKey(user, signInId) + (isThroughAccess ? " access" : "");
  return claimOf(key, async (things) => {
    const decision = await decideForUser(db, { ...user, signInId }, { things, defaultLevel });
    if (decision === undefined) {
      throw new MlflowError(
        "UNAUTHENTICATED",
        "You are not authenticated: the password has changed, or the sign-in has ended.",
      );
    }
    return { ...decision, principal: { username, isAdmin: decision.isAdmin, user, signInId, isThroughAccess } };
  });
}

/** The memory key for a user who signed in with a password, or in a browser. */
export function userKey({ userId, stamp }: UserIdentity, signInId?: number): string {
  return `user ${userId} ${stamp} ${signInId}`;
}

export function unauthenticated(): MlflowError {
  return new MlflowError(
    "UNAUTHENTICATED",
    "You are not authenticated. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
  );
}
