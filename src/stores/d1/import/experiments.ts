import type { ExperimentRecord } from "../../../domain/records.ts";
import type { Database, Statement } from "../connection/database.ts";
import { integerList, jsonLists } from "../connection/json-lists.ts";

/**
 * Writes experiments under their own ids. An existing experiment that differs is changed to match its record. If another
 * experiment has the name, the UNIQUE constraint `experiments.name` fails the batch.
 */
export function importExperimentStatements(db: Database, experiments: readonly ExperimentRecord[]): Statement[] {
  const columns = "name, artifact_location, lifecycle_stage, creation_time, last_update_time";
  const upsert = db.prepare(
    `INSERT INTO experiments (experiment_id, ${columns})
     SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5
     FROM json_each(?) j WHERE TRUE
     ON CONFLICT (experiment_id) DO UPDATE SET (${columns}) = (${excluded(columns)})
     WHERE (${columns}) IS NOT (${excluded(columns)})`,
  );
  const rows = experiments.map((of) =>
    JSON.stringify([
      of.experimentId,
      of.name,
      of.artifactLocation,
      of.lifecycleStage,
      of.creationTimeMs,
      of.lastUpdateTimeMs,
    ]),
  );
  const upsertTags = db.prepare(
    `INSERT INTO experiment_tags (experiment_id, key, value)
     SELECT j.value ->> 0, j.value ->> 1, j.value ->> 2 FROM json_each(?) j WHERE TRUE
     ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`,
  );
  const tagRows = experiments.flatMap(({ experimentId, tags }) =>
    tags.map(({ key, value }) => JSON.stringify([experimentId, key, value])),
  );
  return [
    ...jsonLists(rows).map((list) => upsert.bind(list)),
    ...jsonLists(tagRows).map((list) => upsertTags.bind(list)),
  ];
}

/** The columns of a list, with the values of the row that was not inserted. */
export function excluded(columns: string): string {
  return columns.replaceAll(/\w+/g, "excluded.$&");
}

export interface NamedExperiment {
  readonly experimentId: string;
  readonly name: string;
  /** Whether a record may replace the experiment: it was imported, or is a new server's untouched `Default`. */
  readonly isReplaceable: boolean;
}

/** The existing experiments with these ids. */
export async function findNamedExperiments(
  db: D1Database,
  experimentIds: readonly string[],
): Promise<NamedExperiment[]> {
  const { results } = await db
    .prepare(
      `SELECT CAST(experiment_id AS TEXT) AS experiment_id, name,
         EXISTS (SELECT 1 FROM imports i WHERE i.kind = 'experiment' AND i.id = CAST(e.experiment_id AS TEXT))
         OR (experiment_id = 0 AND name = 'Default'
           AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.experiment_id = e.experiment_id)) AS is_replaceable
       FROM experiments e WHERE experiment_id IN (SELECT value FROM json_each(?))`,
    )
    .bind(integerList(experimentIds))
    .all<{ experiment_id: string; name: string; is_replaceable: number }>();
  return results.map((row) => ({
    experimentId: row.experiment_id,
    name: row.name,
    isReplaceable: row.is_replaceable === 1,
  }));
}
