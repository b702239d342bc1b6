import type { Int64 } from "../../domain/int64.ts";

/** Integers: doubles, unless one of them is beyond 2^53. */
type Int64Column = Float64Array | BigInt64Array;

/**
 * Points of one metric of a run, as columns of equal length, in any order. Each value is finite or NaN. Equal series have
 * equal bytes.
 */
export interface MetricSeries {
  readonly key: string;
  readonly timestamps: Int64Column;
  readonly steps: Int64Column;
  readonly values: Float64Array;
}

/** A series of plain lists. */
export function toMetricSeries(series: {
  readonly key: string;
  readonly timestamps: readonly Int64[];
  readonly steps: readonly Int64[];
  readonly values: readonly number[];
}): MetricSeries {
  const { key, timestamps, steps, values } = series;
  return { key, timestamps: toColumn(timestamps), steps: toColumn(steps), values: Float64Array.from(values) };
}

function toColumn(integers: readonly Int64[]): Int64Column {
  const column = new Float64Array(integers.length);
  for (let index = 0; index < integers.length; index++) {
    const integer = integers[index]!;
    if (typeof integer === "bigint") return BigInt64Array.from(integers, BigInt);
    column[index] = integer + 0;
  }
  return column;
}

/** Points `from` to `to` (exclusive), without copying them. */
export function sliceSeries({ key, timestamps, steps, values }: MetricSeries, from: number, to: number): MetricSeries {
  return {
    key,
    timestamps: timestamps.subarray(from, to),
    steps: steps.subarray(from, to),
    values: values.subarray(from, to),
  };
}

/** Most points and metrics of one request to `import/points`: below the server's limits, so that several requests fit at once. */
export const MAX_SENT_POINTS = 60_000;
export const MAX_SENT_METRICS = 10_000;

/** A series in the format of the endpoint `import/points`: see src/wire/columns.ts. */
export function seriesJson({ key, timestamps, steps, values }: MetricSeries): string {
  return `{"key":${JSON.stringify(key)},"timestamps":"${text(timestamps)}","steps":"${text(steps)}","values":"${text(values)}"}`;
}

function text(column: Int64Column): string {
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.byteLength);
  return `${column instanceof Float64Array ? "float64" : "int64"}:${bytes.toString("base64")}`;
}
