import type { Int64Column } from "./series.ts";

/**
 * Columns of int64 in few bytes. A metric's timestamps have nearly equal distances, and its steps have equal distances. So a
 * column is stored as its differences:
 *
 *     doubles   8 bytes each
 *     int64     8 bytes each
 *     runs      f64 first value; f64 number of runs; for each run of equal differences: zigzag(difference), and its length
 *     deltas    f64 first value; f64 usual difference; for each further value: zigzag(difference − usual)
 *
 * The integers after the two doubles are varints, with 7 bits a byte, the least first. zigzag puts a negative number −n at
 * 2n − 1, and n at 2n.
 */
const DOUBLES = 0;
const INT64 = 1;
const RUNS = 2;
const DELTAS = 3;

/** A column and the number of its form. */
export interface EncodedInt64s {
  readonly form: number;
  readonly bytes: Uint8Array;
}

/** Differences up to this size, the difference of two of them, and its zigzag are exact as doubles. */
const MAX_DELTA = 2 ** 51;
/** The two doubles before varints. */
const DOUBLES_BYTES = 16;
/** Bytes of the largest varint that is written: a zigzag below 2^54. */
const MAX_VARINT_BYTES = 8;
/** Runs are stored if they have at least this many values on average. */
const MIN_RUN = 4;
/** How many differences decide which difference is the usual one. */
const SAMPLES = 63;

/** @returns the column in the shortest of the forms that hold it exactly, or nearly the shortest */
export function encodeInt64s(column: Int64Column): EncodedInt64s {
  if (column instanceof BigInt64Array) return { form: INT64, bytes: bytesOf(column) };
  const runs = countRuns(column);
  if (runs !== undefined) {
    const isRegular = runs * MIN_RUN <= column.length;
    const bytes = isRegular ? encodeRuns(column, runs) : encodeDeltas(column);
    if (bytes.length < column.byteLength) return { form: isRegular ? RUNS : DELTAS, bytes };
  }
  return { form: DOUBLES, bytes: bytesOf(column) };
}

/**
 * Reads what {@link encodeInt64s} wrote.
 * @param count number of values in the column
 * @throws Error when the form is unknown or `bytes` do not hold exactly `count` values
 */
export function decodeInt64s({ form, bytes }: EncodedInt64s, count: number): Int64Column {
  switch (form) {
    case DOUBLES:
    case INT64:
      if (bytes.length !== 8 * count) throw wrongLength(bytes, count);
      // A copy, because the bytes may begin anywhere.
      return form === INT64 ? new BigInt64Array(bytes.slice().buffer) : new Float64Array(bytes.slice().buffer);
    case RUNS:
      return decodeRuns(bytes, count);
    case DELTAS:
      return decodeDeltas(bytes, count);
    default:
      throw new Error(`A column of metric points has the unknown form ${form}`);
  }
}

/** The number of stretches of equal differences; undefined if a difference is too large to be stored. */
function countRuns(column: Float64Array): number | undefined {
  let runs = 0;
  let previous = Number.NaN;
  for (let index = 1; index < column.length; index++) {
    const delta = column[index]! - column[index - 1]!;
    if (delta === previous) continue;
    if (!(Math.abs(delta) <= MAX_DELTA)) return undefined;
    runs++;
    previous = delta;
  }
  return runs;
}

function encodeRuns(column: Float64Array, runs: number): Uint8Array {
  const bytes = bytesWith([column[0]!, runs], 2 * runs);
  let at = DOUBLES_BYTES;
  for (let index = 1; index < column.length; ) {
    const delta = column[index]! - column[index - 1]!;
    const start = index++;
    while (column[index]! - column[index - 1]! === delta) index++;
    at = putVarint(bytes, at, zigzag(delta));
    at = putVarint(bytes, at, index - start);
  }
  return bytes.subarray(0, at);
}

function decodeRuns(bytes: Uint8Array, count: number): Float64Array {
  const [first, runs] = readDoubles(bytes, count);
  // Each run has two bytes at least.
  if (!(runs >= 0 && runs <= bytes.length / 2)) throw wrongLength(bytes, count);
  const varints = new Float64Array(2 * runs);
  readVarints(bytes, varints, count);
  const column = new Float64Array(count);
  let value = first;
  column[0] = value;
  let index = 1;
  for (let at = 0; at < varints.length; at += 2) {
    const delta = unzigzag(varints[at]!);
    const end = index + varints[at + 1]!;
    if (end > count) throw wrongLength(bytes, count);
    while (index < end) column[index++] = value += delta;
  }
  if (index !== count) throw wrongLength(bytes, count);
  return column;
}

function encodeDeltas(column: Float64Array): Uint8Array {
  const usual = usualDelta(column);
  const bytes = bytesWith([column[0]!, usual], column.length - 1);
  let at = DOUBLES_BYTES;
  for (let index = 1; index < column.length; index++) {
    at = putVarint(bytes, at, zigzag(column[index]! - column[index - 1]! - usual));
  }
  return bytes.subarray(0, at);
}

function decodeDeltas(bytes: Uint8Array, count: number): Float64Array {
  const [first, usual] = readDoubles(bytes, count);
  const column = new Float64Array(count);
  readVarints(bytes, column.subarray(1), count);
  let value = first;
  column[0] = value;
  for (let index = 1; index < count; index++) column[index] = value += usual + unzigzag(column[index]!);
  return column;
}

/** The median of some differences, so that a pause, or the step back to the next metric, does not count. */
function usualDelta(column: Float64Array): number {
  const stride = Math.max(1, Math.floor((column.length - 1) / SAMPLES));
  const deltas: number[] = [];
  for (let index = 1; index < column.length; index += stride) deltas.push(column[index]! - column[index - 1]!);
  return deltas.sort((a, b) => a - b)[deltas.length >> 1]!;
}

function zigzag(value: number): number {
  // The operators of 32 bits are much quicker, and have no branch that depends on the sign.
  const small = value | 0;
  if (small === value && Math.abs(small) < 2 ** 30) return (small << 1) ^ (small >> 31);
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  if (value < 2 ** 31) return (value >>> 1) ^ -(value & 1);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Two doubles, and room for `count` varints. */
function bytesWith(doubles: readonly [number, number], count: number): Uint8Array {
  const bytes = new Uint8Array(DOUBLES_BYTES + MAX_VARINT_BYTES * count);
  bytes.set(new Uint8Array(Float64Array.from(doubles).buffer));
  return bytes;
}

/** @returns the place after the varint */
function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
  for (; rest >= 128; rest >>>= 7) bytes[at++] = rest | 128;
  bytes[at++] = rest;
  return at;
}

/** The two doubles before the varints of a column that is not empty. */
function readDoubles(bytes: Uint8Array, count: number): [number, number] {
  if (bytes.length < DOUBLES_BYTES || count === 0) throw wrongLength(bytes, count);
  const [first, second] = new Float64Array(bytes.slice(0, DOUBLES_BYTES).buffer);
  return [first!, second!];
}

/**
 * Fills `varints`.
 * @param count values of the column, for the error
 * @throws Error unless these are exactly all varints
 */
function readVarints(bytes: Uint8Array, varints: Float64Array, count: number): void {
  let at = DOUBLES_BYTES;
  for (let index = 0; index < varints.length; index++) {
    let byte = bytes[at++]!;
    let value = byte & 127;
    for (let scale = 128; byte >= 128; scale *= 128) {
      byte = bytes[at++]!;
      value += (byte & 127) * scale;
    }
    varints[index] = value;
  }
  if (at !== bytes.length) throw wrongLength(bytes, count);
}

function wrongLength(bytes: Uint8Array, count: number): Error {
  return new Error(`A column of ${count} metric points does not fit its ${bytes.length} bytes`);
}

function bytesOf(column: Int64Column): Uint8Array<ArrayBuffer> {
  return new Uint8Array(column.slice().buffer);
}
