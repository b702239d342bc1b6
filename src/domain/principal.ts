/** Who is calling. */
export interface Principal {
  readonly username: string;
  /** May do everything. Of a user it is asked of the database with each request. */
  readonly isAdmin: boolean;
  /** Absent for the admin of the server's settings, and where the server is open. */
  readonly user?: UserIdentity | undefined;
}

/** Whoever reaches a server that asks for no credentials. */
export const LOCAL: Principal = { username: "local", isAdmin: true };

/** A user whose password was checked. */
export interface UserIdentity {
  readonly userId: number;
  /** Another number after each change of the password, so that who knew the old one is out at once. */
  readonly stamp: number;
}
