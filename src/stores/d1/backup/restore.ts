import type { Database, Statement } from "../connection/database.ts";
import { exactDouble, exactDoubleSql } from "../connection/exact-double.ts";
import { jsonLists } from "../connection/json-lists.ts";
import type { CellValue, Column, Table } from "./tables.ts";

/** The state of a restoration, as stored in the table of imports. */
export type RestoreState = "begun" | "done";

export async function findRestore(db: D1Database, id: string): Promise<RestoreState | undefined> {
  const row = await db
    .prepare("SELECT digest FROM imports WHERE kind = 'restore' AND id = ?")
    .bind(id)
    .first<{ digest: RestoreState }>();
  return row?.digest;
}

/** Whether the server was never used: it has no run, no model, no user, and no experiment but the default one. */
export async function isEmptyServer(db: D1Database): Promise<boolean> {
  const row = await db
    .prepare(
      `SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM registered_models) OR EXISTS (SELECT 1 FROM users)
         OR EXISTS (SELECT 1 FROM logged_models) OR EXISTS (SELECT 1 FROM experiments WHERE experiment_id <> 0) AS is_used`,
    )
    .first<{ is_used: number }>();
  return row?.is_used === 0;
}

export function noteRestoreStatement(db: Database, id: string, state: RestoreState): Statement {
  return db.prepare("INSERT OR REPLACE INTO imports (kind, id, digest) VALUES ('restore', ?, ?)").bind(id, state);
}

/** Functions, by column, whose values replace the values of the backup. */
export type Overrides = Readonly<Record<string, (row: Readonly<Record<string, CellValue>>) => CellValue>>;

/** Writes rows in the form of `readGroup`, replacing rows with the same key. */
export function restoreStatements(
  db: Database,
  table: Table,
  columns: readonly string[],
  rows: readonly (readonly CellValue[])[],
  overrides: Overrides = {},
): Statement[] {
  const types = columns.map((name) => table.columns.find((column) => column.name === name)!);
  const selected = types.map(({ type }, i) => {
    if (type === "REAL") return `iif(j.value -> ${i} = 'null', NULL, ${exactDoubleSql(i)})`;
    return type === "BLOB" ? `unhex(j.value ->> ${i})` : `j.value ->> ${i}`;
  });
  const insert = db.prepare(
    `INSERT OR REPLACE INTO "${table.name}" (${columns.map((name) => `"${name}"`).join(", ")})
     SELECT ${selected.join(", ")} FROM json_each(?) j WHERE TRUE`,
  );
  const overridden = rows.map((row) => {
    const named = Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]));
    return columns.map((name, i) => overrides[name]?.(named) ?? (name in overrides ? null : (row[i] ?? null)));
  });
  return jsonLists(overridden.map((row) => `[${row.map((value, i) => valueJson(value, types[i]!)).join(",")}]`)).map(
    (list) => insert.bind(list),
  );
}

function valueJson(value: CellValue, { type }: Column): string {
  if (value === null) return "null";
  if (type === "INTEGER") return String(BigInt(value));
  return type === "REAL" ? exactDouble(Number(value)) : JSON.stringify(String(value));
}

/** Keeps ids from being reused, even if their rows are gone. */
export function sequenceStatements(db: Database, sequences: Readonly<Record<string, string>>): Statement[] {
  return Object.entries(sequences).flatMap(([table, last]) => [
    db.prepare("UPDATE sqlite_sequence SET seq = max(seq, CAST(? AS INTEGER)) WHERE name = ?").bind(last, table),
    db
      .prepare(
        `INSERT INTO sqlite_sequence (name, seq) SELECT ?1, CAST(?2 AS INTEGER)
         WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)`,
      )
      .bind(table, last),
  ]);
}

/** The last id that each table has assigned, by table, as text. */
export async function readSequences(db: D1Database): Promise<Record<string, string>> {
  const { results } = await db
    .prepare("SELECT name, CAST(seq AS TEXT) AS seq FROM sqlite_sequence WHERE name <> 'd1_migrations'")
    .all<{ name: string; seq: string }>();
  return Object.fromEntries(results.map(({ name, seq }) => [name, seq]));
}
