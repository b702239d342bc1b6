import type { Database } from "../connection/database.ts";
import type { signIns } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";

/** A browser that is signed in. */
export interface SignIn {
  readonly signInId: number;
  readonly creationTimeMs: number;
  readonly lastSeenTimeMs: number;
  readonly userAgent: string;
  readonly address: string;
}

/** The owner of a sign-in: a user by id and stamp, or the admin from the server's settings, whose id is 0. */
export interface SignInOwner {
  readonly userId: number;
  readonly stamp: number;
}

/** A sign-in found by its cookie. */
export interface FoundSignIn extends SignIn, SignInOwner {
  /** The user's name; null for the admin from the settings. */
  readonly username: string | null;
}

type SignInRow = StoredRow<typeof signIns> & { readonly username: string | null };

function toSignIn(row: SignInRow): FoundSignIn {
  return {
    signInId: row.sign_in_id,
    userId: row.user_id,
    stamp: row.stamp,
    creationTimeMs: row.creation_time,
    lastSeenTimeMs: row.last_seen_time,
    userAgent: row.user_agent,
    address: row.address,
    username: row.username,
  };
}

/** Age limits of a valid sign-in: begun after `createdMs`, and last seen after `seenMs`. */
export interface Oldest {
  readonly createdMs: number;
  readonly seenMs: number;
}

const COUNTS = "s.creation_time > ? AND s.last_seen_time > ?";

/** Finds a sign-in. A user's sign-in is found only if it has the user's current stamp. */
export async function findSignIn(db: D1Database, digest: string, oldest: Oldest): Promise<FoundSignIn | undefined> {
  const row = await db
    .prepare(
      `SELECT s.*, u.username FROM sign_ins s LEFT JOIN users u ON u.user_id = s.user_id AND u.stamp = s.stamp
       WHERE s.digest = ? AND (s.user_id = 0 OR u.user_id IS NOT NULL) AND ${COUNTS}`,
    )
    .bind(digest, oldest.createdMs, oldest.seenMs)
    .first<SignInRow>();
  return row === null ? undefined : toSignIn(row);
}

/** The owner's sign-ins, the most recently seen first. */
export async function findSignInsOf(db: D1Database, userId: number, oldest: Oldest): Promise<SignIn[]> {
  const { results } = await db
    .prepare(
      `SELECT s.*, NULL AS username FROM sign_ins s WHERE s.user_id = ? AND ${COUNTS}
       ORDER BY s.last_seen_time DESC, s.sign_in_id DESC`,
    )
    .bind(userId, oldest.createdMs, oldest.seenMs)
    .all<SignInRow>();
  return results.map(toSignIn);
}

export interface NewSignIn extends SignInOwner {
  readonly digest: string;
  readonly nowMs: number;
  readonly userAgent: string;
  readonly address: string;
}

/**
 * Adds a sign-in, and deletes the one that it replaces and all expired ones, in one transaction.
 * @param replaced the digest of the cookie that the browser had
 * @returns the new id; undefined if the user was deleted, or has changed the password since.
 */
export async function insertSignIn(
  db: Database,
  one: NewSignIn,
  replaced: string | undefined,
  oldest: Oldest,
): Promise<number | undefined> {
  const [, , inserted] = await db.batch<Pick<StoredRow<typeof signIns>, "sign_in_id">>([
    db.prepare("DELETE FROM sign_ins WHERE last_seen_time <= ?").bind(oldest.seenMs),
    db.prepare("DELETE FROM sign_ins WHERE digest = ?").bind(replaced ?? ""),
    db
      .prepare(
        `INSERT INTO sign_ins (digest, user_id, stamp, creation_time, last_seen_time, user_agent, address)
         SELECT ?1, ?2, ?3, ?4, ?4, ?5, ?6
         WHERE ?2 = 0 OR EXISTS (SELECT 1 FROM users WHERE user_id = ?2 AND stamp = ?3) RETURNING sign_in_id`,
      )
      .bind(one.digest, one.userId, one.stamp, one.nowMs, one.userAgent, one.address),
  ]);
  return inserted?.results[0]?.sign_in_id;
}

export async function touchSignIn(db: D1Database, signInId: number, nowMs: number): Promise<void> {
  await db
    .prepare("UPDATE sign_ins SET last_seen_time = max(last_seen_time, ?) WHERE sign_in_id = ?")
    .bind(nowMs, signInId)
    .run();
}

/** @returns whether the owner had such a sign-in. */
export async function deleteSignIn(db: Database, userId: number, signInId: number): Promise<boolean> {
  const { meta } = await db
    .prepare("DELETE FROM sign_ins WHERE user_id = ? AND sign_in_id = ?")
    .bind(userId, signInId)
    .run();
  return meta.changes > 0;
}

/** @returns how many were deleted, which excludes the one that is kept. */
export async function deleteSignInsOf(db: Database, userId: number, kept: number | undefined): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM sign_ins WHERE user_id = ? AND sign_in_id IS NOT ?")
    .bind(userId, kept ?? null)
    .run();
  return meta.changes;
}
