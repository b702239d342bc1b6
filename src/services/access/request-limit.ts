import { MlflowError } from "../../domain/errors.ts";
import type { Principal } from "../../domain/principal.ts";
import { takeRequest } from "../../stores/gate/requests.ts";

/**
 * Counts a request against the caller's limit: a token's own, or a user's for all the user's passwords and browsers.
 * @param perMinute undefined for no limit
 * @throws MlflowError REQUEST_LIMIT_EXCEEDED, before anything was done
 */
export async function requireWithinLimit(env: Env, principal: Principal, perMinute: number | undefined): Promise<void> {
  const { tokenId, user, isAdmin } = principal;
  if (perMinute === undefined || !(isAdmin || user)) return;
  const caller = tokenId === undefined ? `user ${user?.userId ?? 0}` : `token ${tokenId}`;
  const seconds = await takeRequest(env, caller, perMinute);
  if (seconds === 0) return;
  const message = `More than ${perMinute} requests in a minute; please go on in ${seconds} s. Nothing was done.`;
  throw new MlflowError("REQUEST_LIMIT_EXCEEDED", message, {}, seconds);
}
