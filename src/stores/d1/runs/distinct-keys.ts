import { integerList } from "../connection/json-lists.ts";

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
}

const IN_EXPERIMENTS = "experiment_id IN (SELECT value FROM json_each(?1))";

const ACTIVE_RUNS = `runs r INDEXED BY runs_by_start`;
const IS_ACTIVE = `r.${IN_EXPERIMENTS} AND r.lifecycle_stage = 'active'`;

/**
 * Jumps from key to key along an index on (experiment, key, …), and for each key to what `columns` asks for. This is ten
 * times as fast as grouping.
 * @param columns the SQL columns over the rows `ofKey`, which is `FROM … WHERE …`
 */
function alongIndex(index: string, condition: string, columns: (ofKey: string) => string): string {
  const nextKey = (after: string) => `(SELECT min(key) FROM ${index} WHERE ${condition} AND ${after})`;
  return `WITH RECURSIVE k (id, key) AS (
      SELECT j.value, ${nextKey("experiment_id = j.value")} FROM json_each(?1) j
      UNION ALL
      SELECT id, ${nextKey("experiment_id = k.id AND key > k.key")} FROM k WHERE key IS NOT NULL)
    SELECT key, ${columns(`FROM ${index} WHERE ${condition} AND experiment_id = k.id AND key = k.key`)}
    FROM k WHERE key IS NOT NULL`;
}

const METRICS_OF_ALL_RUNS = alongIndex(
  "latest_metrics INDEXED BY latest_metrics_by_value",
  "TRUE",
  (ofKey) => `(SELECT count(*) ${ofKey}) AS runs, (SELECT min(value) ${ofKey} AND is_nan = 0) AS least,
    (SELECT max(value) ${ofKey} AND is_nan = 0) AS greatest, (SELECT count(*) ${ofKey} AND is_nan = 1) AS others,
    0 AS othersVary`,
);

const METRICS_OF_ACTIVE_RUNS = `SELECT key, count(*) AS runs, min(iif(is_nan, NULL, value)) AS least,
    max(iif(is_nan, NULL, value)) AS greatest, total(is_nan) AS others, 0 AS othersVary
  FROM ${ACTIVE_RUNS} CROSS JOIN latest_metrics m ON m.run_id = r.run_id WHERE ${IS_ACTIVE} GROUP BY key`;

type TextTable = "params" | "tags";

const textsOfAllRuns = (table: TextTable) => [
  alongIndex(
    `${table} INDEXED BY ${table}_by_value`,
    "length(value) <= 200",
    (ofKey) => `(SELECT count(*) ${ofKey}) AS runs, (SELECT min(value) ${ofKey}) AS least,
      (SELECT max(value) ${ofKey}) AS greatest, 0 AS others, 0 AS othersVary`,
  ),
  `SELECT key, count(*) AS runs, NULL AS least, NULL AS greatest, count(*) AS others, min(value) <> max(value) AS othersVary
   FROM ${table} INDEXED BY ${table}_long WHERE length(value) > 200 AND ${IN_EXPERIMENTS} GROUP BY key`,
];

const textsOfActiveRuns = (table: TextTable) => [
  `SELECT key, count(*) AS runs, NULL AS least, NULL AS greatest, count(*) AS others, min(value) <> max(value) AS othersVary
   FROM ${ACTIVE_RUNS} CROSS JOIN ${table} t ON t.run_id = r.run_id WHERE ${IS_ACTIVE} GROUP BY key`,
];

/** Most keys of each kind, the first by name. The list is for choosing a key, and is held in memory whole. */
const MAX_KEYS = 10_000;

/** Joins the rows of `queries` into one row for each key, sorted, up to the limit of an answer. */
function rowsByKey(queries: readonly string[]): string {
  const rows = queries.map((sql) => `SELECT * FROM (${sql})`).join(" UNION ALL ");
  return `SELECT key, sum(runs) AS runs, min(least) AS least, max(greatest) AS greatest, sum(others) AS others,
      max(othersVary) AS othersVary FROM (${rows}) GROUP BY key ORDER BY key LIMIT ${MAX_KEYS}`;
}

/**
 * The keys of the active runs of experiments in D1, sorted: the first 10,000 of each kind.
 * @param news rows of metrics that D1 does not have yet
 */
export async function findDistinctKeys(
  db: D1Database,
  experimentIds: readonly string[],
  news: readonly KeyRow[] = [],
): Promise<DistinctKeys> {
  const list = integerList(experimentIds);
  const { results: stages } = await db
    .prepare(
      `SELECT lifecycle_stage AS stage, count(*) AS runs FROM ${ACTIVE_RUNS} WHERE ${IN_EXPERIMENTS} GROUP BY stage`,
    )
    .bind(list)
    .all<{ stage: string; runs: number }>();
  const runs = stages.find(({ stage }) => stage === "active")?.runs ?? 0;
  // The indexes do not know which runs are deleted.
  const hasDeleted = stages.some(({ stage }) => stage === "deleted");
  const texts = hasDeleted ? textsOfActiveRuns : textsOfAllRuns;
  const read = async (queries: readonly string[], further: readonly KeyRow[] = []): Promise<DistinctKey[]> => {
    const { results } = await db.prepare(rowsByKey(queries)).bind(list).all<KeyRow>();
    const rows = further.length === 0 ? results : joined([...results, ...further]);
    return rows.map((row) => ({ key: row.key, runs: row.runs, differs: differs(row, runs) }));
  };
  const [metrics, params, tags] = await Promise.all([
    read([hasDeleted ? METRICS_OF_ACTIVE_RUNS : METRICS_OF_ALL_RUNS], news),
    read(texts("params")),
    read(texts("tags")),
  ]);
  return { metrics, params, tags, runs };
}

/** One row for each key, sorted, as {@link rowsByKey} makes them. */
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
        othersVary: Math.max(known.othersVary, row.othersVary),
      });
    }
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, MAX_KEYS);
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
