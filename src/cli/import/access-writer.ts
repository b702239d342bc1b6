import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { counted } from "../counted.ts";
import type { AccessRecord, GrantRecord, RoleRecord, UserRecord } from "../transfer/access.ts";
import { Refused, type TrackingServer } from "../transfer/http.ts";
import type { Report } from "../transfer/report.ts";
import { readAccess } from "./tracking-server/access.ts";

const USERS = "/api/2.0/mlflow/users";
const ROLES = "/api/3.0/mlflow/roles";

/**
 * Writes users, roles and grants to a Trackflare server, each that the server lacks. What is there stays as it is: nobody's
 * password, admin's right or permission is changed.
 */
export class AccessWriter {
  readonly #server: TrackingServer;
  readonly #report: Report;
  readonly #passwordsFile: string | undefined;
  #unknownPasswords = 0;

  /** @param passwordsFile takes a line `username,password` for each new user */
  constructor(server: TrackingServer, passwordsFile: string | undefined, report: Report) {
    this.#server = server;
    this.#passwordsFile = passwordsFile;
    this.#report = report;
  }

  async write({ users, roles }: AccessRecord): Promise<void> {
    const there = (await readAccess(this.#server, this.#report)) ?? { users: [], roles: [] };
    // The admin of the server's settings is in no list, takes no grants, and may do everything.
    const caller = await this.#caller();
    const isSettingsAdmin = (name: string) => name === caller && !there.users.some((user) => user.username === name);
    for (const user of users) {
      const own = there.users.find(({ username }) => username === user.username);
      if (own?.isAdmin === false && user.isAdmin) {
        this.#report.problem(`user ${user.username}`, "an admin there, and none here: see `trackflare users admin`");
      }
      if (isSettingsAdmin(user.username)) {
        this.#skip("users", 1);
        this.#skip("grants", user.grants.length);
        continue;
      }
      if (!(await this.#user(user, own !== undefined))) continue;
      const write = (grant: GrantRecord) =>
        this.#send("POST", "/api/3.0/mlflow/users/permissions/grant", {
          username: user.username,
          resource_type: grant.resourceType,
          resource_id: grant.resourceId,
          permission: grant.permission,
        });
      await this.#grants(`user ${user.username}`, user.grants, own?.grants ?? [], write);
    }
    for (const role of roles) {
      const members = role.usernames.filter((name) => !isSettingsAdmin(name));
      this.#skip("grants", role.usernames.length - members.length);
      await this.#role(
        { ...role, usernames: members },
        there.roles.find(({ name }) => name === role.name),
      );
    }
    if (this.#unknownPasswords === 0) return;
    this.#report.problem(
      `passwords of ${counted(this.#unknownPasswords, "user")}`,
      "no server tells them, so nobody knows the new ones: set each by `trackflare users password`, or give --passwords <file> before the users are made",
    );
  }

  /** @returns whether the user is there now */
  async #user({ username, isAdmin }: UserRecord, isThere: boolean): Promise<boolean> {
    return await this.#one("users", `user ${username}`, isThere, async () => {
      const password = randomBytes(18).toString("base64url");
      // First, so that no user is made whose password is lost.
      if (this.#passwordsFile !== undefined) {
        appendFileSync(this.#passwordsFile, `${csv(username)},${password}\n`, { mode: 0o600, flush: true });
      }
      await this.#send("POST", `${USERS}/create`, { username, password });
      if (this.#passwordsFile === undefined) this.#unknownPasswords++;
      if (isAdmin) await this.#send("PATCH", `${USERS}/update-admin`, { username, is_admin: true });
    });
  }

  async #role({ name, description, grants, usernames }: RoleRecord, there: RoleRecord | undefined): Promise<void> {
    const isThere = await this.#one("roles", `role ${name}`, there !== undefined, async () => {
      await this.#send("POST", `${ROLES}/create`, { name, description, workspace: "default" });
    });
    if (!isThere) return;
    const id = await this.#roleId(name);
    const write = ({ resourceType, resourceId, permission }: GrantRecord) =>
      this.#send("POST", `${ROLES}/permissions/add`, {
        role_id: id,
        resource_type: resourceType,
        resource_pattern: resourceId,
        permission,
      });
    await this.#grants(`role ${name}`, grants, there?.grants ?? [], write);
    for (const username of usernames) {
      const isMember = there?.usernames.includes(username) === true;
      await this.#one("grants", `role ${name} of ${username}`, isMember, () =>
        this.#send("POST", `${ROLES}/assign`, { role_id: id, username }),
      );
    }
  }

  async #grants(
    whose: string,
    grants: readonly GrantRecord[],
    there: readonly GrantRecord[],
    write: (grant: GrantRecord) => Promise<void>,
  ): Promise<void> {
    for (const grant of grants) {
      const where = `${grant.permission} of ${whose} on ${grant.resourceType} ${grant.resourceId}`;
      const found = there.find((one) => one.resourceType === grant.resourceType && one.resourceId === grant.resourceId);
      if (found !== undefined && found.permission !== grant.permission) {
        this.#report.unreadable("grants", where, `${found.permission} is there, and stays`);
      } else await this.#one("grants", where, found !== undefined, () => write(grant));
    }
  }

  #skip(kind: "users" | "grants", number: number): void {
    this.#report.count(kind, "read", number);
    this.#report.count(kind, "skipped", number);
  }

  /** Writes one thing, unless it is there, and counts it. @returns whether it is there now */
  async #one(
    kind: "users" | "roles" | "grants",
    where: string,
    isThere: boolean,
    write: () => Promise<void>,
  ): Promise<boolean> {
    this.#report.count(kind, "read");
    try {
      if (!isThere) await write();
      this.#report.count(kind, isThere ? "skipped" : "written");
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#report.count(kind, "failed");
      this.#report.problem(where, error.message);
      return false;
    }
  }

  /** The name under which this import writes. */
  async #caller(): Promise<string | undefined> {
    try {
      return (await this.#server.get<{ user: { username: string } }>(`${USERS}/current`)).user.username;
    } catch (error) {
      // A server without a login.
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  async #roleId(name: string): Promise<unknown> {
    const { roles } = await this.#server.get<{ roles: { id: unknown; name: string }[] }>(`${ROLES}/list`);
    return roles.find((role) => role.name === name)?.id;
  }

  async #send(method: "POST" | "PATCH", path: string, message: object): Promise<void> {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(message);
    const response = await this.#server.fetch(path, { method, headers, body: () => body });
    await response.body?.cancel();
  }
}

function csv(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
