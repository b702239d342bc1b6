import type { Database } from "../connection/database.ts";
import { jsonLists } from "../connection/json-lists.ts";
import type { artifactDigests } from "../schema/artifacts.ts";
import type { StoredRow } from "../schema/rows.ts";

const WRITE = `INSERT OR REPLACE INTO artifact_digests (object_key, etag, sha256)
SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`;

/** The SHA-256 of a stored file, and the file's ETag when the SHA-256 was computed. */
export interface StoredDigest {
  readonly objectKey: string;
  readonly etag: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export async function writeDigests(db: Database, digests: readonly StoredDigest[]): Promise<void> {
  const rows = digests.map(({ objectKey, etag, sha256 }) => JSON.stringify([objectKey, etag, sha256]));
  await db.batch(jsonLists(rows).map((list) => db.prepare(WRITE).bind(list)));
}

/** Removes the digests of a file, or of everything below a folder. */
export async function deleteDigests(db: Database, objectKey: string): Promise<void> {
  await db
    .prepare("DELETE FROM artifact_digests WHERE object_key = ?1 OR object_key > ?1 || '/' AND object_key < ?1 || '0'")
    .bind(objectKey)
    .run();
}

/** @returns undefined where no digest is known of the file that has this ETag. */
export async function findDigest(db: D1Database, objectKey: string, etag: string): Promise<string | undefined> {
  const row = await db
    .prepare("SELECT sha256 FROM artifact_digests WHERE object_key = ? AND etag = ?")
    .bind(objectKey, etag)
    .first<Pick<StoredRow<typeof artifactDigests>, "sha256">>();
  return row?.sha256;
}
