import { createInterface } from "node:readline/promises";
import { UserError } from "../user-error.ts";
import { AccessServer, type ServerFlags } from "./access-server.ts";
import { tableText } from "./table-text.ts";

const USERS = "/api/2.0/mlflow/users";
const PERMISSIONS = "/api/3.0/mlflow/users/permissions";

/** What a listing prints: a table, or JSON for programs. */
type ListFlags = ServerFlags & { readonly json?: true };

export async function listUsers(flags: ListFlags): Promise<void> {
  const { users } = await new AccessServer(flags).ask<{ users: { username: string; is_admin: boolean }[] }>(
    "GET",
    `${USERS}/list`,
  );
  if (flags.json) {
    console.log(JSON.stringify(users, undefined, 2));
    return;
  }
  console.log(
    tableText(
      ["USER", "ADMIN"],
      users.map((user) => [user.username, user.is_admin ? "yes" : "no"]),
    ),
  );
}

export async function createUser(username: string, flags: ServerFlags & { readonly admin?: true }): Promise<void> {
  const server = new AccessServer(flags);
  await server.ask("POST", `${USERS}/create`, { username, password: await askForPassword("Password of the user") });
  if (flags.admin) await server.ask("PATCH", `${USERS}/update-admin`, { username, is_admin: true });
  console.error(`Made ${username}${flags.admin ? ", an admin" : ""}.`);
}

export async function deleteUser(username: string, flags: ServerFlags): Promise<void> {
  await new AccessServer(flags).ask("DELETE", `${USERS}/delete`, { username });
  console.error(`Deleted ${username}, with all grants and tokens.`);
}

/** @param flags `own` if the caller is the user */
export async function setPassword(username: string, flags: ServerFlags & { readonly own?: true }): Promise<void> {
  const server = new AccessServer(flags);
  const current_password = flags.own ? await askForPassword("Password so far") : undefined;
  const password = await askForPassword("New password");
  await server.ask("PATCH", `${USERS}/update-password`, { username, password, current_password });
  console.error(`${username} has another password.`);
}

export async function setAdmin(username: string, isAdmin: boolean, flags: ServerFlags): Promise<void> {
  await new AccessServer(flags).ask("PATCH", `${USERS}/update-admin`, { username, is_admin: isAdmin });
  console.error(`${username} is ${isAdmin ? "an" : "no"} admin.`);
}

export interface GrantNames {
  readonly username: string;
  readonly type: string;
  readonly id: string;
}

/** @throws {UserError} if the user already has a grant on the thing: revoke it first. */
export async function grant({ username, type, id }: GrantNames, permission: string, flags: ServerFlags): Promise<void> {
  const named = { username, resource_type: type, resource_id: id };
  const server = new AccessServer(flags);
  await server.ask("POST", `${PERMISSIONS}/grant`, { ...named, permission });
  console.error(`${username} has ${permission} on ${type} ${id}.`);
}

export async function revoke({ username, type, id }: GrantNames, flags: ServerFlags): Promise<void> {
  const named = { username, resource_type: type, resource_id: id };
  await new AccessServer(flags).ask("POST", `${PERMISSIONS}/revoke`, named);
  console.error(`${username} has no grant on ${type} ${id}.`);
}

export async function listGrants(username: string, flags: ListFlags): Promise<void> {
  const { permissions } = await new AccessServer(flags).ask<{
    permissions: { role_name: string; resource_type: string; resource_pattern: string; permission: string }[];
  }>("GET", `${PERMISSIONS}/list`, { username });
  if (flags.json) {
    console.log(JSON.stringify(permissions, undefined, 2));
    return;
  }
  const rows = permissions.map((one) => [one.resource_type, one.resource_pattern, one.permission, one.role_name]);
  console.log(tableText(["TYPE", "ID", "PERMISSION", "ROLE"], rows));
}

/** Reads the password from a terminal without echo, else from the next line of stdin. Other processes could see a flag. */
async function askForPassword(message: string): Promise<string> {
  if (process.stdin.isTTY) {
    const { isCancel, password } = await import("@clack/prompts");
    const answer = await password({ message });
    if (isCancel(answer)) throw new UserError("Nothing was changed.");
    return answer;
  }
  const line = await nextLine();
  if (line === undefined) throw new UserError("Give the password on stdin, on a line of its own.");
  return line;
}

let lines: AsyncIterator<string> | undefined;

async function nextLine(): Promise<string | undefined> {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const next = await lines.next();
  return next.done ? undefined : next.value;
}
