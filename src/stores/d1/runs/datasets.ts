import type { DatasetInput } from "../../../domain/entities.ts";
import type { Database, Statement } from "../connection/database.ts";

/**
 * Records dataset inputs of an existing run. The first to log a dataset of an experiment defines it, and the first to
 * record it as an input of a run sets that input's tags, as in MLflow.
 */
export function insertInputStatements(
  db: Database,
  runId: string,
  datasetInputs: readonly DatasetInput[],
): Statement[] {
  return datasetInputs.flatMap(({ dataset, tags }) => [
    db
      .prepare(
        `INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
         SELECT experiment_id, ?2, ?3, ?4, ?5, ?6, ?7 FROM runs WHERE run_id = ?1 ON CONFLICT DO NOTHING`,
      )
      .bind(
        runId,
        dataset.name,
        dataset.digest,
        dataset.sourceType,
        dataset.source,
        dataset.schema || null,
        dataset.profile || null,
      ),
    db
      .prepare(
        `INSERT INTO input_tags (run_id, dataset_id, key, value)
         SELECT r.run_id, d.dataset_id, j.value ->> 0, j.value ->> 1
         FROM runs r JOIN datasets d ON d.experiment_id = r.experiment_id AND d.name = ?2 AND d.digest = ?3,
           json_each(?4) j
         WHERE r.run_id = ?1
           AND NOT EXISTS (SELECT 1 FROM inputs i WHERE i.run_id = r.run_id AND i.dataset_id = d.dataset_id)
         ON CONFLICT DO UPDATE SET value = excluded.value`,
      )
      .bind(runId, dataset.name, dataset.digest, JSON.stringify(tags.map((tag) => [tag.key, tag.value]))),
    db
      .prepare(
        `INSERT INTO inputs (run_id, dataset_id)
         SELECT r.run_id, d.dataset_id
         FROM runs r JOIN datasets d ON d.experiment_id = r.experiment_id AND d.name = ?2 AND d.digest = ?3
         WHERE r.run_id = ?1 ON CONFLICT DO NOTHING`,
      )
      .bind(runId, dataset.name, dataset.digest),
  ]);
}
