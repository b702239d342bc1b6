import { sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * SHA-256 of files that reached the store through this server in one piece. A row is written after the upload's answer. It
 * counts only while the file in the store has this ETag, so a row of a file that was replaced or deleted says nothing.
 */
export const artifactDigests = sqliteTable("artifact_digests", {
  objectKey: text("object_key").primaryKey(),
  etag: text("etag").notNull(),
  /** 64 hex digits. */
  sha256: text("sha256").notNull(),
});
