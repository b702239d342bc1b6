import {
  type AccessRecord,
  DEFAULT_WORKSPACE,
  type GrantRecord,
  isOwnRole,
  type RoleRecord,
  toGrant,
  type UserRecord,
} from "../../transfer/access.ts";
import { NotLetIn, Refused, type TrackingServer } from "../../transfer/http.ts";
import type { Report } from "../../transfer/report.ts";

const USERS = "/api/2.0/mlflow/users";

interface WireGrant {
  readonly role_name?: string;
  readonly workspace?: string;
  readonly resource_type: string;
  readonly resource_pattern: string;
  readonly permission: string;
}

interface WireRole {
  readonly id: number;
  readonly name: string;
  readonly description?: string | null;
  readonly permissions?: readonly WireGrant[];
}

interface WireUser {
  readonly username: string;
  readonly is_admin: boolean;
  readonly roles?: readonly WireRole[];
}

/** What MLflow before roles tells of a user's grants. */
interface OlderUser {
  readonly experiment_permissions?: readonly { readonly experiment_id: string; readonly permission: string }[];
  readonly registered_model_permissions?: readonly { readonly name: string; readonly permission: string }[];
}

/**
 * The users and roles of a server with a login, as its admins read them.
 * @returns undefined where the server has no login, or does not tell its users. The report tells the latter.
 */
export async function readAccess(server: TrackingServer, report: Report): Promise<AccessRecord | undefined> {
  const notTold = (why: string) => report.problem("users and grants", why);
  try {
    const users = await orUndefined(server.get<{ users: readonly WireUser[] }>(`${USERS}/list`));
    if (users !== undefined) return await readAll(server, users.users);
    if (await hasLogin(server)) notTold("this MLflow lists no users: import its basic_auth.db too");
  } catch (error) {
    if (!(error instanceof NotLetIn)) throw error;
    notTold("only an admin of the source may read them");
  }
  return undefined;
}

async function readAll(server: TrackingServer, users: readonly WireUser[]): Promise<AccessRecord> {
  const records: UserRecord[] = [];
  for (const { username, is_admin } of users) {
    records.push({ username, isAdmin: is_admin, grants: await ownGrants(server, username) });
  }
  return { users: records, roles: await sharedRoles(server, users) };
}

async function ownGrants(server: TrackingServer, username: string): Promise<GrantRecord[]> {
  const answer = await orUndefined(
    server.get<{ permissions: readonly WireGrant[] }>("/api/3.0/mlflow/users/permissions/list", { username }),
  );
  if (answer === undefined) return await olderGrants(server, username);
  return answer.permissions
    .filter(({ role_name = "", workspace }) => isOwnRole(role_name) && workspace === DEFAULT_WORKSPACE)
    .map(grantOf);
}

async function sharedRoles(server: TrackingServer, users: readonly WireUser[]): Promise<RoleRecord[]> {
  const message = { workspace: DEFAULT_WORKSPACE };
  const answer = await orUndefined(server.get<{ roles: readonly WireRole[] }>("/api/3.0/mlflow/roles/list", message));
  return (answer?.roles ?? [])
    .filter(({ name }) => !isOwnRole(name))
    .map(({ id, name, description, permissions = [] }) => ({
      name,
      description: description ?? "",
      grants: permissions.map(grantOf),
      usernames: users.filter(({ roles = [] }) => roles.some((role) => role.id === id)).map(({ username }) => username),
    }));
}

/** @returns undefined where the server has no such endpoint */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}

/** Whether a server that cannot list its users answers for the caller's own name. */
async function hasLogin(server: TrackingServer): Promise<boolean> {
  if (server.username === undefined) return false;
  return (await orUndefined(server.get(`${USERS}/get`, { username: server.username }))) !== undefined;
}

async function olderGrants(server: TrackingServer, username: string): Promise<GrantRecord[]> {
  const { user } = await server.get<{ user: OlderUser }>(`${USERS}/get`, { username });
  const { experiment_permissions: experiments = [], registered_model_permissions: models = [] } = user;
  return [
    ...experiments.map((one) => ({ ...one, resource_type: "experiment", resource_pattern: one.experiment_id })),
    ...models.map((one) => ({ ...one, resource_type: "registered_model", resource_pattern: one.name })),
  ].map(grantOf);
}

function grantOf({ resource_type, resource_pattern, permission }: WireGrant): GrantRecord {
  return toGrant(resource_type, resource_pattern, permission);
}
