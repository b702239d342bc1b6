import type { LoggedModelRecord } from "../../../domain/records.ts";
import type { Database, Statement } from "../connection/database.ts";
import { exactDouble, exactDoubleSql } from "../connection/exact-double.ts";
import { jsonLists } from "../connection/json-lists.ts";
import { excluded } from "./experiments.ts";

/** Writes complete logged models under their own ids. An existing model that differs is changed to match its record. */
export function importLoggedModelStatements(db: Database, models: readonly LoggedModelRecord[]): Statement[] {
  const columns =
    "name, model_type, source_run_id, status, status_message, artifact_uri, lifecycle_stage, creation_time, last_update_time";
  const into = (sql: string, rows: readonly string[]) => {
    const statement = db.prepare(sql);
    return jsonLists(rows).map((list) => statement.bind(list));
  };
  const pairs = (table: "logged_model_params" | "logged_model_tags") =>
    `INSERT INTO ${table} (model_id, key, value, experiment_id)
     SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3 FROM json_each(?) j WHERE TRUE
     ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`;
  const pairRows = (of: "params" | "tags") =>
    models.flatMap((model) =>
      model[of].map(({ key, value }) => JSON.stringify([model.modelId, key, value, model.experimentId])),
    );
  return [
    ...into(
      `INSERT INTO logged_models (model_id, experiment_id, ${columns})
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6,
         j.value ->> 7, j.value ->> 8, j.value ->> 9, j.value ->> 10
       FROM json_each(?) j WHERE TRUE
       ON CONFLICT (model_id) DO UPDATE SET (${columns}) = (${excluded(columns)})
       WHERE (${columns}) IS NOT (${excluded(columns)})`,
      models.map((model) =>
        JSON.stringify([
          model.modelId,
          model.experimentId,
          model.name,
          model.modelType,
          model.sourceRunId,
          model.status,
          model.statusMessage,
          model.artifactUri,
          model.lifecycleStage,
          model.creationTimeMs,
          model.lastUpdateTimeMs,
        ]),
      ),
    ),
    ...into(pairs("logged_model_params"), pairRows("params")),
    ...into(pairs("logged_model_tags"), pairRows("tags")),
    ...into(
      `INSERT INTO logged_model_metrics
         (model_id, key, timestamp, step, run_id, value, is_nan, dataset_name, dataset_digest, experiment_id)
       SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 8, ${exactDoubleSql(4)},
         j.value ->> 5, j.value ->> 6, j.value ->> 7, j.value ->> 9
       FROM json_each(?) j WHERE TRUE
       ON CONFLICT DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan
         WHERE (excluded.value, excluded.is_nan) > (value, is_nan)`,
      models.flatMap(metricRows),
    ),
  ];
}

function metricRows({ modelId, experimentId, metrics }: LoggedModelRecord): string[] {
  return metrics.map(({ key, timestamp, step, value, datasetName, datasetDigest, runId }) => {
    const isNan = Number.isNaN(value);
    const numbers = [timestamp, step, exactDouble(isNan ? 0 : value), isNan ? 1 : 0];
    const texts = [datasetName || null, datasetDigest || null, runId, experimentId].map((text) => JSON.stringify(text));
    return `[${JSON.stringify(modelId)},${JSON.stringify(key)},${numbers.join(",")},${texts.join(",")}]`;
  });
}
