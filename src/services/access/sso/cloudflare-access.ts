import { errors } from "jose";
import { remember } from "../../../domain/remember.ts";
import type { Doors } from "../claim.ts";
import { type SsoUser, userOfIdentity } from "./identity.ts";
import { verifiedClaims } from "./keys.ts";
import type { SsoSettings } from "./settings.ts";

/** How long an isolate trusts a token that it has checked, and the rights that the token's groups gave. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

interface Remembered extends AccessUser {
  readonly untilMs: number;
}

const remembered = new Map<string, Remembered>();

export interface AccessUser extends SsoUser {
  /** Whether the caller is a program with a service token, which no browser adds by itself. */
  readonly isProgram: boolean;
}

/**
 * The user whom Cloudflare Access has let through, by the token in its header.
 * @returns undefined for a token that Access did not issue for this server, or that has expired.
 * @throws MlflowError PERMISSION_DENIED for a name that another user has.
 */
export async function accessUser(
  doors: Pick<Doors, "db" | "auditedFrom">,
  sso: SsoSettings,
  token: string,
  reservedName: string,
): Promise<AccessUser | undefined> {
  const { access } = sso;
  if (access === undefined || token.length > 16_384) return undefined;
  const nowMs = Date.now();
  const known = remembered.get(token);
  if (known !== undefined && known.untilMs > nowMs) return known;
  const jwksUri = `${access.issuer}/cdn-cgi/access/certs`;
  const claims = await verifiedClaims(token, jwksUri, access.issuer, access.audiences).catch((error: unknown) => {
    // If the key set cannot be read, the token is not to blame.
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
    throw error;
  });
  if (claims === undefined) return undefined;
  const { sub, common_name: program, exp } = claims;
  const isProgram = typeof program === "string" && !sub;
  const subject = isProgram ? `program ${program}` : sub;
  if (typeof subject !== "string" || subject === "") return undefined;
  const named = isProgram ? { ...claims, [sso.usernameClaim]: program } : claims;
  const identity = { issuer: access.issuer, subject, claims: named };
  const user = await userOfIdentity(doors, sso, identity, reservedName);
  const one = { ...user, isProgram, untilMs: Math.min(nowMs + REMEMBERED_MS, Number(exp) * 1000) };
  remember(remembered, token, one, MAX_REMEMBERED);
  return one;
}
