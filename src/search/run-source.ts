import { MAX_FINITE_VALUE } from "../domain/limits.ts";
import { RUN_NAME_TAG } from "../domain/run-names.ts";
import type { Field } from "./ast.ts";
import type { Binder } from "./binder.ts";
import type { FieldSource } from "./conditions.ts";

const CONTEXT_TAG = "mlflow.data.context";

export type ValueTable = "params" | "tags" | "latest_metrics";

export interface KeptValue {
  readonly table: ValueTable;
  readonly key: string;
  readonly column: "value" | "first_value" | "min_value" | "max_value";
  /** The column that tells whether the value is NaN, for values that may be NaN. */
  readonly isNan?: "is_nan" | "first_is_nan";
  /** Whether the column's text is read as a number. */
  readonly isNumber?: true;
}

/**
 * SQL: the number that a text is, NULL if the whole text is not a number. SQLite compares a text with a number numerically
 * only if the text is a number. Infinities become the largest finite doubles, as for metrics.
 */
export function numberOfText(column: string): string {
  const most = MAX_FINITE_VALUE;
  return `CASE WHEN CAST(${column} AS NUMERIC) = ${column} THEN max(min(CAST(${column} AS REAL), ${most}), -${most}) END`;
}

/** The table that has the values of `field` by (run, key); undefined for columns of `runs` and for datasets. */
export function valueTable({ entity, key }: Field): KeptValue | undefined {
  switch (entity) {
    case "metric":
      return { table: "latest_metrics", key, column: "value", isNan: "is_nan" };
    case "metricFirst":
      return { table: "latest_metrics", key, column: "first_value", isNan: "first_is_nan" };
    case "metricMin":
      return { table: "latest_metrics", key, column: "min_value" };
    case "metricMax":
      return { table: "latest_metrics", key, column: "max_value" };
    case "param":
      return { table: "params", key, column: "value" };
    case "paramNumber":
      return { table: "params", key, column: "value", isNumber: true };
    case "tag":
      return { table: "tags", key, column: "value" };
    case "attribute":
      return key === "run_name" ? { table: "tags", key: RUN_NAME_TAG, column: "value" } : undefined;
    case "dataset":
      return undefined;
  }
}

/** @param runId the run id of the outermost table, an SQL expression, so that tests run before the look-up in `runs`. */
export function runSource(runId: string): FieldSource {
  return {
    column: (field) => (field.entity === "attribute" && valueTable(field) === undefined ? `r.${field.key}` : undefined),
    rows: (field, binder) => {
      const kept = valueTable(field);
      if (kept === undefined) return datasetRows(field.key, runId, binder);
      const from = `${kept.table} WHERE run_id = ${runId} AND key = ${binder.bind(kept.key)}`;
      return { from, value: kept.isNumber ? `(${numberOfText(kept.column)})` : kept.column, isNan: kept.isNan };
    },
  };
}

function datasetRows(key: string, runId: string, binder: Binder): { from: string; value: string } {
  if (key === "context") {
    return { from: `input_tags WHERE run_id = ${runId} AND key = ${binder.bind(CONTEXT_TAG)}`, value: "value" };
  }
  return {
    from: `inputs CROSS JOIN datasets USING (dataset_id) WHERE inputs.run_id = ${runId}`,
    value: `datasets.${key}`,
  };
}
