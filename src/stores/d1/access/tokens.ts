import { SCOPES, type Scope } from "../../../domain/access.ts";
import type { Database } from "../connection/database.ts";
import type { apiTokens } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";

/** A token as its owner sees it. Times are milliseconds since 1970. */
export interface ApiToken {
  readonly tokenId: string;
  readonly userId: number;
  readonly username: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly experimentIds: readonly string[] | undefined;
  readonly creationTimeMs: number;
  readonly expirationTimeMs: number | undefined;
  /** Accurate to a quarter of an hour. */
  readonly lastUsedTimeMs: number | undefined;
  /** Until when the secret before the last rotation is also valid; undefined if there is none. */
  readonly previousUntilMs: number | undefined;
}

/** A token with the hashes that a caller's secret is compared with. */
export interface StoredToken extends ApiToken {
  readonly secretHash: string;
  readonly previousHash: string | undefined;
}

export type TokenRow = StoredRow<typeof apiTokens> & { readonly username: string };

const SELECT = "SELECT t.*, u.username FROM api_tokens t JOIN users u ON u.user_id = t.user_id";

export function toToken(row: TokenRow): StoredToken {
  const scopes = row.scopes.split(" ");
  return {
    tokenId: row.token_id,
    userId: row.user_id,
    username: row.username,
    name: row.name,
    secretHash: row.secret_hash,
    previousHash: row.previous_hash ?? undefined,
    previousUntilMs: row.previous_until ?? undefined,
    scopes: SCOPES.filter((scope) => scopes.includes(scope)),
    experimentIds: row.experiment_ids === null ? undefined : (JSON.parse(row.experiment_ids) as string[]),
    creationTimeMs: row.creation_time,
    expirationTimeMs: row.expiration_time ?? undefined,
    lastUsedTimeMs: row.last_used_time ?? undefined,
  };
}

export async function findToken(db: D1Database, tokenId: string): Promise<StoredToken | undefined> {
  const row = await db.prepare(`${SELECT} WHERE t.token_id = ?`).bind(tokenId).first<TokenRow>();
  return row === null ? undefined : toToken(row);
}

/** Tokens in the order of owner and name. @param userId undefined for the tokens of all users */
export async function findTokens(db: D1Database, userId: number | undefined): Promise<ApiToken[]> {
  const { results } = await db
    .prepare(`${SELECT} WHERE t.user_id = coalesce(?, t.user_id) ORDER BY u.username, t.name`)
    .bind(userId ?? null)
    .all<TokenRow>();
  return results.map(toToken);
}

export type NewToken = Omit<ApiToken, "username" | "lastUsedTimeMs" | "previousUntilMs"> & {
  readonly secretHash: string;
};

/**
 * @returns whether the token was inserted; false if the user already has `most` tokens.
 * @throws the UNIQUE error of `api_tokens.user_id` if the user already has a token with that name.
 */
export async function insertToken(db: Database, token: NewToken, most: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `INSERT INTO api_tokens
         (token_id, user_id, name, secret_hash, scopes, experiment_ids, creation_time, expiration_time)
       SELECT ?1, u.user_id, ?3, ?4, ?5, ?6, ?7, ?8 FROM users u
       WHERE u.user_id = ?2 AND (SELECT count(*) FROM api_tokens WHERE user_id = ?2) < ?9`,
    )
    .bind(
      token.tokenId,
      token.userId,
      token.name,
      token.secretHash,
      token.scopes.join(" "),
      token.experimentIds === undefined ? null : JSON.stringify(token.experimentIds),
      token.creationTimeMs,
      token.expirationTimeMs ?? null,
      most,
    )
    .run();
  return meta.changes > 0;
}

/**
 * Gives the token a new secret. The current secret stays valid until `previousUntilMs`; an older one is no longer valid.
 */
export async function replaceTokenSecret(
  db: Database,
  before: Pick<StoredToken, "tokenId" | "secretHash">,
  next: {
    readonly secretHash: string;
    readonly previousUntilMs: number;
    readonly expirationTimeMs: number | undefined;
  },
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE api_tokens SET previous_hash = secret_hash, previous_until = ?3, secret_hash = ?4, expiration_time = ?5
       WHERE token_id = ?1 AND secret_hash = ?2`,
    )
    .bind(before.tokenId, before.secretHash, next.previousUntilMs, next.secretHash, next.expirationTimeMs ?? null)
    .run();
  return meta.changes > 0;
}

/** @returns whether there was such a token. */
export async function deleteToken(db: Database, tokenId: string): Promise<boolean> {
  const { meta } = await db.prepare("DELETE FROM api_tokens WHERE token_id = ?").bind(tokenId).run();
  return meta.changes > 0;
}

export async function noteTokenUse(db: D1Database, tokenId: string, nowMs: number): Promise<void> {
  const sql = "UPDATE api_tokens SET last_used_time = max(coalesce(last_used_time, 0), ?2) WHERE token_id = ?1";
  await db.prepare(sql).bind(tokenId, nowMs).run();
}
