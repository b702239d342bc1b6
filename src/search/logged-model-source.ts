import { LOGGED_MODEL_STATUSES } from "../domain/entities.ts";
import type { Field } from "./ast.ts";
import type { Binder } from "./binder.ts";
import type { FieldSource } from "./conditions.ts";

/** A dataset by name, of any digest where none is given. */
export interface DatasetFilter {
  readonly name: string;
  readonly digest?: string | undefined;
}

/** MLflow compares and sorts a status by its number; the type makes SQLite compare it with `'2'` as a number. */
const STATUS_NUMBER = `CAST(CASE m.status ${LOGGED_MODEL_STATUSES.map((name, number) => `WHEN '${name}' THEN ${number}`).join(" ")} END AS INTEGER)`;

/** Where our columns differ from MLflow's. */
const COLUMNS = new Map([
  ["status", STATUS_NUMBER],
  ["artifact_location", "m.artifact_uri"],
  ["creation_timestamp_ms", "m.creation_time"],
  ["last_updated_timestamp_ms", "m.last_update_time"],
]);

/** The SQL of an attribute by its canonical key: a column of MLflow's `logged_models`. */
export function loggedModelColumn(key: string): string {
  return COLUMNS.get(key) ?? `m.${key}`;
}

const VALUE_TABLES = { param: "logged_model_params", tag: "logged_model_tags" } as const;

/** Of a metric every point counts: a comparison holds where it does of any. */
export function loggedModelSource(datasets: readonly DatasetFilter[]): FieldSource {
  return {
    column: ({ entity, key }) => (entity === "attribute" ? loggedModelColumn(key) : undefined),
    rows: (field, binder) => {
      const rows = `${tableOf(field)} WHERE model_id = m.model_id AND key = ${binder.bind(field.key)}`;
      return field.entity === "metric"
        ? { from: rows + onDatasets(datasets, binder), value: "value", isNan: "is_nan" }
        : { from: rows, value: "value" };
    },
  };
}

function tableOf({ entity }: Field): string {
  return entity === "param" || entity === "tag" ? VALUE_TABLES[entity] : "logged_model_metrics";
}

/** A further condition on rows of `logged_model_metrics`, with its AND; empty where no dataset is asked for. */
export function onDatasets(datasets: readonly DatasetFilter[], binder: Binder): string {
  if (datasets.length === 0) return "";
  const pairs = binder.bind(JSON.stringify(datasets.map(({ name, digest }) => [name, digest || null])));
  return ` AND EXISTS (SELECT 1 FROM json_each(${pairs}) d WHERE dataset_name = d.value ->> 0
    AND (d.value ->> 1 IS NULL OR dataset_digest = d.value ->> 1))`;
}
