import type { Database } from "../connection/database.ts";
import type { users } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";

export interface User {
  readonly userId: number;
  readonly username: string;
  readonly isAdmin: boolean;
}

/** A user with the data that a sign-in is checked against. */
export interface Credentials extends User {
  readonly passwordHash: string;
  readonly stamp: number;
}

export type UserRow = Omit<StoredRow<typeof users>, "creation_time">;

const COLUMNS = "user_id, username, is_admin, password_hash, stamp";

/** A number that no other password of the user had. */
const NEW_STAMP = "random() & 9007199254740991";

export function toCredentials(row: UserRow): Credentials {
  return {
    userId: row.user_id,
    username: row.username,
    isAdmin: row.is_admin === 1,
    passwordHash: row.password_hash,
    stamp: row.stamp,
  };
}

/** @throws the UNIQUE error of `users.username` if the name is taken. */
export async function insertUser(
  db: Database,
  user: { readonly username: string; readonly passwordHash: string; readonly nowMs: number },
): Promise<User> {
  const row = await db
    .prepare(
      `INSERT INTO users (username, password_hash, stamp, is_admin, creation_time)
       VALUES (?, ?, ${NEW_STAMP}, FALSE, ?) RETURNING user_id`,
    )
    .bind(user.username, user.passwordHash, user.nowMs)
    .first<Pick<StoredRow<typeof users>, "user_id">>();
  return { userId: row!.user_id, username: user.username, isAdmin: false };
}

/**
 * Adds the first admin.
 * @returns undefined if there is an admin already.
 * @throws the UNIQUE error of `users.username` if the name is taken.
 */
export async function insertFirstAdmin(
  db: Database,
  user: { readonly username: string; readonly passwordHash: string; readonly nowMs: number },
): Promise<Credentials | undefined> {
  const row = await db
    .prepare(
      `INSERT INTO users (username, password_hash, stamp, is_admin, creation_time)
       SELECT ?, ?, ${NEW_STAMP}, TRUE, ? WHERE NOT EXISTS (SELECT 1 FROM users WHERE is_admin) RETURNING ${COLUMNS}`,
    )
    .bind(user.username, user.passwordHash, user.nowMs)
    .first<UserRow>();
  return row === null ? undefined : toCredentials(row);
}

export async function hasAdmin(db: D1Database): Promise<boolean> {
  return (await db.prepare("SELECT 1 FROM users WHERE is_admin LIMIT 1").first()) !== null;
}

export async function findUser(db: D1Database, username: string): Promise<Credentials | undefined> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM users WHERE username = ?`).bind(username).first<UserRow>();
  return row === null ? undefined : toCredentials(row);
}

/** All users, in the order of their names. */
export async function findAllUsers(db: D1Database): Promise<User[]> {
  const { results } = await db.prepare(`SELECT ${COLUMNS} FROM users ORDER BY username`).all<UserRow>();
  return results.map(toCredentials);
}

/**
 * @param ifStamp the stamp that the user must have; undefined for any
 * @returns whether there was such a user.
 */
export async function updatePassword(
  db: Database,
  username: string,
  passwordHash: string,
  ifStamp: number | undefined,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE users SET password_hash = ?, stamp = ${NEW_STAMP} WHERE username = ? AND stamp = coalesce(?, stamp)`,
    )
    .bind(passwordHash, username, ifStamp ?? null)
    .run();
  return meta.changes > 0;
}

/**
 * SQL: whether an admin is left without the user. D1 runs one statement after the other, so of two admins who remove each
 * other one stays. ?1 is whether the settings have an admin besides.
 */
const IS_NOT_LAST =
  "(?1 OR NOT users.is_admin OR EXISTS (SELECT 1 FROM users o WHERE o.is_admin AND o.user_id <> users.user_id))";

/** @returns whether a user was changed; false if there is none, or if no admin would be left. */
export async function updateIsAdmin(
  db: Database,
  username: string,
  isAdmin: boolean,
  hasSettingsAdmin: boolean,
): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE users SET is_admin = ?2 WHERE username = ?3 AND (?2 OR ${IS_NOT_LAST})`)
    .bind(hasSettingsAdmin ? 1 : 0, isAdmin ? 1 : 0, username)
    .run();
  return meta.changes > 0;
}

/**
 * Deletes a user with all of the user's grants.
 * @returns whether a user was deleted; false if there is none, or if no admin would be left.
 */
export async function deleteUser(db: Database, username: string, hasSettingsAdmin: boolean): Promise<boolean> {
  const row = await db
    .prepare(`DELETE FROM users WHERE username = ?2 AND ${IS_NOT_LAST} RETURNING user_id`)
    .bind(hasSettingsAdmin ? 1 : 0, username)
    .first();
  return row !== null;
}
