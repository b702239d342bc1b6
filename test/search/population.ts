import { migrate } from "../../src/stores/d1/connection/migrate.ts";

/** A run with its searched values. Metric values may be NaN, and times may be beyond 2^53. */
export interface SearchedRun {
  readonly runId: string;
  readonly experimentId: number;
  readonly status: string;
  readonly userId: string;
  readonly startTime: bigint | null;
  readonly endTime: bigint | null;
  readonly deleted: boolean;
  readonly metrics: Readonly<Record<string, number>>;
  /** The least and the greatest value of a metric, if it ever had a number. */
  readonly ranges?: Readonly<Record<string, readonly [min: number, max: number]>>;
  /** The first value of a metric, if its row has it. */
  readonly firsts?: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly context?: string }[];
}

/** Random numbers that a seed decides (mulberry32). */
export function randomSource(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  return { next, below, pick };
}

export type RandomSource = ReturnType<typeof randomSource>;

/** Writes runs with all their rows into the tables that a search reads. */
export async function insertRuns(db: D1Database, runs: readonly SearchedRun[]): Promise<void> {
  await migrate(db, 0);
  const rows = (items: readonly unknown[]) =>
    JSON.stringify(items, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  const columns = (count: number) => Array.from({ length: count }, (_, index) => `value ->> '$[${index}]'`).join(", ");
  const insert = (into: string, count: number, items: readonly unknown[]) =>
    db.prepare(`INSERT OR IGNORE INTO ${into} SELECT ${columns(count)} FROM json_each(?)`).bind(rows(items));
  const pairs = (runs: readonly SearchedRun[], of: (run: SearchedRun) => Readonly<Record<string, string>>) =>
    runs.flatMap((run) => Object.entries(of(run)).map(([key, value]) => [run.runId, key, value, run.experimentId]));
  for (let index = 0; index < runs.length; index += 500) {
    const slice = runs.slice(index, index + 500);
    const inputs = slice.flatMap((run) => run.datasets.map((dataset) => ({ run, dataset })));
    await db.batch([
      insert(
        "runs (run_id, experiment_id, run_name, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage)",
        9,
        slice.map((run) => [
          run.runId,
          run.experimentId,
          run.tags["mlflow.runName"] ?? "",
          run.userId,
          run.status,
          run.startTime,
          run.endTime,
          `mlflow-artifacts:/${run.experimentId}/${run.runId}/artifacts`,
          run.deleted ? "deleted" : "active",
        ]),
      ),
      insert(
        "params (run_id, key, value, experiment_id)",
        4,
        pairs(slice, (run) => run.params),
      ),
      insert(
        "tags (run_id, key, value, experiment_id)",
        4,
        pairs(slice, (run) => run.tags),
      ),
      insert(
        `latest_metrics (run_id, key, value, is_nan, step, timestamp, experiment_id, min_value, max_value, first_value,
          first_is_nan, first_step, first_timestamp)`,
        13,
        slice.flatMap((run) =>
          Object.entries(run.metrics).map(([key, value]) => [
            run.runId,
            key,
            ...storedValue(value),
            0,
            0,
            run.experimentId,
            run.ranges?.[key]?.[0] ?? null,
            run.ranges?.[key]?.[1] ?? null,
            ...storedValue(run.firsts?.[key]),
            0,
            0,
          ]),
        ),
      ),
      insert(
        "datasets (experiment_id, name, digest, source_type, source)",
        5,
        inputs.map(({ run, dataset }) => [run.experimentId, dataset.name, dataset.digest, "local", "x"]),
      ),
      db
        .prepare(
          `INSERT OR IGNORE INTO inputs (run_id, dataset_id) SELECT j.value ->> 0, d.dataset_id FROM json_each(?) j
           JOIN datasets d ON d.experiment_id = j.value ->> 1 AND d.name = j.value ->> 2 AND d.digest = j.value ->> 3`,
        )
        .bind(rows(inputs.map(({ run, dataset }) => [run.runId, run.experimentId, dataset.name, dataset.digest]))),
      db
        .prepare(
          `INSERT OR IGNORE INTO input_tags (run_id, dataset_id, key, value)
           SELECT j.value ->> 0, d.dataset_id, 'mlflow.data.context', j.value ->> 4 FROM json_each(?) j
           JOIN datasets d ON d.experiment_id = j.value ->> 1 AND d.name = j.value ->> 2 AND d.digest = j.value ->> 3
           WHERE j.value ->> 4 IS NOT NULL`,
        )
        .bind(
          rows(
            inputs.map(({ run, dataset }) => [
              run.runId,
              run.experimentId,
              dataset.name,
              dataset.digest,
              dataset.context ?? null,
            ]),
          ),
        ),
    ]);
  }
}

/** A metric's value and is_nan. */
function storedValue(value: number | undefined): (number | null)[] {
  if (value === undefined) return [null, null];
  return Number.isNaN(value) ? [0, 1] : [value, 0];
}
