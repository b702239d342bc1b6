import { type Int64, parseInt64 } from "../../domain/int64.ts";
import { exactDouble } from "../d1/connection/exact-double.ts";
import type { SummaryRowJson } from "../d1/metrics/latest-metrics.ts";
import type { Position } from "./series.ts";
import type { MetricSummaries, MetricSummary } from "./summaries.ts";

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

/** Parses a row that {@link summaryRows} made. */
export function parseSummaryRow(row: SummaryRowJson): { readonly key: string; readonly summary: MetricSummary } {
  // Only integers of 16 digits and more can be beyond 2^53; mantissas never are.
  const items: unknown[] = /\d{16}/.test(row) ? JSON.parse(row, exactIntegers) : JSON.parse(row);
  const [, key, value, isNan, step, timestamp, min, max, firstValue, firstIsNan, firstStep, firstTimestamp] = items as [
    string,
    string,
    ExactDouble,
    number,
    Int64,
    Int64,
    ExactDouble,
    ExactDouble,
    ExactDouble,
    number,
    Int64,
    Int64,
  ];
  return {
    key,
    summary: {
      step,
      timestamp,
      value: isNan === 1 ? Number.NaN : (toDouble(value) ?? 0),
      minValue: toDouble(min),
      maxValue: toDouble(max),
      first: {
        step: firstStep,
        timestamp: firstTimestamp,
        value: firstIsNan === 1 ? Number.NaN : (toDouble(firstValue) ?? 0),
      },
    },
  };
}

type ExactDouble = readonly [mantissa: number | null, exponent: number];

function toDouble([mantissa, exponent]: ExactDouble): number | null {
  if (mantissa === null) return null;
  // For the least doubles 2^exponent is itself a double, and for the greatest the product is: both are exact.
  return Number(mantissa) * 2 ** exponent;
}

function exactIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined ? (parseInt64(context.source) ?? value) : value;
}
