import { invalidParameter } from "../domain/errors.ts";
import type { Binder } from "./binder.ts";
import { LOGGED_MODEL_GRAMMAR } from "./grammar.ts";
import { type DatasetFilter, latestPoint, loggedModelColumn } from "./logged-model-source.ts";
import { checkOrderTerms, type OrderColumn } from "./order.ts";
import { METRIC_RANKS } from "./run-order.ts";

/** One term of the order: an attribute, or `metrics.<key>`, limited to a dataset if one is named. */
export interface LoggedModelOrder {
  readonly fieldName: string;
  readonly ascending: boolean;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** An order as columns of a statement, and the tables that have the columns. */
export interface PlannedOrder {
  readonly columns: readonly OrderColumn[];
  /** @param models the models' table, under the alias `m` */
  readonly from: (models: string, binder: Binder) => string;
  /** How many terms are metrics. */
  readonly metrics: number;
}

const TEXT_COLUMNS = new Set([
  "model_id",
  "name",
  "artifact_location",
  "lifecycle_stage",
  "model_type",
  "source_run_id",
  "status_message",
]);

/**
 * MLflow's order (`_apply_order_by_search_logged_models` of its SQL store): a metric sorts by its point with the greatest
 * timestamp and step; models without a value are last; ties are ordered newest first, then by id.
 * @throws MlflowError INVALID_PARAMETER_VALUE for a field that models cannot be ordered by.
 */
export function planLoggedModelOrder(terms: readonly LoggedModelOrder[]): PlannedOrder {
  checkOrderTerms(terms.length);
  const joins: ((binder: Binder) => string)[] = [];
  const columns = terms.flatMap((term): OrderColumn[] => {
    const { fieldName, ascending } = term;
    const dot = fieldName.indexOf(".");
    if (dot === -1) return [attributeColumn(fieldName, ascending)];
    if (fieldName.slice(0, dot) !== "metrics") {
      throw invalidParameter(`Invalid order by field name: ${fieldName}. Only metrics are supported.`);
    }
    const alias = `o${joins.length}`;
    joins.push((binder) => joinLatest(alias, fieldName.slice(dot + 1), datasetOf(term), binder));
    const rank = `coalesce(${alias}.is_nan, ${METRIC_RANKS.missing})`;
    return [
      { sql: rank, type: "number", ascending: true, nullable: false },
      { sql: `${alias}.value`, type: "number", ascending, nullable: true },
    ];
  });
  const all = [...columns, attributeColumn("creation_timestamp_ms", false), attributeColumn("model_id", true)];
  return {
    columns: all.filter(({ sql }, index) => all.findIndex((other) => other.sql === sql) === index),
    from: (models, binder) => [models, ...joins.map((join) => join(binder))].join(" "),
    metrics: joins.length,
  };
}

function attributeColumn(name: string, ascending: boolean): OrderColumn {
  const key = LOGGED_MODEL_GRAMMAR.attributes.get(name)?.key;
  if (key === undefined) throw invalidParameter(`Invalid order by field name: ${name}`);
  const type = TEXT_COLUMNS.has(key) ? "text" : "integer";
  return { sql: loggedModelColumn(key), type, ascending, nullable: key === "status_message" };
}

function datasetOf({ datasetName, datasetDigest }: LoggedModelOrder): DatasetFilter | undefined {
  return datasetName ? { name: datasetName, digest: datasetDigest } : undefined;
}

/** Joins a model's latest point of the metric. */
function joinLatest(alias: string, key: string, dataset: DatasetFilter | undefined, binder: Binder): string {
  const latest = latestPoint("timestamp, step, run_id", key, dataset ? [dataset] : [], binder);
  return `LEFT JOIN logged_model_metrics ${alias} ON ${alias}.model_id = m.model_id AND ${alias}.key = ${binder.bind(key)}
    AND (${alias}.timestamp, ${alias}.step, ${alias}.run_id) = (${latest})`;
}
