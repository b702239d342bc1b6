/** A permission on a thing: an experiment by its id, a registered model by its name, or all things of a kind by `*`. */
export interface GrantRecord {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly permission: string;
}

/** A grant of a source. MLflow before roles called a DENY on one thing NO_PERMISSIONS. */
export function toGrant(resourceType: unknown, resourceId: unknown, permission: unknown): GrantRecord {
  const told = String(permission);
  return {
    resourceType: String(resourceType),
    resourceId: String(resourceId),
    permission: told === "NO_PERMISSIONS" ? "DENY" : told,
  };
}

/** A user without the password: no server tells a password, and a hash of MLflow's fits no other server. */
export interface UserRecord {
  readonly username: string;
  readonly isAdmin: boolean;
  /** The user's own grants, without the grants of the user's roles. */
  readonly grants: readonly GrantRecord[];
}

/** Grants that several users share. */
export interface RoleRecord {
  readonly name: string;
  readonly description: string;
  readonly grants: readonly GrantRecord[];
  readonly usernames: readonly string[];
}

/** Who may use a server, and for what. */
export interface AccessRecord {
  readonly users: readonly UserRecord[];
  readonly roles: readonly RoleRecord[];
}

/** The role in which MLflow keeps one user's own grants. */
export function isOwnRole(name: string): boolean {
  return /^__user_\d+__$/.test(name);
}

/** MLflow's only workspace, unless workspaces are turned on. */
export const DEFAULT_WORKSPACE = "default";
