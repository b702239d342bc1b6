import {
  type AccessRecord,
  DEFAULT_WORKSPACE,
  type GrantRecord,
  isOwnRole,
  type RoleRecord,
  toGrant,
} from "../../transfer/access.ts";
import { grouped } from "./runs.ts";
import { text, truth } from "./sql-database.ts";
import type { Tables } from "./tables.ts";

/** Whether the database is of MLflow's basic-auth, which is a file of its own by default. */
export function hasAccessTables(tables: Tables): boolean {
  return tables.has("users") && (tables.has("role_permissions") || tables.has("experiment_permissions"));
}

/** The users, grants and roles of MLflow's basic-auth. */
export async function readAccess(tables: Tables): Promise<AccessRecord> {
  const users = await tables.read("users", ["id", "username", "is_admin"], "ORDER BY id");
  // Servers with roles no longer read the tables before them.
  const isOfRoles = tables.has("role_permissions");
  const roles = isOfRoles ? await readRoles(tables) : [];
  const older = isOfRoles ? new Map<string, GrantRecord[]>() : await readOlderGrants(tables);
  const nameOf = new Map(users.map((row) => [text(row.id), text(row.username)]));
  return {
    users: users.map((row) => ({
      username: text(row.username),
      isAdmin: truth(row.is_admin),
      grants: [
        ...(older.get(text(row.id)) ?? []),
        ...roles.flatMap((role) => (isOwnRole(role.name) && role.userIds.includes(text(row.id)) ? role.grants : [])),
      ],
    })),
    roles: roles
      .filter(({ name }) => !isOwnRole(name))
      .map(
        ({ name, description, grants, userIds }): RoleRecord => ({
          ...{ name, description, grants },
          usernames: userIds.flatMap((id) => nameOf.get(id) ?? []),
        }),
      ),
  };
}

type RoleOfIds = Omit<RoleRecord, "usernames"> & { readonly userIds: readonly string[] };

async function readRoles(tables: Tables): Promise<RoleOfIds[]> {
  const roles = await tables.read("roles", ["id", "name", "description"], "WHERE workspace = ? ORDER BY id", [
    DEFAULT_WORKSPACE,
  ]);
  const columns = ["role_id", "resource_type", "resource_pattern", "permission"];
  const rows = await tables.read("role_permissions", columns, "ORDER BY role_id, id");
  const grants = grouped(rows, "role_id", (row) => toGrant(row.resource_type, row.resource_pattern, row.permission));
  const members = await tables.read("user_role_assignments", ["role_id", "user_id"], "ORDER BY role_id, id");
  const userIds = grouped(members, "role_id", (row) => text(row.user_id));
  return roles.map((row) => ({
    name: text(row.name),
    description: text(row.description),
    grants: grants.get(text(row.id)) ?? [],
    userIds: userIds.get(text(row.id)) ?? [],
  }));
}

/** @returns grants by the user's id */
async function readOlderGrants(tables: Tables): Promise<Map<string, GrantRecord[]>> {
  const grants = new Map<string, GrantRecord[]>();
  const kinds = { experiment: "experiment_id", registered_model: "name" };
  for (const [resourceType, idColumn] of Object.entries(kinds)) {
    const rows = await tables.read(
      `${resourceType}_permissions`,
      ["user_id", idColumn, "permission"],
      "ORDER BY user_id, id",
    );
    for (const row of rows) {
      const user = text(row.user_id);
      const grant = toGrant(resourceType, row[idColumn], row.permission);
      grants.set(user, [...(grants.get(user) ?? []), grant]);
    }
  }
  return grants;
}
