import type { Scope } from "./access.ts";
import type { LinkReach } from "./link.ts";

/** The caller. */
export interface Principal {
  readonly username: string;
  /** Whether the caller may do everything. For a user, the database decides. */
  readonly isAdmin: boolean;
  /** Absent for the admin of the server's settings, and where the server is open. */
  readonly user?: UserIdentity | undefined;
  /** Limits of the caller's token on the user's rights; absent for callers who signed in with a password. */
  readonly narrowing?: Narrowing | undefined;
  /** The id of the browser's sign-in; absent for other callers. */
  readonly signInId?: number | undefined;
  /** The id of the caller's token; absent for other callers. */
  readonly tokenId?: string | undefined;
  /** Whether Cloudflare Access has let the caller through, with no other credentials. */
  readonly isThroughAccess?: boolean | undefined;
  /** The link by which the caller came; absent for other callers. Then `user` is absent. */
  readonly link?: LinkIdentity | undefined;
  /** Whether the caller has the set-up token, and is about to become the first admin. */
  readonly isBySetup?: boolean | undefined;
}

/** A signed link as a caller. It reads what it shows, as far as its maker may read that. */
export interface LinkIdentity {
  readonly linkId: string;
  readonly reach: LinkReach;
  /** The maker's id; undefined for a maker who may read everything. */
  readonly makerId: number | undefined;
}

/** How the caller signed in, as the audit log names it. */
export function credentialOf(principal: Principal): string {
  if (principal === LOCAL) return "open";
  if (principal.tokenId !== undefined) return `token ${principal.tokenId}`;
  if (principal.signInId !== undefined) return `sign-in ${principal.signInId}`;
  if (principal.link !== undefined) return `link ${principal.link.linkId}`;
  if (principal.isThroughAccess) return "access";
  if (principal.isBySetup) return "set-up";
  if (principal.user !== undefined) return "password";
  return principal.isAdmin ? "settings" : "none";
}

/** A caller without credentials, on routes that ask for none. */
export const NOBODY: Principal = { username: "", isAdmin: false };

/** Any caller of a server that asks for no credentials. */
export const LOCAL: Principal = { username: "local", isAdmin: true };

/** A user whose password or token was checked. */
export interface UserIdentity {
  readonly userId: number;
  /**
   * A number that changes with the password, so that the old password is invalid at once. Absent for credentials that
   * outlive the password, such as tokens.
   */
  readonly stamp?: number | undefined;
}

/** Limits on a user's rights: a call needs both the user's rights and these limits to allow it. */
export interface Narrowing {
  readonly scopes: ReadonlySet<Scope>;
  /** The only experiments allowed; things outside of experiments are refused too. Undefined for no such limit. */
  readonly experimentIds?: readonly string[] | undefined;
}

/** Whether an admin with these credentials may still do what only admins may. */
export function isWhole(narrowing: Narrowing | undefined): boolean {
  return narrowing === undefined || (narrowing.scopes.has("admin") && narrowing.experimentIds === undefined);
}
