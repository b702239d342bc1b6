import { exactDouble } from "../d1/connection/exact-double.ts";
import type { SummaryRowJson } from "../d1/metrics/latest-metrics.ts";
import type { Position } from "./series.ts";
import type { MetricSummaries } from "./summaries.ts";

/** Summaries as rows for D1's upsert. */
export function summaryRows(runId: string, summaries: MetricSummaries): SummaryRowJson[] {
  const rows: SummaryRowJson[] = [];
  for (const [key, summary] of summaries) {
    const { minValue, maxValue, first } = summary;
    const range = `${exactDouble(minValue)},${exactDouble(maxValue)}`;
    rows.push(`["${runId}",${JSON.stringify(key)},${pointColumns(summary)},${range},${pointColumns(first)}]`);
  }
  return rows;
}

/** Value, is_nan, step, timestamp. */
function pointColumns({ value, step, timestamp }: Position): string {
  const isNan = Number.isNaN(value);
  return `${exactDouble(isNan ? 0 : value)},${isNan ? 1 : 0},${step},${timestamp}`;
}
