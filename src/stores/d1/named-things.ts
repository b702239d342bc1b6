import { IS_PROMPT_TAG } from "../../domain/prompts.ts";
import { Binder } from "../../search/binder.ts";
import type { Predicate, Visibility } from "../../search/visibility.ts";
import type { experiments } from "./schema/experiments.ts";
import type { AsText, StoredRow } from "./schema/rows.ts";
import type { runs } from "./schema/runs.ts";

/** Things found by a part of their name; the best matches of each kind come first. */
export interface NamedThings {
  readonly experiments: readonly { readonly experimentId: string; readonly name: string }[];
  readonly runs: readonly { readonly runId: string; readonly experimentId: string; readonly runName: string }[];
  readonly models: readonly { readonly name: string }[];
}

type ExperimentRow = AsText<Pick<StoredRow<typeof experiments>, "experiment_id" | "name">, "experiment_id">;

type RunRow = AsText<Pick<StoredRow<typeof runs>, "run_id" | "experiment_id" | "run_name">, "experiment_id">;

/* instr, not LIKE: D1 refuses patterns over 50 bytes, and a text needs no escape. `?1` is the text, `?2` the limit. */

const experimentsSql = (isVisible: string) => `SELECT experiment_id || '' AS experiment_id, name FROM experiments
  WHERE lifecycle_stage = 'active' AND ${isVisible} AND (instr(lower(name), ?1) > 0 OR experiment_id || '' = ?1)
  ORDER BY experiment_id || '' = ?1 DESC, instr(lower(name), ?1), length(name), name LIMIT ?2`;

/** How many of the newest runs are searched by name: this takes some 20 ms of D1's time. */
const NAMED_RUNS = 50_000;

/** Two queries in one statement: the start of an id is a range of the key, so that finding an id needs no scan. */
const runsSql = (isVisible: string) => `SELECT run_id, experiment_id || '' AS experiment_id, run_name FROM (
    SELECT * FROM (SELECT run_id, experiment_id, run_name, 0 AS place, start_time FROM runs
      WHERE run_id >= ?1 AND run_id < ?1 || 'g' AND length(?1) >= 4 AND lifecycle_stage = 'active' AND ${isVisible} LIMIT ?2)
    UNION ALL
    SELECT * FROM (SELECT run_id, experiment_id, run_name, 1, start_time FROM runs
      WHERE rowid > (SELECT max(rowid) FROM runs) - ${NAMED_RUNS} AND lifecycle_stage = 'active' AND ${isVisible}
        AND instr(lower(run_name), ?1) > 0 ORDER BY start_time DESC LIMIT ?2))
  GROUP BY run_id ORDER BY min(place), start_time DESC LIMIT ?2`;

const modelsSql = (
  isVisible: string,
  binder: Binder,
) => `SELECT name FROM registered_models m WHERE instr(lower(name), ?1) > 0
  AND ${isVisible} AND NOT EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.registered_model_id = m.registered_model_id
    AND t.key = ${binder.bind(IS_PROMPT_TAG)} AND lower(t.value) = 'true')
  ORDER BY instr(lower(name), ?1), length(name), name LIMIT ?2`;

/**
 * Active experiments and runs, and registered models that are not prompts, whose name contains `text`, ignoring ASCII case.
 * Experiments are also found by their id, and runs by the start of their id, at least four characters. Only the names of
 * the newest 50,000 runs are searched.
 * @param limit the most things of each kind.
 */
export async function findNamedThings(
  db: D1Database,
  text: string,
  limit: number,
  visibility: Visibility,
): Promise<NamedThings> {
  const wanted = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const statement = (
    sql: (isVisible: string, binder: Binder) => string,
    isVisible: Predicate | undefined,
    column: string,
  ) => {
    const binder = new Binder();
    for (const value of [wanted, limit]) binder.bind(value);
    const predicate = isVisible?.(column, binder) ?? "TRUE";
    return db.prepare(sql(predicate, binder)).bind(...binder.values());
  };
  const [experiments, runs, models] = await db.batch([
    statement(experimentsSql, visibility.experiment, "experiment_id"),
    statement(runsSql, visibility.runsOf, "experiment_id"),
    statement(modelsSql, visibility.registeredModel, "m.registered_model_id"),
  ]);
  return {
    experiments: ((experiments?.results ?? []) as ExperimentRow[]).map(({ experiment_id, name }) => ({
      experimentId: experiment_id,
      name,
    })),
    runs: ((runs?.results ?? []) as RunRow[]).map(({ run_id, experiment_id, run_name }) => ({
      runId: run_id,
      experimentId: experiment_id,
      runName: run_name,
    })),
    models: (models?.results ?? []) as { name: string }[],
  };
}
