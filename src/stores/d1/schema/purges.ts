import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Kinds of things that are deleted for good. */
export const PURGE_KINDS = ["run", "logged_model", "experiment"] as const;

/**
 * What was deleted for good and is not gone yet. The transaction that makes a row here takes the thing's own row away, so
 * that nobody sees it or restores it from then on. The row goes last, after files, history and all other rows.
 */
export const purges = sqliteTable(
  "purges",
  {
    kind: text("kind", { enum: PURGE_KINDS }).notNull(),
    id: text("id").notNull(),
    experimentId: integer("experiment_id").notNull(),
    /** The folder of files that is the thing's alone; empty where there is none to be deleted. */
    artifactUri: text("artifact_uri").notNull(),
    /** Of a run: whether an object has its history, and which; see `runs`. */
    hasObject: integer("has_object", { mode: "boolean" }).notNull(),
    cell: text("cell").notNull(),
    /** Who is at it, and until when it is that caller's alone; in milliseconds. */
    claim: text("claim").notNull(),
    claimedUntilMs: integer("claimed_until").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);
