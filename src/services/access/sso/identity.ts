import { MlflowError } from "../../../domain/errors.ts";
import type { UserIdentity } from "../../../domain/principal.ts";
import type { AuditedCaller } from "../../../stores/d1/access/audit.ts";
import { findIdentity, insertIdentity, type LinkedUser, setRights } from "../../../stores/d1/access/identities.ts";
import { isDuplicate } from "../../../stores/d1/connection/guard.ts";
import type { Doors } from "../claim.ts";
import { changed } from "../memory.ts";
import { checkUsername } from "../users.ts";
import type { SsoSettings } from "./settings.ts";

/** What a provider says about a user, in a token whose signature was checked. */
export type Claims = Readonly<Record<string, unknown>>;

export interface SsoUser {
  readonly username: string;
  readonly user: UserIdentity;
}

/** The person whose identity a provider confirms. */
export interface ConfirmedIdentity {
  readonly issuer: string;
  /** The user's id at the issuer. */
  readonly subject: string;
  readonly claims: Claims;
}

/**
 * The user of an identity, created at the first sign-in, with the rights that the user's groups give now. The audit log
 * records a new user and changed rights.
 * @throws MlflowError PERMISSION_DENIED for an invalid name, or the name of a user who does not sign in with this provider:
 *   a provider must not take over an existing account.
 */
export async function userOfIdentity(
  { db, auditedFrom }: Pick<Doors, "db" | "auditedFrom">,
  sso: SsoSettings,
  identity: ConfirmedIdentity,
  reservedName: string,
): Promise<SsoUser> {
  const { issuer, subject, claims } = identity;
  const callerNamed = (username: string): AuditedCaller => ({
    username,
    credential: `provider ${issuer}`,
    ...auditedFrom,
  });
  const found =
    (await findIdentity(db, issuer, subject)) ?? (await newUser(db, sso, identity, reservedName, callerNamed));
  await syncRights(db, sso, found, groupsIn(claims[sso.groupsClaim]), callerNamed(found.username));
  return { username: found.username, user: { userId: found.userId, stamp: found.stamp } };
}

async function newUser(
  db: D1Database,
  { usernameClaim }: SsoSettings,
  { issuer, subject, claims }: ConfirmedIdentity,
  reservedName: string,
  callerNamed: (username: string) => AuditedCaller,
): Promise<LinkedUser> {
  const username = claims[usernameClaim];
  if (typeof username !== "string" || (usernameClaim === "email" && claims.email_verified === false)) {
    throw refused(`The provider tells no ${usernameClaim === "email" ? "verified " : ""}${usernameClaim}.`);
  }
  checkUsername(username);
  if (username === reservedName) throw nameTaken(username);
  try {
    await insertIdentity(db, { issuer, subject, username, nowMs: Date.now() }, callerNamed(username));
  } catch (error) {
    // Another request created the user at the same time.
    if (!isDuplicate(error, "users.username") && !isDuplicate(error, "user_identities.issuer")) throw error;
  }
  const made = await findIdentity(db, issuer, subject);
  if (made === undefined) throw nameTaken(username);
  return made;
}

async function syncRights(
  db: D1Database,
  sso: SsoSettings,
  user: LinkedUser,
  groups: readonly string[],
  caller: AuditedCaller,
): Promise<void> {
  const { adminGroups, rolesOfGroups } = sso;
  const isAdmin = adminGroups?.some((group) => groups.includes(group));
  const roles = rolesOfGroups.filter(({ group }) => groups.includes(group)).map(({ role }) => role);
  if ((isAdmin === undefined || isAdmin === user.isAdmin) && rolesOfGroups.length === 0) return;
  await changed(
    setRights(
      db,
      user,
      { isAdmin: isAdmin ?? user.isAdmin, mapped: rolesOfGroups.map(({ role }) => role), roles },
      caller,
    ),
  );
}

/** The names of groups. Most providers send a list of names; Cloudflare Access sends a list of objects with a name. */
function groupsIn(value: unknown): string[] {
  const listed = Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
  return listed.flatMap((one: unknown) => {
    if (typeof one === "string") return [one];
    const { name } = (one ?? {}) as { name?: unknown };
    return typeof name === "string" ? [name] : [];
  });
}

const refused = (message: string) => new MlflowError("PERMISSION_DENIED", message);

const nameTaken = (username: string) =>
  refused(`A user '${username}' of another kind is there already. An admin can delete or rename it.`);
