import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { TRASH_KINDS } from "../../../domain/trash.ts";

/**
 * Things that are being deleted for good. The transaction that inserts a row here deletes the thing's own row, so that from
 * then on nobody can see or restore the thing. The row here is deleted last, after files, history and all other rows.
 */
export const purges = sqliteTable(
  "purges",
  {
    kind: text("kind", { enum: TRASH_KINDS }).notNull(),
    id: text("id").notNull(),
    experimentId: integer("experiment_id").notNull(),
    /** The folder of files that only this thing has; empty if there is no folder to delete. */
    artifactUri: text("artifact_uri").notNull(),
    /** For a run: whether an object has its history, and which; see `runs`. */
    hasObject: integer("has_object", { mode: "boolean" }).notNull(),
    cell: text("cell").notNull(),
    /** The caller that works on this deletion, and until when, in milliseconds, no other caller may. */
    claim: text("claim").notNull(),
    claimedUntilMs: integer("claimed_until").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);
