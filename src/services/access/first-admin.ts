import { createHash, timingSafeEqual } from "node:crypto";
import { MlflowError } from "../../domain/errors.ts";
import type { Principal } from "../../domain/principal.ts";
import { hasAdmin, insertFirstAdmin } from "../../stores/d1/access/users.ts";
import { isDuplicate } from "../../stores/d1/connection/guard.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { changed } from "./memory.ts";
import { hashPassword } from "./passwords.ts";
import { checkPassword, checkUsername, nameTaken, userTarget } from "./users.ts";

/*
 * A server that asks for credentials and has no admin yet: whoever has the set-up token makes the first admin. The token is
 * used up with the transaction that adds the admin.
 */

/** Whether the first admin can be made now. */
export async function isSetupNeeded({ db, setupToken }: ServiceContext): Promise<boolean> {
  return setupToken !== undefined && !(await hasAdmin(db));
}

/**
 * Makes the first admin.
 * @throws MlflowError PERMISSION_DENIED for a wrong or used token, INVALID_PARAMETER_VALUE for a wrong name or password
 */
export async function makeFirstAdmin(
  ctx: ServiceContext,
  asked: { readonly token: string; readonly username: string; readonly password: string },
): Promise<Principal> {
  const { token, username, password } = asked;
  if (ctx.setupToken === undefined || !sameSecret(token, ctx.setupToken)) throw refused();
  checkUsername(username);
  checkPassword(password);
  const passwordHash = await hashPassword(password);
  const caller = { username, isAdmin: false, isBySetup: true };
  const writes = recorded(ctx, { action: "user.create", ...userTarget(username), detail: { is_admin: true } }, caller);
  try {
    const admin = await changed(insertFirstAdmin(writes, { username, passwordHash, nowMs: Date.now() }));
    if (admin === undefined) throw refused();
    return { username, isAdmin: true, user: { userId: admin.userId, stamp: admin.stamp } };
  } catch (error) {
    throw isDuplicate(error, "users.username") ? nameTaken(username) : error;
  }
}

const refused = () =>
  new MlflowError(
    "PERMISSION_DENIED",
    "This link is wrong or used: the server prints a new one at each start while it has no admin.",
  );

/** Compares digests, since their lengths are equal and the time reveals nothing. */
function sameSecret(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
