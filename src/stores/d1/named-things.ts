import { IS_PROMPT_TAG } from "../../domain/prompts.ts";

/** What has a name, by part of it; the best matches of each kind first. */
export interface NamedThings {
  readonly experiments: readonly { readonly experimentId: string; readonly name: string }[];
  readonly runs: readonly { readonly runId: string; readonly experimentId: string; readonly runName: string }[];
  readonly models: readonly { readonly name: string }[];
}

interface ExperimentRow {
  experiment_id: string;
  name: string;
}

interface RunRow {
  run_id: string;
  experiment_id: string;
  run_name: string;
}

/* instr, not LIKE: D1 refuses patterns over 50 bytes, and a text needs no escape. */

const EXPERIMENTS = `SELECT experiment_id || '' AS experiment_id, name FROM experiments
  WHERE lifecycle_stage = 'active' AND (instr(lower(name), ?1) > 0 OR experiment_id || '' = ?1)
  ORDER BY experiment_id || '' = ?1 DESC, instr(lower(name), ?1), length(name), name LIMIT ?2`;

/** Two statements in one: an id's start is a range of the key, so that a whole id needs no scan. */
const RUNS = `SELECT run_id, experiment_id || '' AS experiment_id, run_name FROM (
    SELECT * FROM (SELECT run_id, experiment_id, run_name, 0 AS place, start_time FROM runs
      WHERE run_id >= ?1 AND run_id < ?1 || 'g' AND length(?1) >= 4 AND lifecycle_stage = 'active' LIMIT ?2)
    UNION ALL
    SELECT * FROM (SELECT run_id, experiment_id, run_name, 1, start_time FROM runs
      WHERE lifecycle_stage = 'active' AND instr(lower(run_name), ?1) > 0 ORDER BY start_time DESC LIMIT ?2))
  GROUP BY run_id ORDER BY min(place), start_time DESC LIMIT ?2`;

const MODELS = `SELECT name FROM registered_models m WHERE instr(lower(name), ?1) > 0
  AND NOT EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.registered_model_id = m.registered_model_id
    AND t.key = ?3 AND lower(t.value) = 'true')
  ORDER BY instr(lower(name), ?1), length(name), name LIMIT ?2`;

/**
 * Active experiments and runs, and registered models that are no prompts, whose name has `text` in it, whatever its ASCII
 * case; experiments also by their id, runs by at least four characters of its start.
 * @param limit of each kind.
 */
export async function findNamedThings(db: D1Database, text: string, limit: number): Promise<NamedThings> {
  const wanted = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const [experiments, runs, models] = await db.batch([
    db.prepare(EXPERIMENTS).bind(wanted, limit),
    db.prepare(RUNS).bind(wanted, limit),
    db.prepare(MODELS).bind(wanted, limit, IS_PROMPT_TAG),
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
