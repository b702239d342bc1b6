import { errors } from "jose";
import { type SsoUser, userOfIdentity } from "./identity.ts";
import { verifiedClaims } from "./keys.ts";
import type { SsoSettings } from "./settings.ts";

/** For so long an isolate takes a token for good that it has checked, and rights for what groups gave then. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

interface Remembered extends AccessUser {
  readonly untilMs: number;
}

const remembered = new Map<string, Remembered>();

export interface AccessUser extends SsoUser {
  /** A program with a service token, which no browser adds by itself. */
  readonly isProgram: boolean;
}

/**
 * Whom Cloudflare Access has let through, by its header.
 * @returns undefined for a token that is not Access's own for this server, or has expired.
 * @throws MlflowError PERMISSION_DENIED for a name that is taken.
 */
export async function accessUser(
  db: D1Database,
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
    // A key set that cannot be read is no fault of the token.
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
    throw error;
  });
  if (claims === undefined) return undefined;
  const { sub, common_name: program, exp } = claims;
  const isProgram = typeof program === "string" && !sub;
  const subject = isProgram ? `program ${program}` : sub;
  if (typeof subject !== "string" || subject === "") return undefined;
  const named = isProgram ? { ...claims, [sso.usernameClaim]: program } : claims;
  const user = await userOfIdentity(db, sso, access.issuer, subject, named, reservedName);
  const one = { ...user, isProgram, untilMs: Math.min(nowMs + REMEMBERED_MS, Number(exp) * 1000) };
  remembered.delete(token);
  remembered.set(token, one);
  if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? "");
  return one;
}
