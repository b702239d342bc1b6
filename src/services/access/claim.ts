import { MlflowError } from "../../domain/errors.ts";
import type { Principal, UserIdentity } from "../../domain/principal.ts";
import { decideForUser, type GrantedThing } from "../../stores/d1/access/decisions.ts";
import { accessEpoch, dropAccess, keepAccess, recallAccess, type Said } from "./memory.ts";

/** Where credentials are checked, and what a claim is checked by. */
export interface Doors {
  readonly env: Env;
  /** Where users are, asked only where it must be. */
  readonly db: D1Database;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** What users hold on everything that no grant of theirs is about. */
  readonly defaultLevel: number;
}

/**
 * Credentials that the database has to confirm. It is asked once, together with what the caller may do, when the request is
 * known.
 */
export interface Claim {
  /** What is known without asking; undefined where something of it is not. */
  readonly recall: (things: readonly GrantedThing[]) => ReturnType<typeof recallAccess>;
  /** @throws MlflowError UNAUTHENTICATED */
  readonly ask: (things: readonly GrantedThing[]) => Promise<Said>;
}

/** A claim whose answers are kept under `key`, which stands for the credentials whole. */
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

/** Of a user whose password was found to be right, or whose browser is signed in. */
export function userClaim(
  { username, signInId }: Pick<Principal, "username" | "signInId">,
  user: UserIdentity,
  { db, defaultLevel }: Pick<Doors, "db" | "defaultLevel">,
): Claim {
  return claimOf(userKey(user, signInId), async (things) => {
    const decision = await decideForUser(db, { ...user, signInId }, { things, defaultLevel });
    if (decision === undefined) {
      throw new MlflowError(
        "UNAUTHENTICATED",
        "You are not authenticated: the password has changed, or the sign-in has ended.",
      );
    }
    return { ...decision, principal: { username, isAdmin: decision.isAdmin, user, signInId } };
  });
}

/** Of a password's holder, or of a browser's. */
export function userKey({ userId, stamp }: UserIdentity, signInId?: number): string {
  return `user ${userId} ${stamp} ${signInId}`;
}

export function unauthenticated(): MlflowError {
  return new MlflowError(
    "UNAUTHENTICATED",
    "You are not authenticated. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.",
  );
}
