import { MlflowError } from "../../domain/errors.ts";
import type { LinkParts } from "../../domain/link.ts";
import type { Narrowing, Principal } from "../../domain/principal.ts";
import { decideForLink, noteLinkUse, type StoredLink } from "../../stores/d1/access/links.ts";
import { keyedHash, sameHash } from "../../stores/gate/server-key.ts";
import type { Claim, Doors } from "./claim.ts";

/** How long the cookie of an opened link is valid. After that, a visitor opens the link again. */
const OPENED_MS = 24 * 60 * 60_000;

/** The shortest time between two updates of a link's last use. */
const USE_NOTED_MS = 15 * 60_000;

/** Links read, files included, and nothing else. */
const READS: Narrowing = { scopes: new Set(["read", "artifacts"]) };

/** A cookie's value: until when it is valid, in seconds since 1970, and the proof that this server made it. */
const PASS = /^(\d{1,12})\.([0-9a-f]{64})$/;

/**
 * The claim of a visitor of a link's page, by the cookie that the link's secret was exchanged for. Each call asks the
 * database, so that a revocation, a deletion, and the end of the maker's rights take effect with the next request everywhere.
 */
export function linkClaim(linkId: string, pass: string, { env, db, waitUntil, defaultLevel }: Doors): Claim {
  const ask: Claim["ask"] = async (things) => {
    const [, seconds] = PASS.exec(pass) ?? [];
    const nowMs = Date.now();
    const untilMs = Number(seconds ?? 0) * 1000;
    if (untilMs <= nowMs) throw closed();
    const found = await decideForLink(db, linkId, { things, defaultLevel });
    if (found === undefined || found.link.expirationTimeMs <= nowMs) throw closed();
    const { link, decision } = found;
    if (!sameHash(pass, await proofOfLink(env, link, untilMs))) throw closed();
    if (nowMs - (link.lastUsedTimeMs ?? 0) > USE_NOTED_MS) waitUntil(noteLinkUse(db, linkId, nowMs));
    const { reach, userId } = link;
    const principal: Principal = {
      username: "",
      isAdmin: false,
      link: { linkId, reach, makerId: decision.isAdmin ? undefined : userId },
      narrowing: reach.kind === "experiments" ? { ...READS, experimentIds: reach.experimentIds } : READS,
    };
    return { isAdmin: false, levels: decision.levels, principal };
  };
  return { recall: () => undefined, ask };
}

/**
 * How long a visitor's cookie is valid, if the hash of the visitor's secret is the link's.
 * @throws MlflowError UNAUTHENTICATED
 */
export function openedUntil(
  link: StoredLink | undefined,
  hash: string,
  nowMs: number,
): { readonly link: StoredLink; readonly untilMs: number } {
  if (link === undefined || !sameHash(hash, link.secretHash)) throw closed();
  const untilMs = Math.floor(Math.min(nowMs + OPENED_MS, link.expirationTimeMs) / 1000) * 1000;
  if (untilMs <= nowMs) throw closed();
  return { link, untilMs };
}

/** The value of a cookie for a link. A revoked link's cookies are invalid, because the proof needs the link's row. */
export async function proofOfLink(env: Env, link: StoredLink, untilMs: number): Promise<string> {
  const until = String(untilMs / 1000);
  return `${until}.${await keyedHash(env, "opened link", `${link.linkId} ${link.secretHash} ${until}`)}`;
}

/** The hash that is stored for a link's secret. */
export function hashOfLink(env: Env, { linkId, secret }: LinkParts): Promise<string> {
  return keyedHash(env, "link", `${linkId} ${secret}`);
}

/** The error is the same for every cause: a visitor learns only that the link does not open. */
export function closed(): MlflowError {
  return new MlflowError(
    "UNAUTHENTICATED",
    "This link does not open: it was revoked, has expired, or was not copied whole. Ask its sender for another.",
  );
}
