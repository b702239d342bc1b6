import { type AuditAction, type AuditTarget, firstEntryId, newEntryId } from "../../../domain/audit.ts";
import { BatchedStatement, type Database, type Statement, type StatementResult } from "../connection/database.ts";
import { yieldTurn } from "../connection/turn.ts";
import type { auditLog } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";

/** What was done to what. */
export interface AuditedChange {
  readonly action: AuditAction;
  readonly targetType: AuditTarget;
  /** An id or a name. */
  readonly targetId: string;
  /** What the change was, without secrets. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** Who did something, and from where. */
export interface AuditedCaller {
  readonly username: string;
  readonly credential: string;
  readonly address: string;
  readonly requestId: string;
}

/** An entry of the audit log. */
export interface AuditEntry extends Required<AuditedChange>, AuditedCaller {
  readonly entryId: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** SQL: whether the statement before, in the same transaction, has changed a row. */
export const IF_CHANGED = "changes() > 0";

/** SQL: whether the caller's entry about this action and target is the first one. */
export const IF_FIRST = `NOT EXISTS (SELECT 1 FROM audit_log
  WHERE target_type = ?8 AND target_id = ?9 AND action = ?7 AND username = ?3)`;

/** SQL that decides an entry within its transaction. */
export interface AuditSql {
  /** Whether there is something to record. */
  readonly condition: string;
  /** The detail, where only the transaction knows it. */
  readonly detail?: string;
  /** Values that the SQL binds, from ?11 on. */
  readonly values?: readonly unknown[];
}

/** Adds an entry. */
export function auditStatement(
  db: Database,
  { username, credential, address, requestId }: AuditedCaller,
  { action, targetType, targetId, detail = {} }: AuditedChange,
  sql: AuditSql = { condition: "TRUE" },
): Statement {
  const nowMs = Date.now();
  return db
    .prepare(
      `INSERT INTO audit_log
         (entry_id, time, username, credential, address, request_id, action, target_type, target_id, detail)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ${sql.detail ?? "?10"} WHERE ${sql.condition}`,
    )
    .bind(
      newEntryId(nowMs),
      nowMs,
      username,
      credential,
      address,
      requestId,
      action,
      targetType,
      targetId,
      JSON.stringify(detail),
      ...(sql.values ?? []),
    );
}

/**
 * A database that adds a statement to the end of each transaction, so that both are committed or neither. Callers get the
 * results of their own statements alone.
 */
export class RecordingDatabase implements Database {
  readonly #db: Database;
  readonly #record: (db: Database) => Statement;

  constructor(db: Database, record: (db: Database) => Statement) {
    this.#db = db;
    this.#record = record;
  }

  prepare(sql: string): RecordedStatement {
    return new RecordedStatement(this, this.#db.prepare(sql));
  }

  async batch<Row>(statements: Statement[]): Promise<StatementResult<Row>[]> {
    const plain = statements.map((one) => (one instanceof RecordedStatement ? one.plain : one));
    const results = await this.#db.batch<Row>([...plain, this.#record(this.#db)]);
    return results.slice(0, -1);
  }
}

class RecordedStatement extends BatchedStatement<RecordingDatabase> {
  readonly plain: Statement;

  constructor(db: RecordingDatabase, plain: Statement) {
    super(db);
    this.plain = plain;
  }

  bind(...values: unknown[]): RecordedStatement {
    return new RecordedStatement(this.db, this.plain.bind(...values));
  }
}

/** Which entries a list holds; absent parts mean all. */
export interface AuditFilter {
  readonly username?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly targetType?: AuditTarget | undefined;
  readonly targetId?: string | undefined;
  /** The first time of the list, and the first time after the list, in milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

type Row = StoredRow<typeof auditLog>;

/** Most entries that one statement looks at: it takes some 50 ms. */
const ENTRIES_AT_ONCE = 20_000;

/**
 * Entries, the newest first.
 * @param before only entries with ids below this one
 * @param entriesAtOnce how many entries one statement looks at
 */
export async function findAuditEntries(
  db: D1Database,
  { username, action, targetType, targetId, fromMs, toMs }: AuditFilter,
  before: string | undefined,
  limit: number,
  entriesAtOnce = ENTRIES_AT_ONCE,
): Promise<AuditEntry[]> {
  const equal: Readonly<Record<string, unknown>> = { username, action, target_type: targetType, target_id: targetId };
  const asked = Object.keys(equal).filter((column) => equal[column] !== undefined);
  // An index finds what equals these columns; the other columns are tested entry by entry.
  const indexed = INDEXES.find((columns) => columns.every((column) => asked.includes(column))) ?? [];
  const tested = asked.filter((column) => !indexed.includes(column));
  const bounds: [string, string | undefined][] = [
    ["entry_id >= ?", fromMs === undefined ? undefined : firstEntryId(fromMs)],
    ["entry_id < ?", toMs === undefined ? undefined : firstEntryId(toMs)],
  ];
  const given = bounds.filter(([, value]) => value !== undefined);
  const found: AuditEntry[] = [];
  for (let below = before ?? LAST_ENTRY_ID; ; ) {
    const where = [...indexed.map((column) => `${column} = ?`), ...given.map(([sql]) => sql), "entry_id < ?"];
    const values = [...indexed.map((column) => equal[column]), ...given.map(([, value]) => value), below];
    const candidates = `FROM audit_log WHERE ${where.join(" AND ")} ORDER BY entry_id DESC LIMIT`;
    const tests = ["TRUE", ...tested.map((column) => `${column} = ?`)].join(" AND ");
    const [rows, last] = await db.batch([
      db
        .prepare(`SELECT * FROM (SELECT * ${candidates} ?) WHERE ${tests} LIMIT ?`)
        .bind(...values, entriesAtOnce, ...tested.map((column) => equal[column]), limit - found.length),
      db.prepare(`SELECT entry_id ${candidates} 1 OFFSET ?`).bind(...values, entriesAtOnce - 1),
    ]);
    found.push(...(rows!.results as Row[]).map(toEntry));
    const end = last!.results[0] as Pick<Row, "entry_id"> | undefined;
    if (found.length === limit || end === undefined) return found;
    below = end.entry_id;
    await yieldTurn();
  }
}

/** The columns before the id in the indexes of the log, the best index first. */
const INDEXES: readonly (readonly string[])[] = [["target_type", "target_id"], ["username"], ["action"]];

/** Greater than every id. */
const LAST_ENTRY_ID = "~";

function toEntry(row: Row): AuditEntry {
  return {
    entryId: row.entry_id,
    timeMs: row.time,
    username: row.username,
    credential: row.credential,
    address: row.address,
    requestId: row.request_id,
    action: row.action,
    targetType: row.target_type,
    targetId: row.target_id,
    detail: JSON.parse(row.detail) as Record<string, unknown>,
  };
}
