import type { Trashed, TrashKind } from "../../../domain/trash.ts";
import { Binder } from "../../../search/binder.ts";
import type { Predicate, Visibility } from "../../../search/visibility.ts";
import { integerList } from "../connection/json-lists.ts";

/*
 * The contents of the trash. Runs and models of an experiment in the trash are not listed separately, unless the experiment
 * itself stays: the first experiment, and an experiment one of whose runs was restored.
 */

interface TrashRow {
  id: string;
  name: string;
  experiment_id: string;
  artifact_uri: string;
  is_deleted: number;
  deleted_time: number;
  runs: number;
  logged_models: number;
  active_runs: number;
}

function toTrashed(kind: TrashKind, row: TrashRow): Trashed {
  return {
    kind,
    id: row.id,
    name: row.name,
    experimentId: row.experiment_id,
    artifactUri: row.artifact_uri,
    isDeleted: row.is_deleted === 1,
    deletedTimeMs: row.deleted_time,
    runs: row.runs,
    loggedModels: row.logged_models,
    activeRuns: row.active_runs,
  };
}

/** An experiment's id as text: D1 rounds integers beyond 2^53. */
const idText = (column: string) => `CAST(${column} AS TEXT)`;

const runsOf = (stage: string) =>
  `(SELECT count(*) FROM runs c INDEXED BY runs_by_start WHERE c.experiment_id = t.experiment_id AND c.lifecycle_stage = '${stage}')`;

const COLUMNS: Readonly<Record<TrashKind, string>> = {
  run: `t.run_id AS id, t.run_name AS name, ${idText("t.experiment_id")} AS experiment_id, t.artifact_uri,
    t.lifecycle_stage = 'deleted' AS is_deleted, coalesce(t.deleted_time, 0) AS deleted_time, 0 AS runs, 0 AS logged_models, 0 AS active_runs`,
  logged_model: `t.model_id AS id, t.name, ${idText("t.experiment_id")} AS experiment_id, t.artifact_uri,
    t.lifecycle_stage = 'deleted' AS is_deleted, t.last_update_time AS deleted_time, 0 AS runs, 0 AS logged_models, 0 AS active_runs`,
  experiment: `${idText("t.experiment_id")} AS id, t.name, ${idText("t.experiment_id")} AS experiment_id,
    t.artifact_location AS artifact_uri, t.lifecycle_stage = 'deleted' AS is_deleted, t.last_update_time AS deleted_time,
    ${runsOf("active")} + ${runsOf("deleted")} AS runs,
    (SELECT count(*) FROM logged_models m WHERE m.experiment_id = t.experiment_id) AS logged_models,
    ${runsOf("active")} AS active_runs`,
};

const TABLES = { run: "runs", logged_model: "logged_models", experiment: "experiments" } as const;
const KEYS = { run: "run_id", logged_model: "model_id", experiment: "experiment_id" } as const;

/** The existing things with these ids, in any stage, by id. */
export async function findThings(
  db: D1Database,
  kind: TrashKind,
  ids: readonly string[],
): Promise<Map<string, Trashed>> {
  if (ids.length === 0) return new Map();
  const { results } = await db
    .prepare(`SELECT ${COLUMNS[kind]} FROM json_each(?) j CROSS JOIN ${TABLES[kind]} t ON t.${KEYS[kind]} = j.value`)
    .bind(kind === "experiment" ? integerList(ids) : JSON.stringify(ids))
    .all<TrashRow>();
  return new Map(results.map((row) => [row.id, toTrashed(kind, row)]));
}

/** A position in a list of the trash, which is ordered by time of deletion, latest first, and then by id, descending. */
export interface TrashPosition {
  readonly deletedTimeMs: number;
  readonly id: string;
}

export interface TrashList {
  /** The list continues after this position. */
  readonly after: TrashPosition;
  readonly limit: number;
  /** Whether to include things with an unknown time of deletion. */
  readonly withUnknownTime: boolean;
  /** Only runs and models of these experiments, or of all. */
  readonly experimentIds?: readonly string[] | undefined;
  readonly visibility: Visibility;
}

/** Greater than every id. */
export const LAST_ID = "~";

/** The contents of the trash, the latest deletion first. */
export async function listTrash(db: D1Database, kind: TrashKind, list: TrashList): Promise<Trashed[]> {
  const binder = new Binder();
  const sql = kind === "experiment" ? experimentsSql(list, binder) : partsSql(kind, list, binder);
  const { results } = await db
    .prepare(sql)
    .bind(...binder.values())
    .all<TrashRow>();
  return results.map((row) => toTrashed(kind, row));
}

function experimentsSql({ after, limit, visibility }: TrashList, binder: Binder): string {
  const time = binder.bind(after.deletedTimeMs);
  const isVisible = visibility.experiment?.("t.experiment_id", binder, "many") ?? "TRUE";
  return `SELECT ${COLUMNS.experiment} FROM experiments t
    WHERE t.lifecycle_stage = 'deleted' AND t.experiment_id <> 0 AND ${isVisible}
      AND (t.last_update_time, t.experiment_id) < (${time}, CAST(${binder.bind(after.id === LAST_ID ? "9223372036854775807" : after.id)} AS INTEGER))
    ORDER BY t.last_update_time DESC, t.experiment_id DESC LIMIT ${binder.limit(limit)}`;
}

const PARTS = {
  run: { index: "runs_deleted", time: "coalesce(deleted_time, 0)", visible: "runsOf" },
  logged_model: { index: "logged_models_deleted", time: "last_update_time", visible: "loggedModelsOf" },
} as const;

/**
 * To list n rows it is enough to read n experiments: those with the latest deletions. So a list reads along an index,
 * however many experiments there are.
 */
function partsSql(kind: "run" | "logged_model", list: TrashList, binder: Binder): string {
  const { after, limit, withUnknownTime, experimentIds, visibility } = list;
  const { index, time, visible } = PARTS[kind];
  const [table, key] = [TABLES[kind], KEYS[kind]];
  const isVisible =
    visibility[visible]?.("e.experiment_id", binder, experimentIds === undefined ? "many" : "few") ?? "TRUE";
  const isAsked =
    experimentIds === undefined
      ? "TRUE"
      : `e.experiment_id IN (SELECT value FROM json_each(${binder.bind(integerList(experimentIds))}))`;
  const most = binder.limit(limit);
  const latest = (column: string, rows: string) => `SELECT ${column} FROM ${table} INDEXED BY ${index}
    WHERE experiment_id = e.experiment_id AND lifecycle_stage = 'deleted'
      AND (${time}, ${key}) < (${binder.bind(after.deletedTimeMs)}, ${binder.bind(after.id)})
    ${withUnknownTime ? "" : `AND ${time} > 0`} ORDER BY ${time} DESC, ${key} DESC LIMIT ${rows}`;
  return `WITH e AS MATERIALIZED (
      SELECT experiment_id FROM (
        SELECT e.experiment_id, (${latest(time, "1")}) AS latest FROM experiments e
        WHERE (e.lifecycle_stage = 'active' OR e.experiment_id = 0 OR EXISTS (SELECT 1 FROM runs a INDEXED BY runs_by_start
          WHERE a.experiment_id = e.experiment_id AND a.lifecycle_stage = 'active')) AND ${isAsked} AND ${isVisible})
      WHERE latest IS NOT NULL ORDER BY latest DESC LIMIT ${most})
    SELECT ${COLUMNS[kind]} FROM e CROSS JOIN ${table} t ON t.rowid IN (${latest("rowid", most)})
    ORDER BY deleted_time DESC, id DESC LIMIT ${most}`;
}

/** The experiments among these that the predicate allows; all of them without a predicate. */
export async function experimentsWith(
  db: D1Database,
  experimentIds: readonly string[],
  predicate: Predicate | undefined,
): Promise<ReadonlySet<string>> {
  if (predicate === undefined || experimentIds.length === 0) return new Set(experimentIds);
  const binder = new Binder();
  const ids = binder.bind(integerList(experimentIds));
  const { results } = await db
    .prepare(`SELECT ${idText("j.value")} AS id FROM json_each(${ids}) j WHERE ${predicate("j.value", binder)}`)
    .bind(...binder.values())
    .all<{ id: string }>();
  return new Set(results.map(({ id }) => id));
}
