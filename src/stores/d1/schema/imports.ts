import { primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { RECORD_KINDS } from "../../../domain/records.ts";

/**
 * Records that were imported completely. A record with the same digest is the same record, and need not be written again.
 */
export const imports = sqliteTable(
  "imports",
  {
    kind: text("kind", { enum: RECORD_KINDS }).notNull(),
    id: text("id").notNull(),
    digest: text("digest").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);
