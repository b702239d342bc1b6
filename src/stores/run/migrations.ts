/** The part of a Durable Object's storage that its tables need. */
export type ObjectStorage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/** One step of the object's schema. Never edit an applied step: change the schema by a further step. */
export interface ObjectMigration {
  readonly id: number;
  readonly sql: string;
}

/** Every table of a run's object. Steps only add, so that the previous version keeps running on the newer schema. */
export const MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: 1,
    sql: `
CREATE TABLE state (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE journal (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);

CREATE TABLE metric_key (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);

CREATE TABLE segment (id INTEGER PRIMARY KEY AUTOINCREMENT, points INTEGER NOT NULL);

CREATE TABLE block (
  segment_id INTEGER NOT NULL,
  last BLOB NOT NULL,
  first BLOB NOT NULL,
  points INTEGER NOT NULL,
  last_journal_id INTEGER NOT NULL,
  body_id INTEGER NOT NULL,
  PRIMARY KEY (segment_id, last)
) WITHOUT ROWID;

CREATE TABLE block_body (id INTEGER PRIMARY KEY, body BLOB NOT NULL);`,
  },
  {
    // For earlier points D1 lacks the first point of each metric, so the object tells D1 everything again.
    id: 2,
    sql: "DELETE FROM state WHERE key = 'flushedThrough';",
  },
  {
    // Objects of the previous version have held their runs' history from the first point.
    id: 3,
    sql: "INSERT INTO state (key, value) SELECT 'hasFirstPoints', 1 FROM state WHERE key = 'epoch';",
  },
  {
    // Runs of a cell, by number. An object's own run is number 0: its rows are in no index, and its state is in `state`.
    id: 4,
    sql: `
CREATE TABLE cell_run (number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, due_ms INTEGER, state TEXT NOT NULL);

CREATE INDEX cell_run_due ON cell_run (due_ms) WHERE due_ms IS NOT NULL;

ALTER TABLE journal ADD COLUMN run INTEGER NOT NULL DEFAULT 0;

CREATE INDEX journal_of_run ON journal (run) WHERE run > 0;

ALTER TABLE segment ADD COLUMN run INTEGER NOT NULL DEFAULT 0;

CREATE INDEX segment_of_run ON segment (run) WHERE run > 0;`,
  },
];

/**
 * Brings an object's tables up to `migrations`. Steps that only a newer version knows are ignored.
 * @throws Error when the text of an applied step has changed
 */
export function migrateObject(storage: ObjectStorage, migrations: readonly ObjectMigration[] = MIGRATIONS): void {
  const { sql } = storage;
  sql.exec("CREATE TABLE IF NOT EXISTS object_migration (id INTEGER PRIMARY KEY, sql TEXT NOT NULL)");
  const applied = new Map(
    sql
      .exec<{ id: number; sql: string }>("SELECT id, sql FROM object_migration")
      .toArray()
      .map((row) => [row.id, row.sql]),
  );
  for (const migration of migrations) {
    const text = applied.get(migration.id);
    if (text === migration.sql) continue;
    if (text !== undefined) {
      throw new Error(
        `Migration ${migration.id} of the run's object was applied with other SQL: add a new one instead`,
      );
    }
    storage.transactionSync(() => {
      sql.exec(migration.sql);
      sql.exec("INSERT INTO object_migration (id, sql) VALUES (?, ?)", migration.id, migration.sql);
    });
  }
}
