import type { Metric } from "../../domain/entities.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";
import { type Int64Column, putInt64, type Series, SeriesBuilder } from "./series.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Points of many metrics in the order they were logged: point `i` belongs to `keys[keyIndex[i]]`. */
export interface Points extends Series {
  readonly keys: readonly string[];
  readonly keyIndex: Uint32Array;
}

/**
 * Encodes a request's metrics for the run's object. Values are finite or NaN.
 * @returns a body: 28 bytes for each point, and each key once
 */
export function encodePoints(metrics: readonly Metric[]): Uint8Array<ArrayBuffer> {
  const count = metrics.length;
  const indexByKey = new Map<string, number>();
  const keyIndex = new Uint32Array(count);
  let timestamps: Int64Column = new Float64Array(count);
  let steps: Int64Column = new Float64Array(count);
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const { key, timestamp, step, value } = metrics[index]!;
    let keyNumber = indexByKey.get(key);
    if (keyNumber === undefined) {
      keyNumber = indexByKey.size;
      indexByKey.set(key, keyNumber);
    }
    keyIndex[index] = keyNumber;
    timestamps = putInt64(timestamps, index, timestamp);
    steps = putInt64(steps, index, step);
    values[index] = value;
  }
  return encodeBody({ timestamps, steps, values }, keyIndex, [...indexByKey.keys()]);
}

/** {@link encodePoints} for points that are columns already. A key may stand before more than one of them. */
export function encodeSeries(all: readonly (Series & { readonly key: string })[]): Uint8Array<ArrayBuffer> {
  const count = all.reduce((sum, { values }) => sum + values.length, 0);
  const keys = [...new Set(all.map(({ key }) => key))];
  const numbers = new Map(keys.map((key, number) => [key, number]));
  const keyIndex = new Uint32Array(count);
  const joined = new SeriesBuilder(count);
  for (const { key, ...series } of all) {
    keyIndex.fill(numbers.get(key)!, joined.length, joined.length + series.values.length);
    joined.append(series, 0, series.values.length);
  }
  return encodeBody(joined.view(), keyIndex, keys);
}

function encodeBody(series: Series, keyIndex: Uint32Array, keys: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = encoder.encode(JSON.stringify(keys));
  const directory = new Uint8Array(keyIndex.byteLength + encoded.length);
  directory.set(new Uint8Array(keyIndex.buffer));
  directory.set(encoded, keyIndex.byteLength);
  return encodeFrame(series, directory);
}

/**
 * Reads what {@link encodePoints} wrote, without copying the columns.
 * @throws Error when the format is unknown or the body incomplete
 */
export function decodePoints(body: Uint8Array): Points {
  const frame = decodeFrame(body);
  return pointsOf(frame, encodedKeys(frame));
}

/** Reads bodies that were joined end to end; with `key`, only the bodies that may have points of that metric. */
export function* decodeJoinedPoints(bodies: Uint8Array, key?: string): Generator<Points> {
  const quoted = key === undefined ? "" : JSON.stringify(key);
  for (let offset = 0; offset < bodies.length; ) {
    const body = bodies.subarray(offset);
    const frame = decodeFrame(body);
    const keys = encodedKeys(frame);
    // Searching the text for one key is much quicker than parsing all keys.
    if (keys.includes(quoted)) yield pointsOf(frame, keys);
    offset += frame.byteLength;
  }
}

function pointsOf({ timestamps, steps, values, directory }: Frame, encodedKeys: string): Points {
  const keyIndex = new Uint32Array(directory.buffer, directory.byteOffset, values.length);
  const keys: string[] = JSON.parse(encodedKeys);
  return { timestamps, steps, values, keys, keyIndex };
}

function encodedKeys({ directory, values }: Frame): string {
  return decoder.decode(directory.subarray(4 * values.length));
}
