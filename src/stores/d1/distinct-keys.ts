/** A key of metrics, params or tags among some runs. */
export interface DistinctKey {
  readonly key: string;
  /** How many of the runs have it. */
  readonly runs: number;
  /** Whether it tells the runs apart: not all have it, or not all the same value. */
  readonly differs: boolean;
}

export interface DistinctKeys {
  readonly metrics: readonly DistinctKey[];
  readonly params: readonly DistinctKey[];
  readonly tags: readonly DistinctKey[];
  /** How many active runs there are. */
  readonly runs: number;
}

interface KeyRow {
  key: string;
  runs: number;
  varies: number;
}

const IN_EXPERIMENTS = "experiment_id IN (SELECT value FROM json_each(?1))";

/** Reads an index that has all it needs, unless some runs are deleted, whose rows are then left out one by one. */
const ACTIVE_ONLY = `AND run_id NOT IN (SELECT run_id FROM runs INDEXED BY runs_by_start
  WHERE ${IN_EXPERIMENTS} AND lifecycle_stage = 'deleted')`;

const METRICS = `SELECT key, count(*) AS runs, min(value) <> max(value) OR min(is_nan) <> max(is_nan) AS varies
  FROM latest_metrics INDEXED BY latest_metrics_by_value WHERE ${IN_EXPERIMENTS} /* active */ GROUP BY key ORDER BY key`;

/**
 * The keys of the active runs of experiments, in their order, as D1 has them. Of values longer than the index has (200
 * characters) it is known that they are there and not whether they differ: they count as if they did.
 */
export async function distinctKeys(db: D1Database, experimentIds: readonly string[]): Promise<DistinctKeys> {
  const list = JSON.stringify(experimentIds.map(Number));
  const stages = await db
    .prepare(
      `SELECT lifecycle_stage, count(*) AS runs FROM runs INDEXED BY runs_by_start WHERE ${IN_EXPERIMENTS}
       GROUP BY lifecycle_stage`,
    )
    .bind(list)
    .all<{ lifecycle_stage: string; runs: number }>();
  const inStage = (stage: string) => stages.results.find((row) => row.lifecycle_stage === stage)?.runs ?? 0;
  const runs = inStage("active");
  const restriction = inStage("deleted") > 0 ? ACTIVE_ONLY : "";
  const statements = [METRICS, texts("params"), texts("tags")].map((sql) =>
    db.prepare(sql.replaceAll("/* active */", restriction)).bind(list),
  );
  const [metrics, params, tags] = await db.batch<KeyRow>(statements);
  const toKeys = (found: D1Result<KeyRow> | undefined) =>
    (found?.results ?? []).map(({ key, runs: having, varies }) => ({
      key,
      runs: having,
      differs: varies === 1 || having < runs,
    }));
  return { metrics: toKeys(metrics), params: toKeys(params), tags: toKeys(tags), runs };
}
