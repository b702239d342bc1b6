import type { SqlStatement } from "../../../search/plan.ts";
import { ANSWER_BYTES } from "../connection/items.ts";
import type { RecentDocuments, StampedRow } from "./recent-documents.ts";
import { documentSql, isDocument, isWhole, MAX_STORED_LENGTH, renderDocuments } from "./run-document.ts";
import { INFO_COLUMNS, type RunRow, type StoredRun, toRunInfo } from "./run-row.ts";

/** A run as a search reads it: its info, and the rest as wire JSON (see run-document.ts). */
export interface RunRecord {
  readonly info: StoredRun;
  readonly document: string;
}

/**
 * A record with the logged models that the run used, ordered by id as in MLflow. MLflow gives them for single runs only.
 */
export interface FullRunRecord extends RunRecord {
  readonly modelInputs: readonly string[];
}

/** The rows of the runs of `runIds` that exist, in that order; {@link toRecords} completes them. At most 1,000 at a time. */
export function readRecordRows(db: D1Database, runIds: readonly string[]): Promise<RecordRow[]> {
  return readRows(db, runIds, longestDocument(runIds.length));
}

/** In bytes: an answer of this many rows omits longer documents, so that its size is bounded. */
function longestDocument(rows: number): number {
  return Math.floor(ANSWER_BYTES / Math.max(rows, 1));
}

/** @param storeLater as in {@link renderDocuments}. */
export async function readRun(
  db: D1Database,
  runId: string,
  storeLater: (work: Promise<unknown>) => void,
): Promise<FullRunRecord | undefined> {
  const models = "(SELECT json_group_array(model_id ORDER BY model_id) FROM model_inputs m WHERE m.run_id = r.run_id)";
  const rows = await readRows<{ model_inputs: string }>(db, [runId], ANSWER_BYTES, `, ${models} AS model_inputs`);
  const [record] = await completeRows(db, rows, storeLater);
  return record && { ...record, modelInputs: JSON.parse(rows[0]?.model_inputs ?? "[]") };
}

async function readRows<Further>(
  db: D1Database,
  runIds: readonly string[],
  longest: number,
  furtherColumns = "",
): Promise<(RecordRow & Further)[]> {
  const { results } = await db
    .prepare(
      `SELECT ${INFO_COLUMNS}, ${documentColumns("?2", "octet_length(d.document) > ?2")}${furtherColumns}
       FROM json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value ${JOIN_DOCUMENT} ORDER BY j.key`,
    )
    .bind(JSON.stringify(runIds), longest)
    .all<RecordRow & Further>();
  return results;
}

/** A run and its document as read from D1; {@link toRecords} completes the row. */
export type RecordRow = RunRow &
  StampedRow & {
    /** Bytes of the stored text, which may be too long for this answer; null if nothing is stored. */
    readonly stored_bytes: number | null;
    /** If no document is stored: the rendered document, or about how many bytes it will have. */
    readonly rendered: string | number | null;
  };

const JOIN_DOCUMENT = "LEFT JOIN run_documents d ON d.run_id = r.run_id";

/**
 * A claim, which stands for a document that is being written, is shorter than this. It does not tell the document's length.
 */
const CLAIM_BYTES = 60;

const IS_STORED = `octet_length(d.document) > ${CLAIM_BYTES}`;

/**
 * @param longest SQL: most bytes of a document that is rendered for this answer
 * @param isLeftOut SQL: whether a stored document is not sent
 */
function documentColumns(longest: string, isLeftOut: string): string {
  return `iif(${IS_STORED} AND NOT (${isLeftOut}), d.document, NULL) AS document, iif(${IS_STORED}, d.stamp, NULL) AS stamp,
    iif(${IS_STORED}, octet_length(d.document), NULL) AS stored_bytes, iif(${IS_STORED}, NULL, ${documentSql(longest)}) AS rendered`;
}

/**
 * The rows of `search` in their order, each with the columns of the run's record. The first column `c0` of `search` is a
 * run's id.
 * @param mostRows the most rows that `search` may return.
 * @param recent documents that D1 need not send; see {@link fillDocuments}.
 */
export function withRecords(
  db: D1Database,
  { sql, values }: SqlStatement,
  mostRows: number,
  recent: RecentDocuments,
): D1PreparedStatement {
  const stamps = Array.from(recent.values(), ({ stamp }) => stamp);
  const isRecent = `d.stamp IN (SELECT value FROM json_each(?${values.length + 1}))`;
  const longest = String(longestDocument(mostRows));
  return db
    .prepare(
      `SELECT page.*, ${INFO_COLUMNS}, ${documentColumns(longest, `octet_length(d.document) > ${longest} OR ${isRecent}`)}
       FROM (${sql}) page CROSS JOIN runs r ON r.run_id = page.c0 ${JOIN_DOCUMENT}`,
    )
    .bind(...values, JSON.stringify(stamps));
}

/**
 * The runs of `rows` with their documents, in slices. Each slice is read when it is asked for, and is about as large as one
 * answer of D1 may be.
 * @param storeLater as in {@link renderDocuments}.
 */
export async function* toRecords(
  db: D1Database,
  rows: readonly RecordRow[],
  storeLater: (work: Promise<unknown>) => void,
): AsyncGenerator<readonly RunRecord[]> {
  for (let start = 0; start < rows.length; ) {
    let end = start;
    for (let bytes = 0; end < rows.length; end++) {
      const row = rows[end]!;
      if (documentOf(row) === undefined) bytes += bytesOf(row);
      if (bytes > ANSWER_BYTES && end > start) break;
    }
    yield await completeRows(db, rows.slice(start, end), storeLater);
    start = end;
  }
}

function bytesOf({ rendered, stored_bytes }: RecordRow): number {
  return typeof rendered === "string" ? rendered.length : (rendered ?? stored_bytes ?? 0);
}

async function readDocuments(db: D1Database, runIds: readonly string[]): Promise<Map<string, string>> {
  const { results } = await db
    .prepare("SELECT run_id, document FROM run_documents WHERE run_id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(runIds))
    .all<{ run_id: string; document: string }>();
  return new Map(results.filter((row) => isDocument(row.document)).map((row) => [row.run_id, row.document]));
}

/** Reads or renders the documents that `rows` lack. */
async function completeRows(
  db: D1Database,
  rows: readonly RecordRow[],
  storeLater: (work: Promise<unknown>) => void,
): Promise<RunRecord[]> {
  const idsOf = (some: readonly RecordRow[]) => some.map((row) => row.run_id);
  const leftOut = idsOf(rows.filter((row) => row.document === null && row.stored_bytes !== null));
  // A run that has changed since the page was read no longer has a document.
  const stored = leftOut.length > 0 ? await readDocuments(db, leftOut) : new Map<string, string>();
  const bare = idsOf(rows.filter((row) => documentOf(row) === undefined && !stored.has(row.run_id)));
  const rendered = bare.length > 0 ? await renderDocuments(db, bare, storeLater) : undefined;
  const storable = idsOf(rows.filter(isStorable));
  if (storable.length > 0) storeLater(renderDocuments(db, storable, storeLater));
  return rows.map((row) => ({
    info: toRunInfo(row),
    document: documentOf(row) ?? stored.get(row.run_id) ?? rendered?.get(row.run_id) ?? "",
  }));
}

/** The document, if the row has it. */
function documentOf({ document, rendered }: RecordRow): string | undefined {
  if (isDocument(document)) return document;
  return typeof rendered === "string" && isWhole(rendered) ? rendered : undefined;
}

/**
 * Whether to store the document that was rendered for an answer: only for a run at rest. It is rendered once more for that,
 * so that the answer need not wait.
 */
function isStorable({ live_epoch, rendered }: RecordRow): boolean {
  return (
    live_epoch === null && typeof rendered === "string" && isWhole(rendered) && rendered.length <= MAX_STORED_LENGTH
  );
}
