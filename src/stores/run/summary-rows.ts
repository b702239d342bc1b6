import { exactDouble } from "../d1/exact-double.ts";
import type { SummaryRowJson } from "../d1/latest-metrics.ts";
import type { MetricSummaries } from "./summaries.ts";

/** Summaries as rows for D1's upsert. */
export function summaryRows(runId: string, summaries: MetricSummaries): SummaryRowJson[] {
  const rows: SummaryRowJson[] = [];
  for (const [key, { value, step, timestamp, minValue, maxValue }] of summaries) {
    const isNan = Number.isNaN(value);
    const numbers = [
      exactDouble(isNan ? 0 : value),
      isNan ? 1 : 0,
      step,
      timestamp,
      exactDouble(minValue),
      exactDouble(maxValue),
    ];
    rows.push(`["${runId}",${JSON.stringify(key)},${numbers.join(",")}]`);
  }
  return rows;
}
