import { type AuditAction, type AuditTarget, firstEntryId, newEntryId } from "../../../domain/audit.ts";
import { BatchedStatement, type Database, type Statement, type StatementResult } from "../connection/database.ts";
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

/** Entries, the newest first. @param before only entries with ids below this one */
export async function findAuditEntries(
  db: D1Database,
  { username, action, targetType, targetId, fromMs, toMs }: AuditFilter,
  before: string | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  const conditions: [string, unknown][] = [];
  const add = (sql: string, value: unknown) => value !== undefined && conditions.push([sql, value]);
  add("username = ?", username);
  add("action = ?", action);
  add("target_type = ?", targetType);
  add("target_id = ?", targetId);
  add("entry_id >= ?", fromMs === undefined ? undefined : firstEntryId(fromMs));
  add("entry_id < ?", toMs === undefined ? undefined : firstEntryId(toMs));
  add("entry_id < ?", before);
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
  const { results } = await db
    .prepare(`SELECT * FROM audit_log ${where} ORDER BY entry_id DESC LIMIT ?`)
    .bind(...conditions.map(([, value]) => value), limit)
    .all<Row>();
  return results.map(toEntry);
}

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
