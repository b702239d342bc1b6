import type { LifecycleStage, RunStatus } from "../../../domain/entities.ts";
import type { RunRecord } from "../../../domain/records.ts";
import type { Database, Statement } from "../connection/database.ts";
import { jsonLists } from "../connection/json-lists.ts";
import { excluded } from "./experiments.ts";

/**
 * Writes runs under their own ids, with everything except their points. A new run is active, so that its object takes
 * points; `moveRunsStatement` sets its stage later. An existing run that differs is changed to match its record, but a
 * param with another value stops the batch with guard `param_unchanged`.
 */
export function importRunStatements(
  db: Database,
  runs: readonly RunRecord[],
  cellOf: (run: RunRecord) => string,
): Statement[] {
  const columns = "run_name, user_id, status, start_time, end_time, artifact_uri";
  const into = (sql: string, rows: readonly string[]) => {
    const statement = db.prepare(sql);
    return jsonLists(rows).map((list) => statement.bind(list));
  };
  return [
    ...into(
      `INSERT INTO runs (run_id, experiment_id, ${columns}, lifecycle_stage, has_object, cell)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6,
         j.value ->> 7, 'active', FALSE, j.value ->> 8
       FROM json_each(?) j WHERE TRUE
       ON CONFLICT (run_id) DO UPDATE SET (${columns}) = (${excluded(columns)})
       WHERE (${columns}) IS NOT (${excluded(columns)})`,
      runs.map((run) => runRow(run, cellOf(run))),
    ),
    ...into(
      `INSERT INTO params (run_id, key, value, experiment_id)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM json_each(?) j WHERE TRUE
       ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      runs.flatMap((run) => pairRows(run, run.params)),
    ),
    ...into(
      `INSERT INTO tags (run_id, key, value, experiment_id)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM json_each(?) j WHERE TRUE
       ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      runs.flatMap((run) => pairRows(run, run.tags)),
    ),
    ...into(
      `INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6
       FROM json_each(?) j WHERE TRUE ON CONFLICT DO NOTHING`,
      datasetRows(runs),
    ),
    ...into(
      `INSERT INTO inputs (run_id, dataset_id)
       SELECT j.value ->> 0, d.dataset_id FROM json_each(?) j CROSS JOIN datasets d
         ON d.experiment_id = j.value ->> 1 AND d.name = j.value ->> 2 AND d.digest = j.value ->> 3
       WHERE TRUE ON CONFLICT DO NOTHING`,
      runs.flatMap((run) =>
        run.datasetInputs.map(({ dataset }) =>
          JSON.stringify([run.runId, run.experimentId, dataset.name, dataset.digest]),
        ),
      ),
    ),
    ...into(
      `INSERT INTO input_tags (run_id, dataset_id, key, value)
       SELECT j.value ->> 0, d.dataset_id, j.value ->> 4, j.value ->> 5 FROM json_each(?) j CROSS JOIN datasets d
         ON d.experiment_id = j.value ->> 1 AND d.name = j.value ->> 2 AND d.digest = j.value ->> 3
       WHERE TRUE ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
      runs.flatMap((run) =>
        run.datasetInputs.flatMap(({ dataset, tags }) =>
          tags.map(({ key, value }) =>
            JSON.stringify([run.runId, run.experimentId, dataset.name, dataset.digest, key, value]),
          ),
        ),
      ),
    ),
    ...into(
      `INSERT INTO model_inputs (run_id, model_id)
       SELECT j.value ->> 0, j.value ->> 1 FROM json_each(?) j WHERE TRUE ON CONFLICT DO NOTHING`,
      runs.flatMap(({ runId, modelInputs }) => modelInputs.map((modelId) => JSON.stringify([runId, modelId]))),
    ),
    ...into(
      `INSERT INTO model_outputs (run_id, model_id, step)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each(?) j WHERE TRUE
       ON CONFLICT DO UPDATE SET step = excluded.step WHERE step <> excluded.step`,
      runs.flatMap(({ runId, modelOutputs }) =>
        modelOutputs.map(({ modelId, step }) => JSON.stringify([runId, modelId, String(step)])),
      ),
    ),
  ];
}

/** Integers are given as text, which the columns store exactly. */
function runRow(run: RunRecord, cell: string): string {
  const integer = (value: number | bigint | null) => (value === null ? null : String(value));
  const { runId, experimentId, runName, userId, status, artifactUri } = run;
  const times = [integer(run.startTimeMs), integer(run.endTimeMs)];
  return JSON.stringify([runId, experimentId, runName, userId, status, ...times, artifactUri, cell]);
}

function pairRows(run: RunRecord, pairs: RunRecord["params"]): string[] {
  return pairs.map(({ key, value }) => JSON.stringify([run.runId, key, value, run.experimentId]));
}

/** Each dataset of an experiment once: the runs of an experiment mostly share datasets, which may be long. */
function datasetRows(runs: readonly RunRecord[]): string[] {
  const rows = new Map<string, string>();
  for (const { experimentId, datasetInputs } of runs) {
    for (const { dataset } of datasetInputs) {
      const identity = JSON.stringify([experimentId, dataset.name, dataset.digest]);
      if (rows.has(identity)) continue;
      const { name, digest, sourceType, source, schema, profile } = dataset;
      rows.set(
        identity,
        JSON.stringify([experimentId, name, digest, sourceType, source, schema || null, profile || null]),
      );
    }
  }
  return [...rows.values()];
}

export interface RunStage {
  readonly runId: string;
  readonly lifecycleStage: LifecycleStage;
  readonly deletedTimeMs: number | null;
}

/** Moves runs to their stages. */
export function moveRunsStatements(db: Database, stages: readonly RunStage[]): Statement[] {
  const statement = db.prepare(
    `UPDATE runs SET lifecycle_stage = j.value ->> 1, deleted_time = j.value ->> 2
     FROM json_each(?) j WHERE runs.run_id = j.value ->> 0
       AND (lifecycle_stage, deleted_time) IS NOT (j.value ->> 1, j.value ->> 2)`,
  );
  const rows = stages.map(({ runId, lifecycleStage, deletedTimeMs }) =>
    JSON.stringify([runId, lifecycleStage, deletedTimeMs]),
  );
  return jsonLists(rows).map((list) => statement.bind(list));
}

/** The properties of an existing run that decide how it is imported. */
export interface ImportedRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly lifecycleStage: LifecycleStage;
  readonly status: RunStatus;
  readonly hasObject: boolean;
  readonly isLive: boolean;
  /** See {@link RunPlace}. */
  readonly cell: string;
}

/** The existing runs with these ids, by id. */
export async function findImportedRuns(db: D1Database, runIds: readonly string[]): Promise<Map<string, ImportedRun>> {
  const { results } = await db
    .prepare(
      `SELECT run_id, CAST(experiment_id AS TEXT) AS experiment_id, lifecycle_stage, status, has_object,
         live_epoch IS NOT NULL AS is_live, cell
       FROM json_each(?) j CROSS JOIN runs r ON r.run_id = j.value`,
    )
    .bind(JSON.stringify(runIds))
    .all<{
      run_id: string;
      experiment_id: string;
      lifecycle_stage: LifecycleStage;
      status: RunStatus;
      has_object: number;
      is_live: number;
      cell: string;
    }>();
  return new Map(
    results.map((row) => [
      row.run_id,
      {
        runId: row.run_id,
        experimentId: row.experiment_id,
        lifecycleStage: row.lifecycle_stage,
        status: row.status,
        hasObject: row.has_object === 1,
        isLive: row.is_live === 1,
        cell: row.cell,
      },
    ]),
  );
}
