import { compareCodePoints } from "../../../domain/code-points.ts";
import { Binder } from "../../../search/binder.ts";
import { ExperimentCandidates, type ExperimentCursor, RUNS } from "../../../search/experiment-candidates.ts";
import type { LastCandidate } from "../../../search/plan.ts";
import { integerList } from "../connection/json-lists.ts";
import { yieldTurn } from "../connection/turn.ts";

/** A key of the metrics, params or tags of some runs. */
export interface DistinctKey {
  readonly key: string;
  /** How many of the runs have it. */
  readonly runs: number;
  /** Whether the key tells the runs apart: some runs lack it, or have different values. */
  readonly differs: boolean;
}

export interface DistinctKeys {
  /** For metrics, the latest values are compared. */
  readonly metrics: readonly DistinctKey[];
  readonly params: readonly DistinctKey[];
  readonly tags: readonly DistinctKey[];
  /** How many runs there are. */
  readonly runs: number;
}

/** The values that runs have for a key. A row made from a live run's news may count no runs. */
export interface KeyRow {
  readonly key: string;
  readonly runs: number;
  /** The least and greatest of the values that the database can compare; null if there are none. */
  readonly least: string | number | null;
  readonly greatest: string | number | null;
  /** How many runs have another kind of value: NaN, or a text too long for the index. */
  readonly others: number;
  /** Whether these other values differ among themselves. */
  readonly othersVary: number;
  /** One of the other values that are texts. */
  readonly other: string | null;
}

/** Most keys of each kind, the first by name. The list is for choosing a key, and is held in memory whole. */
const MAX_KEYS = 10_000;

/** How much one statement reads. */
export interface KeysTuning {
  /** Most rows of an index that it counts, beyond the rows of its last key. */
  readonly countedRows: number;
  readonly keys: number;
  /** Active runs of the first statement that looks at runs; the next ones look at about `rows` of their rows. */
  readonly runs: number;
  readonly rows: number;
}

/** A statement takes some 50 ms. */
const TUNING: KeysTuning = { countedRows: 50_000, keys: 2500, runs: 2000, rows: 200_000 };

/** Most experiments of one statement, which looks each up by its place in a list. */
const EXPERIMENTS_AT_ONCE = 100;

/** Most long texts of a key that are compared. */
const COMPARED_TEXTS = 5000;

/** SQL: stands for a long text, which two statements cannot compare. */
const SAMPLE = "octet_length(value) || ' ' || substr(value, 1, 100) || substr(value, -100)";

/** A statement's keys of an experiment, and the values that all of its runs have for each. */
interface PlacedRow extends KeyRow {
  /** The experiment's place in the list. */
  readonly place: number;
  /** Empty in the row that goes on to the next experiment. */
  readonly key: string;
}

/**
 * Jumps from key to key along an index on (experiment, key, …), and for each key to what `columns` asks for. This is ten
 * times as fast as grouping. It begins in the list `?1` of experiments at the place `?2` after the key `?3`, and ends when
 * it has counted `?4` rows, or found `?5` keys. The last row tells where.
 * @param columns the SQL columns over the rows `ofKey`, which is `FROM … WHERE …`
 */
function alongIndex(index: string, condition: string, columns: (ofKey: string) => string): string {
  const ofExperiment = `FROM ${index} WHERE ${condition} AND experiment_id = (?1 ->> place)`;
  const next = `(SELECT min(key) ${ofExperiment} AND key > k.key)`;
  return `WITH RECURSIVE k (place, key, runs, counted) AS (
      SELECT CAST(?2 AS INTEGER), ?3, 0, 0
      UNION ALL
      SELECT place + (${next} IS NULL), coalesce(${next}, ''), (SELECT count(*) ${ofExperiment} AND key = ${next}),
        counted + 1 + runs
      FROM k WHERE counted + runs < ?4 AND place < json_array_length(?1)
      LIMIT ?5 + 1)
    SELECT place, key, runs, ${columns(`${ofExperiment} AND key = k.key`)} FROM k LIMIT -1 OFFSET 1`;
}

const METRICS_OF_ALL_RUNS = [
  alongIndex(
    "latest_metrics INDEXED BY latest_metrics_by_value",
    "TRUE",
    (
      ofKey,
    ) => `(SELECT min(value) ${ofKey} AND is_nan = 0) AS least, (SELECT max(value) ${ofKey} AND is_nan = 0) AS greatest,
      (SELECT count(*) ${ofKey} AND is_nan = 1) AS others, 0 AS othersVary, NULL AS other`,
  ),
];

type TextTable = "params" | "tags";

const textsOfAllRuns = (table: TextTable) => [
  alongIndex(
    `${table} INDEXED BY ${table}_by_value`,
    "length(value) <= 200",
    (ofKey) => `(SELECT min(value) ${ofKey}) AS least, (SELECT max(value) ${ofKey}) AS greatest, 0 AS others,
      0 AS othersVary, NULL AS other`,
  ),
  alongIndex(
    `${table} INDEXED BY ${table}_long`,
    "length(value) > 200",
    (ofKey) => `NULL AS least, NULL AS greatest, runs AS others,
      (SELECT min(value) <> max(value) FROM (SELECT value ${ofKey} LIMIT ${COMPARED_TEXTS})) AS othersVary,
      (SELECT ${SAMPLE} ${ofKey} LIMIT 1) AS other`,
  ),
];

/** The keys of all runs of the experiments, whatever their stage. */
async function alongIndexes(
  db: D1Database,
  experimentIds: readonly string[],
  queries: readonly string[],
  { countedRows, keys: keysAtOnce }: KeysTuning,
): Promise<readonly KeyRow[]> {
  let found: readonly KeyRow[] = [];
  for (let start = 0; start < experimentIds.length; start += EXPERIMENTS_AT_ONCE) {
    const some = experimentIds.slice(start, start + EXPERIMENTS_AT_ONCE);
    const list = integerList(some);
    const begin = queries.map((sql) => ({ sql, place: 0, key: "", keys: 0 }));
    for (let rest = begin; rest.length > 0; ) {
      const results = await db.batch<PlacedRow>(
        rest.map(({ sql, place, key }) => db.prepare(sql).bind(list, place, key, countedRows, keysAtOnce)),
      );
      rest = rest.flatMap((one, index) => {
        const rows = results[index]!.results;
        const last = rows.at(-1);
        found = joined([...found, ...rows.filter(({ key }) => key !== "")]);
        if (last === undefined || last.place >= some.length) return [];
        const keys = rows.filter(({ place, key }) => place === last.place && key !== "").length;
        const ofExperiment = last.place === one.place ? one.keys + keys : keys;
        // Further keys of the experiment come after the first of the answer.
        if (ofExperiment >= MAX_KEYS)
          return last.place + 1 < some.length ? [{ ...one, place: last.place + 1, key: "", keys: 0 }] : [];
        return [{ ...one, place: last.place, key: last.key, keys: ofExperiment }];
      });
      if (rest.length > 0) await yieldTurn();
    }
  }
  return found;
}

/** Most runs of a statement. */
const MAX_RUNS = 20_000;

const metricsOf = (runs: string) => `SELECT key, count(*) AS runs, min(iif(is_nan, NULL, value)) AS least,
    max(iif(is_nan, NULL, value)) AS greatest, total(is_nan) AS others, 0 AS othersVary, NULL AS other
  FROM (${runs}) r CROSS JOIN latest_metrics m ON m.run_id = r.run_id GROUP BY key ORDER BY key LIMIT ${MAX_KEYS}`;

const textsOf = (table: TextTable) => (runs: string) =>
  `SELECT key, count(*) AS runs,
    min(iif(length(value) > 200, NULL, value)) AS least, max(iif(length(value) > 200, NULL, value)) AS greatest,
    total(length(value) > 200) AS others,
    coalesce(min(iif(length(value) > 200, value, NULL)) <> max(iif(length(value) > 200, value, NULL)), 0) AS othersVary,
    min(iif(length(value) > 200, ${SAMPLE}, NULL)) AS other
  FROM (${runs}) r CROSS JOIN ${table} t ON t.run_id = r.run_id GROUP BY key ORDER BY key LIMIT ${MAX_KEYS}`;

/** The keys of the active runs. The indexes do not know which runs are deleted, so this looks at run after run. */
async function ofActiveRuns(
  db: D1Database,
  experimentIds: readonly string[],
  queryOf: (runs: string) => string,
  tuning: KeysTuning,
): Promise<readonly KeyRow[]> {
  const candidates = new ExperimentCandidates(RUNS, { experimentIds: experimentIds.map(BigInt), stage: "active" });
  let found: readonly KeyRow[] = [];
  let { runs } = tuning;
  for (let cursor: ExperimentCursor | undefined = candidates.from; cursor !== undefined; ) {
    const ofRuns = new Binder();
    const sql = queryOf(candidates.query(cursor, ofRuns.limit(runs), ofRuns));
    const ofLast = new Binder();
    const last = candidates.last(cursor, runs, ofLast);
    const [rows, end] = await db.batch([
      db.prepare(sql).bind(...ofRuns.values()),
      db.prepare(last).bind(...ofLast.values()),
    ]);
    const read = rows!.results as KeyRow[];
    found = joined([...found, ...read]);
    cursor = candidates.next(cursor, end!.results[0] as LastCandidate | undefined, () => false);
    const counted = read.reduce((sum, row) => sum + row.runs, 1);
    runs = Math.max(1, Math.min(MAX_RUNS, Math.floor((runs * tuning.rows) / counted)));
    if (cursor !== undefined) await yieldTurn();
  }
  return found;
}

/**
 * The keys of the active runs of experiments in D1, sorted: the first 10,000 of each kind.
 * @param experimentIds each once, at least one
 * @param news rows of metrics that D1 does not have yet
 */
export async function findDistinctKeys(
  db: D1Database,
  experimentIds: readonly string[],
  news: readonly KeyRow[] = [],
  tuning = TUNING,
): Promise<DistinctKeys> {
  const ofStage = (stage: string) =>
    `FROM runs INDEXED BY runs_by_start WHERE experiment_id = j.value AND lifecycle_stage = '${stage}'`;
  const counted = await db
    .prepare(
      // Counts along the index take a quarter of the time of GROUP BY.
      `SELECT sum((SELECT count(*) ${ofStage("active")})) AS runs,
         max(EXISTS (SELECT 1 ${ofStage("deleted")})) AS hasDeleted FROM json_each(?) j`,
    )
    .bind(integerList(experimentIds))
    .first<{ runs: number; hasDeleted: number }>();
  const runs = counted?.runs ?? 0;
  const hasDeleted = counted?.hasDeleted === 1;
  const read = (ofAll: readonly string[], ofRuns: (runs: string) => string) =>
    hasDeleted ? ofActiveRuns(db, experimentIds, ofRuns, tuning) : alongIndexes(db, experimentIds, ofAll, tuning);
  const toKeys = (rows: readonly KeyRow[]): DistinctKey[] =>
    rows.map((row) => ({ key: row.key, runs: row.runs, differs: differs(row, runs) }));
  const [metrics, params, tags] = await Promise.all([
    read(METRICS_OF_ALL_RUNS, metricsOf),
    read(textsOfAllRuns("params"), textsOf("params")),
    read(textsOfAllRuns("tags"), textsOf("tags")),
  ]);
  return { metrics: toKeys(joined([...metrics, ...news])), params: toKeys(params), tags: toKeys(tags), runs };
}

/** One row for each key, sorted, up to the limit of an answer. */
function joined(rows: readonly KeyRow[]): KeyRow[] {
  const byKey = new Map<string, KeyRow>();
  for (const row of rows) {
    const known = byKey.get(row.key);
    if (known === undefined) byKey.set(row.key, row);
    else {
      byKey.set(row.key, {
        key: row.key,
        runs: known.runs + row.runs,
        least: endOf(known.least, row.least, (a, b) => a < b),
        greatest: endOf(known.greatest, row.greatest, (a, b) => a > b),
        others: known.others + row.others,
        othersVary: Math.max(
          known.othersVary,
          row.othersVary,
          Number(known.other !== null && row.other !== null && known.other !== row.other),
        ),
        other: known.other ?? row.other,
      });
    }
  }
  return [...byKey.values()].sort((a, b) => compareCodePoints(a.key, b.key)).slice(0, MAX_KEYS);
}

type End = KeyRow["least"];

function endOf(a: End, b: End, isBeyond: (a: string | number, b: string | number) => boolean): End {
  if (a === null || b === null) return a ?? b;
  return isBeyond(a, b) ? a : b;
}

function differs({ runs, least, greatest, others, othersVary }: KeyRow, allRuns: number): boolean {
  const isMixed = others > 0 && others < runs;
  return runs < allRuns || least !== greatest || isMixed || othersVary === 1;
}
