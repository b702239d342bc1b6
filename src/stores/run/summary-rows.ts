import type { SummaryRowJson } from "../d1/latest-metrics.ts";
import type { MetricSummaries } from "./summaries.ts";

/** Summaries as rows for D1's upsert. */
export function summaryRows(runId: string, summaries: MetricSummaries): SummaryRowJson[] {
  const rows: SummaryRowJson[] = [];
  for (const [key, { value, step, timestamp, minValue, maxValue }] of summaries) {
    const isNan = Number.isNaN(value);
    const numbers = [scaled(isNan ? 0 : value), isNan ? 1 : 0, step, timestamp, scaled(minValue), scaled(maxValue)];
    rows.push(`["${runId}",${JSON.stringify(key)},${numbers.join(",")}]`);
  }
  return rows;
}

const bits = new DataView(new ArrayBuffer(8));

/**
 * A double as `[m,e]`, two integers whose m·2^e it is. SQLite rounds decimal text wrongly far from 1, but multiplies
 * exactly.
 */
function scaled(value: number | null): string {
  if (value === null) return "[null,0]";
  if (Number.isSafeInteger(value)) return `[${value},0]`;
  bits.setFloat64(0, value);
  const biasedExponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = (bits.getUint32(0) & 0xfffff) * 2 ** 32 + bits.getUint32(4);
  const mantissa = biasedExponent === 0 ? fraction : fraction + 2 ** 52;
  return `[${value < 0 ? -mantissa : mantissa},${Math.max(biasedExponent, 1) - 1075}]`;
}
