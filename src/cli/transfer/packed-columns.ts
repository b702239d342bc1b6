import type { Int64 } from "../../domain/int64.ts";
import type { MetricSeries } from "../../domain/records.ts";

/** A series whose columns are the bytes of their numbers. Equal series have equal bytes. */
export interface PackedSeries {
  readonly key: string;
  readonly timestamps: Float64Array | BigInt64Array;
  readonly steps: Float64Array | BigInt64Array;
  readonly values: Float64Array;
}

export function packSeries({ key, timestamps, steps, values }: MetricSeries): PackedSeries {
  return { key, timestamps: packIntegers(timestamps), steps: packIntegers(steps), values: Float64Array.from(values) };
}

/** Points `from` to `to` (exclusive), without copying them. */
export function slicePacked({ key, timestamps, steps, values }: PackedSeries, from: number, to: number): PackedSeries {
  return {
    key,
    timestamps: timestamps.subarray(from, to),
    steps: steps.subarray(from, to),
    values: values.subarray(from, to),
  };
}

/** A series in the format of the endpoint `import/points`: see src/wire/columns.ts. */
export function packedJson({ key, timestamps, steps, values }: PackedSeries): string {
  return `{"key":${JSON.stringify(key)},"timestamps":"${text(timestamps)}","steps":"${text(steps)}","values":"${text(values)}"}`;
}

/** Doubles, unless one of the integers is beyond 2^53. */
function packIntegers(values: readonly Int64[]): Float64Array | BigInt64Array {
  const column = new Float64Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (typeof value === "bigint") return BigInt64Array.from(values, BigInt);
    column[index] = value + 0;
  }
  return column;
}

function text(column: Float64Array | BigInt64Array): string {
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.byteLength);
  return `${column instanceof Float64Array ? "float64" : "int64"}:${bytes.toString("base64")}`;
}
