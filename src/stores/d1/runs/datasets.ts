import type { DatasetInput } from "../../../domain/entities.ts";
import type { Database, Statement } from "../connection/database.ts";
import { ifRoom } from "../connection/guard.ts";
import { jsonLists } from "../connection/json-lists.ts";

/** A dataset's row, as JSON: name, digest, source type, source, schema and profile. */
const INSERT_DATASETS = `INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
  SELECT r.experiment_id, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5
  FROM json_each(?2) j CROSS JOIN runs r ON r.run_id = ?1 WHERE TRUE ON CONFLICT DO NOTHING`;

/** An input, as JSON: name and digest of its dataset, and its tags as pairs. */
const INPUTS = `json_each(?2) j CROSS JOIN runs r ON r.run_id = ?1
  CROSS JOIN datasets d ON d.experiment_id = r.experiment_id AND d.name = j.value ->> 0 AND d.digest = j.value ->> 1`;

const INSERT_INPUT_TAGS = `INSERT INTO input_tags (run_id, dataset_id, key, value)
  SELECT r.run_id, d.dataset_id, t.value ->> 0, t.value ->> 1 FROM ${INPUTS} CROSS JOIN json_each(j.value, '$[2]') t
  WHERE NOT EXISTS (SELECT 1 FROM inputs i WHERE i.run_id = r.run_id AND i.dataset_id = d.dataset_id)
  ON CONFLICT DO UPDATE SET value = excluded.value`;

/** An answer about a run has all of its datasets, each with some names and quotes. */
const ROOM = ifRoom(
  "d.dataset_id",
  "FROM inputs o JOIN datasets s USING (dataset_id) WHERE o.run_id = ?1",
  "200 + octet_length(source) + coalesce(octet_length(schema), 0) + coalesce(octet_length(profile), 0)",
);

const INSERT_INPUTS = `INSERT INTO inputs (run_id, dataset_id)
  SELECT r.run_id, ${ROOM} FROM ${INPUTS} WHERE TRUE ON CONFLICT DO NOTHING`;

/**
 * Records dataset inputs of an existing run. As in MLflow, the first log of a dataset in an experiment defines the dataset,
 * and the first record of it as a run's input sets the input's tags.
 */
export function insertInputStatements(
  db: Database,
  runId: string,
  datasetInputs: readonly DatasetInput[],
): Statement[] {
  const identity = ({ dataset }: DatasetInput) => JSON.stringify([dataset.name, dataset.digest]);
  const firsts = new Map(datasetInputs.toReversed().map((input) => [identity(input), input]));
  const inputs = datasetInputs.filter((input) => firsts.get(identity(input)) === input);
  const bound = (sql: string, rows: readonly string[]) =>
    jsonLists(rows).map((list) => db.prepare(sql).bind(runId, list));
  const datasets = inputs.map(({ dataset: { name, digest, sourceType, source, schema, profile } }) =>
    JSON.stringify([name, digest, sourceType, source, schema || null, profile || null]),
  );
  const tagged = inputs.map(({ dataset: { name, digest }, tags }) =>
    JSON.stringify([name, digest, tags.map(({ key, value }) => [key, value])]),
  );
  return [...bound(INSERT_DATASETS, datasets), ...bound(INSERT_INPUT_TAGS, tagged), ...bound(INSERT_INPUTS, tagged)];
}
