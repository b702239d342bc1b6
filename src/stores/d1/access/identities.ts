import type { Database } from "../connection/database.ts";
import type { users } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";
import { type AuditedCaller, auditStatement, IF_CHANGED } from "./audit.ts";

/** A user whose identity a single sign-on provider confirms. */
export interface LinkedUser {
  readonly userId: number;
  readonly username: string;
  readonly stamp: number;
  readonly isAdmin: boolean;
}

export async function findIdentity(db: D1Database, issuer: string, subject: string): Promise<LinkedUser | undefined> {
  const row = await db
    .prepare(
      `SELECT u.user_id, u.username, u.stamp, u.is_admin FROM user_identities i JOIN users u ON u.user_id = i.user_id
       WHERE i.issuer = ? AND i.subject = ?`,
    )
    .bind(issuer, subject)
    .first<Pick<StoredRow<typeof users>, "user_id" | "username" | "stamp" | "is_admin">>();
  if (row === null) return undefined;
  return { userId: row.user_id, username: row.username, stamp: row.stamp, isAdmin: row.is_admin === 1 };
}

/** A hash that no password has, so that the user can only sign in through the provider. */
const NO_PASSWORD = "none";

/**
 * Creates the user of an identity, and the entry of the audit log.
 * @throws the UNIQUE error of `users.username` if the name is taken.
 */
export async function insertIdentity(
  db: Database,
  one: { readonly issuer: string; readonly subject: string; readonly username: string; readonly nowMs: number },
  caller: AuditedCaller,
): Promise<void> {
  await db.batch([
    db
      .prepare(
        `INSERT INTO users (username, password_hash, stamp, is_admin, creation_time)
         VALUES (?, '${NO_PASSWORD}', random() & 9007199254740991, FALSE, ?)`,
      )
      .bind(one.username, one.nowMs),
    db
      .prepare(
        `INSERT INTO user_identities (issuer, subject, user_id) SELECT ?, ?, user_id FROM users WHERE username = ?`,
      )
      .bind(one.issuer, one.subject, one.username),
    auditStatement(db, caller, { action: "user.create", targetType: "user", targetId: one.username }),
  ]);
}

/** What a user's groups give. */
export interface GroupRights {
  readonly isAdmin: boolean;
  /** Names of the roles that groups decide on. */
  readonly mapped: readonly string[];
  /** Of these roles, the names of those that the user has. */
  readonly roles: readonly string[];
}

/** Gives a user the rights of the user's groups. The audit log gets an entry for each kind of right that changes. */
export async function setRights(
  db: Database,
  { userId, username }: LinkedUser,
  { isAdmin, mapped, roles }: GroupRights,
  caller: AuditedCaller,
): Promise<void> {
  const lost = mapped.filter((role) => !roles.includes(role));
  const target = { targetType: "user", targetId: username } as const;
  const entry = (action: "user.admin" | "role.unassign" | "role.assign", detail: Readonly<Record<string, unknown>>) =>
    auditStatement(db, caller, { action, ...target, detail }, { condition: IF_CHANGED });
  await db.batch([
    db.prepare("UPDATE users SET is_admin = ?1 WHERE user_id = ?2 AND is_admin <> ?1").bind(isAdmin ? 1 : 0, userId),
    entry("user.admin", { is_admin: isAdmin }),
    db
      .prepare(
        `DELETE FROM user_roles WHERE user_id = ? AND role_id IN
           (SELECT role_id FROM roles WHERE owner_id IS NULL AND name IN (SELECT value FROM json_each(?)))`,
      )
      .bind(userId, JSON.stringify(lost)),
    entry("role.unassign", { roles: lost }),
    db
      .prepare(
        `INSERT OR IGNORE INTO user_roles (user_id, role_id) SELECT ?, role_id FROM roles
         WHERE owner_id IS NULL AND name IN (SELECT value FROM json_each(?))`,
      )
      .bind(userId, JSON.stringify(roles)),
    entry("role.assign", { roles }),
  ]);
}
