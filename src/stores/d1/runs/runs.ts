import type { KeyValue, LifecycleStage, RunInfo, RunStatus } from "../../../domain/entities.ts";
import { type Int64, parseInt64 } from "../../../domain/int64.ts";
import { RUN_NAME_TAG } from "../../../domain/run-names.ts";
import type { SqlStatement } from "../../../search/plan.ts";
import { BIRTH_EPOCH } from "../../run/burst.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { ANSWER_BYTES } from "../connection/items.ts";
import { keyValueLists } from "../connection/json-lists.ts";
import { uriBelowLocation } from "../experiments/locations.ts";
import { isLiveStatement, type RunPlaceRow, toPlace } from "../metrics/latest-metrics.ts";
import type { AsText, StoredRow } from "../schema/rows.ts";
import type { runs } from "../schema/runs.ts";
import type { RecentDocuments, StampedRow } from "./recent-documents.ts";
import { documentSql, isDocument, isWhole, MAX_STORED_LENGTH, renderDocuments } from "./run-document.ts";

/** Times and the experiment's id as text: D1 rounds integers beyond 2^53. */
const INFO_COLUMNS = `r.run_id, CAST(r.experiment_id AS TEXT) AS experiment_id, r.run_name, r.user_id, r.status,
  CAST(r.start_time AS TEXT) AS start_time, CAST(r.end_time AS TEXT) AS end_time, r.artifact_uri, r.lifecycle_stage, r.live_epoch, r.has_object, r.cell,
  r.flushed_through`;

type RunRow = AsText<Omit<StoredRow<typeof runs>, "deleted_time">, "experiment_id" | "start_time" | "end_time">;

/** A run, and where its metric history is. */
export interface StoredRun extends RunInfo {
  /** Whether its object may hold points that D1 has not seen. */
  readonly isLive: boolean;
  /** Whether its object holds its history; see first-points.ts. */
  readonly hasObject: boolean;
  /** The object's name if it is a cell; empty if the object is the run's own. */
  readonly cell: string;
  /** The row of the object's journal up to which D1 has everything; 0 if D1 was told nothing. */
  readonly flushedThrough: number;
}

function toRunInfo(row: RunRow): StoredRun {
  return {
    runId: row.run_id,
    experimentId: row.experiment_id,
    runName: row.run_name,
    userId: row.user_id,
    status: row.status,
    startTimeMs: row.start_time === null ? null : (parseInt64(row.start_time) ?? null),
    endTimeMs: row.end_time === null ? null : (parseInt64(row.end_time) ?? null),
    artifactUri: row.artifact_uri,
    lifecycleStage: row.lifecycle_stage,
    isLive: row.live_epoch !== null,
    hasObject: row.has_object === 1,
    cell: row.cell,
    flushedThrough: row.flushed_through ?? 0,
  };
}

/** D1 cannot bind a bigint, so an int64 is bound as text, for `CAST(? AS INTEGER)`. */
function bindInt64(value: Int64 | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

export interface NewRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly runName: string;
  readonly userId: string;
  readonly startTimeMs: Int64;
  readonly tags: readonly KeyValue[];
  /** The cell that will have the run's history; empty if the run has its own object. */
  readonly cell: string;
}

/**
 * Creates a run. A run of a cell is live from the beginning, see {@link BIRTH_EPOCH}.
 * @returns the new run; undefined if there is no active experiment with that id.
 */
export async function insertRun(db: Database, run: NewRun): Promise<RunInfo | undefined> {
  // One statement if possible: each statement costs D1 a good part of the total time.
  const [firstTags = "[]", ...moreTags] = keyValueLists(run.tags);
  const [inserted] = await db.batch<RunRow>([
    db
      .prepare(
        `INSERT INTO new_runs (run_id, experiment_id, run_name, user_id, start_time, artifact_uri, tags, cell, live_epoch)
         SELECT ?1, experiment_id, ?3, ?4, CAST(?5 AS INTEGER), ${uriBelowLocation("?1 || '/artifacts'")}, ?6, ?7,
           iif(?7 = '', NULL, ${BIRTH_EPOCH})
         FROM experiments WHERE experiment_id = ?2 AND lifecycle_stage = 'active'
         RETURNING artifact_uri`,
      )
      .bind(run.runId, run.experimentId, run.runName, run.userId, bindInt64(run.startTimeMs), firstTags, run.cell),
    ...upsertTagLists(db, run.runId, moreTags),
  ]);
  const row = inserted?.results[0];
  if (row === undefined) return undefined;
  const { tags: _tags, cell: _cell, ...info } = run;
  return { ...info, status: "RUNNING", endTimeMs: null, artifactUri: row.artifact_uri, lifecycleStage: "active" };
}

/** @returns undefined when there is no such run. */
export async function findRun(db: D1Database, runId: string): Promise<StoredRun | undefined> {
  const row = await db.prepare(`SELECT ${INFO_COLUMNS} FROM runs r WHERE r.run_id = ?`).bind(runId).first<RunRow>();
  return row === null ? undefined : toRunInfo(row);
}

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

export interface RunChanges {
  readonly status?: RunStatus | undefined;
  readonly endTimeMs?: Int64 | undefined;
  /** A new name also rewrites the run name tag. */
  readonly runName?: string | undefined;
}

/** @returns the changed run; undefined if there is no active run with that id. */
export async function updateRun(db: Database, runId: string, changes: RunChanges): Promise<StoredRun | undefined> {
  const statements = [
    db
      .prepare(
        `UPDATE runs AS r SET status = coalesce(?2, status), end_time = coalesce(CAST(?3 AS INTEGER), end_time),
           run_name = coalesce(?4, run_name)
         WHERE run_id = ?1 AND lifecycle_stage = 'active' RETURNING ${INFO_COLUMNS.replaceAll("r.", "")}`,
      )
      .bind(runId, changes.status ?? null, bindInt64(changes.endTimeMs), changes.runName ?? null),
  ];
  if (changes.runName !== undefined) {
    statements.push(
      db
        .prepare(
          `INSERT INTO tags (run_id, key, value, experiment_id)
           SELECT run_id, ?2, ?3, experiment_id FROM runs WHERE run_id = ?1 AND lifecycle_stage = 'active'
           ON CONFLICT DO UPDATE SET value = excluded.value`,
        )
        .bind(runId, RUN_NAME_TAG, changes.runName),
    );
  }
  const [updated] = await db.batch<RunRow>(statements);
  const row = updated?.results[0];
  return row === undefined ? undefined : toRunInfo(row);
}

/**
 * Deletes or restores a run. Repeating it changes nothing.
 * @returns whether the run's object may be taking points; undefined if there is no such run, or if its experiment is being
 *   moved with all its runs.
 */
export async function moveRun(
  db: Database,
  runId: string,
  to: LifecycleStage,
  nowMs: number,
): Promise<{ readonly isLive: boolean; readonly cell: string } | undefined> {
  const row = await db
    .prepare(
      `UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE run_id = ?
       AND NOT EXISTS (SELECT 1 FROM experiment_moves m WHERE m.experiment_id = runs.experiment_id) RETURNING live_epoch, cell`,
    )
    .bind(to, to === "deleted" ? nowMs : null, runId)
    .first<Pick<StoredRow<typeof runs>, "live_epoch" | "cell">>();
  return row === null ? undefined : { isLive: row.live_epoch !== null, cell: row.cell };
}

/** Adds params to an existing run; a changed value stops the batch with guard `param_unchanged`. */
export function insertParamsStatements(db: Database, runId: string, params: readonly KeyValue[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO params (run_id, key, value, experiment_id)
     SELECT r.run_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM params WHERE run_id = ?1")}, r.experiment_id
     FROM json_each(?2) j JOIN runs r ON r.run_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
  );
  return keyValueLists(params).map((list) => statement.bind(runId, list));
}

/** Sets tags of an existing run; of two tags with the same key the later wins. */
export function upsertTagsStatements(db: Database, runId: string, tags: readonly KeyValue[]): Statement[] {
  return upsertTagLists(db, runId, keyValueLists(tags));
}

function upsertTagLists(db: Database, runId: string, lists: readonly string[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO tags (run_id, key, value, experiment_id)
     SELECT r.run_id, j.value ->> 0, ${ifRoom("j.value ->> 1", "FROM tags WHERE run_id = ?1")}, r.experiment_id
     FROM json_each(?2) j JOIN runs r ON r.run_id = ?1
     WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  return lists.map((list) => statement.bind(runId, list));
}

/** The run's name follows its tag. */
export function renameRunStatement(db: Database, runId: string, runName: string): Statement {
  return db.prepare("UPDATE runs SET run_name = ? WHERE run_id = ?").bind(runName, runId);
}

/**
 * Moves a run without history into another cell, unless the run was moved meanwhile. The full cell must have said that it
 * does not have the run.
 */
export async function moveToCell(db: Database, runId: string, from: string, to: string): Promise<void> {
  const hasNothing = `(NOT has_object OR (live_epoch = ${BIRTH_EPOCH} AND flushed_through IS NULL))`;
  const sql = `UPDATE runs SET cell = ?3 WHERE run_id = ?1 AND cell = ?2 AND ${hasNothing}`;
  await db.batch([db.prepare(sql).bind(runId, from, to)]);
}

/** @returns whether the tag existed, and where the run's object is if the run is live. */
export async function deleteRunTag(db: Database, guard: Statement, runId: string, key: string) {
  const [, deleted, live] = await db.batch<RunPlaceRow>([
    guard,
    db.prepare("DELETE FROM tags WHERE run_id = ? AND key = ?").bind(runId, key),
    isLiveStatement(db, runId),
  ]);
  return { isDeleted: (deleted?.meta.changes ?? 0) > 0, livePlace: live?.results.map(toPlace)[0] };
}

/** The logged params of the run whose keys are in `keys`. */
export async function findParams(db: D1Database, runId: string, keys: readonly string[]): Promise<KeyValue[]> {
  const { results } = await db
    .prepare("SELECT key, value FROM params WHERE run_id = ? AND key IN (SELECT value FROM json_each(?))")
    .bind(runId, JSON.stringify(keys))
    .all<KeyValue & Record<string, unknown>>();
  return results.map(({ key, value }) => ({ key, value }));
}

/**
 * Adds one item, as JSON, to a tag that holds a JSON list.
 * @returns false if the tag is not a JSON list, or already has more than `maxLength` characters.
 */
export async function appendToListTag(
  db: Database,
  guard: Statement,
  runId: string,
  key: string,
  item: string,
  maxLength: number,
): Promise<boolean> {
  const [, appended] = await db.batch([
    guard,
    db
      .prepare(
        `INSERT INTO tags (run_id, key, value, experiment_id)
         SELECT run_id, ?2, json_array(json(?3)), experiment_id FROM runs WHERE run_id = ?1
         ON CONFLICT DO UPDATE SET value = json_insert(value, '$[#]', json(?3))
         WHERE CASE WHEN json_valid(value) THEN json_type(value) END = 'array' AND length(value) <= ?4`,
      )
      .bind(runId, key, item, maxLength),
  ]);
  return (appended?.meta.changes ?? 0) > 0;
}
