import type { TokenParts } from "../../domain/api-token.ts";
import { MlflowError } from "../../domain/errors.ts";
import { isWhole, type Narrowing } from "../../domain/principal.ts";
import { decideForToken } from "../../stores/d1/access/decisions.ts";
import { noteTokenUse, type StoredToken } from "../../stores/d1/access/tokens.ts";
import { keyedHash, sameHash } from "../../stores/gate/server-key.ts";
import { type Claim, claimOf, type Doors, unauthenticated } from "./claim.ts";

/** The shortest time between two updates of a token's last use. */
const USE_NOTED_MS = 15 * 60_000;

/** The claim of a token. An expired token gets its own error message, since its holder can ask for another. */
export function tokenClaim(parts: TokenParts, { env, db, waitUntil, defaultLevel }: Doors): Claim {
  const { tokenId, secret } = parts;
  return claimOf(`token ${tokenId} ${secret}`, async (things) => {
    const [found, hash] = await Promise.all([
      decideForToken(db, tokenId, { things, defaultLevel }),
      hashOfToken(env, parts),
    ]);
    const nowMs = Date.now();
    if (found === undefined || !opens(found.token, hash, nowMs)) throw unauthenticated();
    const { token, decision } = found;
    if (token.expirationTimeMs !== undefined && token.expirationTimeMs <= nowMs) {
      throw new MlflowError("UNAUTHENTICATED", `The token '${token.name}' has expired. Make another, or rotate it.`);
    }
    // Written in the background, so that it delays no other write in the queue. Losing this write does no harm.
    if (nowMs - (token.lastUsedTimeMs ?? 0) > USE_NOTED_MS) waitUntil(noteTokenUse(db, tokenId, nowMs));
    const narrowing: Narrowing = { scopes: new Set(token.scopes), experimentIds: token.experimentIds };
    const principal = {
      username: token.username,
      isAdmin: decision.isAdmin && isWhole(narrowing),
      user: { userId: token.userId },
      narrowing,
      tokenId,
    };
    return { ...decision, principal };
  });
}

function opens(token: StoredToken, hash: string, nowMs: number): boolean {
  if (sameHash(hash, token.secretHash)) return true;
  const { previousHash, previousUntilMs = 0 } = token;
  return previousHash !== undefined && sameHash(hash, previousHash) && nowMs < previousUntilMs;
}

/** The hash that is stored for a token's secret. */
export function hashOfToken(env: Env, { tokenId, secret }: TokenParts): Promise<string> {
  return keyedHash(env, "token", `${tokenId}_${secret}`);
}
