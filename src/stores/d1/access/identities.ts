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
    .first<{ user_id: number; username: string; stamp: number; is_admin: number }>();
  if (row === null) return undefined;
  return { userId: row.user_id, username: row.username, stamp: row.stamp, isAdmin: row.is_admin === 1 };
}

/** A hash that no password has, so that the user can only sign in through the provider. */
const NO_PASSWORD = "none";

/** @throws the UNIQUE error of `users.username` if the name is taken. */
export async function insertIdentity(
  db: D1Database,
  one: { readonly issuer: string; readonly subject: string; readonly username: string; readonly nowMs: number },
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
  ]);
}

/** @param mapped names of the roles that groups decide on; of these roles, the user gets exactly `roles` */
export async function setRights(
  db: D1Database,
  userId: number,
  isAdmin: boolean,
  mapped: readonly string[],
  roles: readonly string[],
): Promise<void> {
  await db.batch([
    db.prepare("UPDATE users SET is_admin = ? WHERE user_id = ?").bind(isAdmin ? 1 : 0, userId),
    db
      .prepare(
        `DELETE FROM user_roles WHERE user_id = ? AND role_id IN
           (SELECT role_id FROM roles WHERE owner_id IS NULL AND name IN (SELECT value FROM json_each(?)))`,
      )
      .bind(userId, JSON.stringify(mapped)),
    db
      .prepare(
        `INSERT OR IGNORE INTO user_roles (user_id, role_id) SELECT ?, role_id FROM roles
         WHERE owner_id IS NULL AND name IN (SELECT value FROM json_each(?))`,
      )
      .bind(userId, JSON.stringify(roles)),
  ]);
}
