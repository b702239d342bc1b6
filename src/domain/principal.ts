import type { Scope } from "./access.ts";

/** Who is calling. */
export interface Principal {
  readonly username: string;
  /** May do everything. Of a user the database says so. */
  readonly isAdmin: boolean;
  /** Absent for the admin of the server's settings, and where the server is open. */
  readonly user?: UserIdentity | undefined;
  /** What is left of the user's rights; absent for who signed in with a password. */
  readonly narrowing?: Narrowing | undefined;
  /** Of a browser that is signed in. */
  readonly signInId?: number | undefined;
}

/** Who has not said who it is, where that is not asked. */
export const NOBODY: Principal = { username: "", isAdmin: false };

/** Whoever reaches a server that asks for no credentials. */
export const LOCAL: Principal = { username: "local", isAdmin: true };

/** A user whose password or token was checked. */
export interface UserIdentity {
  readonly userId: number;
  /**
   * Another number after each change of the password, so that who knew the old one is out at once. Absent where the
   * credentials outlive the password, as tokens do.
   */
  readonly stamp?: number | undefined;
}

/** A part of somebody's rights: what may be done is what both allow. */
export interface Narrowing {
  readonly scopes: ReadonlySet<Scope>;
  /** The only experiments, and nothing that belongs to none; undefined for no such limit. */
  readonly experimentIds?: readonly string[] | undefined;
}

/** Whether the credentials leave an admin what only an admin may. */
export function isWhole(narrowing: Narrowing | undefined): boolean {
  return narrowing === undefined || (narrowing.scopes.has("admin") && narrowing.experimentIds === undefined);
}
