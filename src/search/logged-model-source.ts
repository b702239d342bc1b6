import { LOGGED_MODEL_STATUSES } from "../domain/entities.ts";
import type { Binder } from "./binder.ts";
import type { FieldSource } from "./conditions.ts";

/** A dataset by name; any digest matches if none is given. */
export interface DatasetFilter {
  readonly name: string;
  readonly digest?: string | undefined;
}

/** MLflow sorts a status by its number. */
const STATUS_NUMBER = `CASE m.status ${LOGGED_MODEL_STATUSES.map((name, number) => `WHEN '${name}' THEN ${number}`).join(" ")} END`;

/** The names that filters use for the statuses, in the order of their numbers: `LoggedModelStatus` of MLflow's client. */
export const FILTER_STATUSES: readonly string[] = ["UNSPECIFIED", "PENDING", "READY", "FAILED"];

const STATUS_NAME = `CASE m.status ${LOGGED_MODEL_STATUSES.map((name, number) => `WHEN '${name}' THEN '${FILTER_STATUSES[number]}'`).join(" ")} END`;

/** Columns whose names differ from MLflow's. */
const COLUMNS = new Map([
  ["artifact_location", "artifact_uri"],
  ["creation_timestamp_ms", "creation_time"],
  ["last_updated_timestamp_ms", "last_update_time"],
]);

/** The column of `logged_models` that has an attribute, by its canonical key: a column of MLflow's `logged_models`. */
export function tableColumn(key: string): string {
  return COLUMNS.get(key) ?? key;
}

/** The SQL of an attribute by its canonical key. */
export function loggedModelColumn(key: string): string {
  return key === "status" ? STATUS_NUMBER : `m.${tableColumn(key)}`;
}

const VALUE_TABLES = { param: "logged_model_params", tag: "logged_model_tags" } as const;

/** Comparisons test a metric's latest point among its points on the datasets. */
export function loggedModelSource(datasets: readonly DatasetFilter[]): FieldSource {
  return {
    column: ({ entity, key }) => {
      if (entity !== "attribute") return undefined;
      return key === "status" ? STATUS_NAME : loggedModelColumn(key);
    },
    rows: ({ entity, key }, binder) =>
      entity === "param" || entity === "tag"
        ? { from: `${VALUE_TABLES[entity]} WHERE model_id = m.model_id AND key = ${binder.bind(key)}`, value: "value" }
        : { from: `(${latestPoint("value, is_nan", key, datasets, binder)}) WHERE 1`, value: "value", isNan: "is_nan" },
  };
}

/**
 * Selects `columns` of a model's latest point of a metric: the point with the greatest step, then timestamp, then value, as
 * in MLflow since 3.18.
 */
export function latestPoint(columns: string, key: string, datasets: readonly DatasetFilter[], binder: Binder): string {
  return `SELECT ${columns} FROM logged_model_metrics
    WHERE model_id = m.model_id AND key = ${binder.bind(key)}${onDatasets(datasets, binder)}
    ORDER BY step DESC, timestamp DESC, value DESC, run_id LIMIT 1`;
}

/** A further condition on rows of `logged_model_metrics`, with its AND; empty if no dataset is asked for. */
export function onDatasets(datasets: readonly DatasetFilter[], binder: Binder): string {
  if (datasets.length === 0) return "";
  const pairs = binder.bind(JSON.stringify(datasets.map(({ name, digest }) => [name, digest || null])));
  return ` AND EXISTS (SELECT 1 FROM json_each(${pairs}) d WHERE dataset_name = d.value ->> 0
    AND (d.value ->> 1 IS NULL OR dataset_digest = d.value ->> 1))`;
}
