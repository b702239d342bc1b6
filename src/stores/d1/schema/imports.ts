import { primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { RECORD_KINDS } from "../../../domain/records.ts";

/** What was imported whole: the same digest again is the same record, which need not be written again. */
export const imports = sqliteTable(
  "imports",
  {
    kind: text("kind", { enum: RECORD_KINDS }).notNull(),
    id: text("id").notNull(),
    digest: text("digest").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.id] })],
);
