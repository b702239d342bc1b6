import type { Database } from "../connection/database.ts";

/** The SHA-256 of a stored file, and the file's ETag when the SHA-256 was computed. */
export interface StoredDigest {
  readonly objectKey: string;
  readonly etag: string;
  /** 64 hex digits. */
  readonly sha256: string;
}

export async function writeDigest(db: Database, { objectKey, etag, sha256 }: StoredDigest): Promise<void> {
  await db
    .prepare("INSERT OR REPLACE INTO artifact_digests (object_key, etag, sha256) VALUES (?, ?, ?)")
    .bind(objectKey, etag, sha256)
    .run();
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
    .first<{ sha256: string }>();
  return row?.sha256;
}
