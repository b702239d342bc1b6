import { type Int64, toInt64 } from "../../domain/int64.ts";
import { type Series, seriesOf } from "./series.ts";

/** A place in the order of (key id, timestamp, step, value, is_nan): the place of the one point of `series`. */
export interface Bound {
  readonly keyId: number;
  readonly series: Series;
}

const BOUND_BYTES = 29;
const SIGN = 1n << 63n;

/** Bytes that SQLite sorts in the order of the points; 0 and −0 have the same bytes. */
export function encodeBound(keyId: number, series: Series, index: number): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(BOUND_BYTES));
  bytes.setUint32(0, keyId);
  bytes.setBigUint64(4, sortable(series.timestamps[index]!));
  bytes.setBigUint64(12, sortable(series.steps[index]!));
  const value = series.values[index]!;
  bytes.setFloat64(20, Number.isNaN(value) ? 0 : value + 0);
  const bits = bytes.getBigUint64(20);
  bytes.setBigUint64(20, bits & SIGN ? ~bits : bits | SIGN);
  bytes.setUint8(28, Number(Number.isNaN(value)));
  return new Uint8Array(bytes.buffer);
}

export function decodeBound(buffer: ArrayBuffer): Bound {
  const bytes = new DataView(buffer);
  const bits = bytes.getBigUint64(20);
  const value = new DataView(new ArrayBuffer(8));
  value.setBigUint64(0, bits & SIGN ? bits & ~SIGN : ~bits);
  const position = {
    timestamp: toInt64(bytes.getBigUint64(4) - SIGN)!,
    step: toInt64(bytes.getBigUint64(12) - SIGN)!,
    value: bytes.getUint8(28) ? Number.NaN : value.getFloat64(0),
  };
  return { keyId: bytes.getUint32(0), series: seriesOf(position) };
}

/** Bytes that sort before the bytes of every point of the metric. */
export function encodeKeyBound(keyId: number): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, keyId);
  return new Uint8Array(bytes.buffer);
}

function sortable(value: Int64): bigint {
  return BigInt(value) + SIGN;
}
