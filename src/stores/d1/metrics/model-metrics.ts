import type { ModelMetric } from "../../../domain/logged-model.ts";
import type { Database, Statement } from "../connection/database.ts";
import { exactDouble, exactDoubleSql } from "../connection/exact-double.ts";
import { jsonLists } from "../connection/json-lists.ts";

/**
 * Records metric points of logged models. Of two points that differ only in value the greater is kept, so that a repeat
 * changes nothing. A point of an unknown model becomes a NULL, which the column refuses: see {@link isUnknownModel}.
 */
export function upsertModelMetricStatements(db: Database, runId: string, metrics: readonly ModelMetric[]): Statement[] {
  const statement = db.prepare(
    `INSERT INTO logged_model_metrics
       (model_id, key, timestamp, step, run_id, value, is_nan, dataset_name, dataset_digest, experiment_id)
     SELECT m.model_id, j.value ->> 1, j.value ->> 2, j.value ->> 3, r.run_id,
       ${exactDoubleSql(4)}, j.value ->> 5, j.value ->> 6, j.value ->> 7,
       r.experiment_id
     FROM json_each(?2) j JOIN runs r ON r.run_id = ?1 LEFT JOIN logged_models m ON m.model_id = j.value ->> 0
     WHERE TRUE
     ON CONFLICT DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan
       WHERE (excluded.value, excluded.is_nan) > (value, is_nan)`,
  );
  const rows = metrics.map(({ modelId, key, timestamp, step, value, datasetName, datasetDigest }) => {
    const isNan = Number.isNaN(value);
    const texts = [datasetName || null, datasetDigest || null].map((text) => JSON.stringify(text));
    const numbers = [timestamp, step, exactDouble(isNan ? 0 : value), isNan ? 1 : 0];
    return `[${JSON.stringify(modelId)},${JSON.stringify(key)},${numbers.join(",")},${texts.join(",")}]`;
  });
  return jsonLists(rows).map((list) => statement.bind(runId, list));
}

/** Whether the batch failed because a metric refers to an unknown model. */
export function isUnknownModel(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOT NULL constraint failed: logged_model_metrics.model_id");
}
