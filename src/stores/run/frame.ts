import type { Int64Column, Series } from "./series.ts";

/**
 * The byte format of points in requests and journal rows, and of blocks of earlier versions (little-endian, as every host of
 * Workers):
 *
 *     0  u8   format version
 *     1  u8   bit 0: timestamps are int64, bit 1: steps are int64, else doubles
 *     4  u32  bytes of the frame, a multiple of 8
 *     8  u32  points
 *     12 u32  bytes of the directory
 *     16      timestamps, steps, values: 8 bytes a point each; the directory, in its owner's format; zeros
 */
const FORMAT_VERSION = 1;
const HEADER_BYTES = 16;
const POINT_BYTES = 24;
const WIDE_TIMESTAMPS = 1;
const WIDE_STEPS = 2;

/** A decoded frame: its columns are views of its bytes. */
export interface Frame extends Series {
  readonly directory: Uint8Array;
  readonly byteLength: number;
}

export function encodeFrame(series: Series, directory = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const count = series.values.length;
  const end = HEADER_BYTES + POINT_BYTES * count;
  const byteLength = (end + directory.length + 7) & ~7;
  const bytes = new Uint8Array(byteLength);
  const header = new DataView(bytes.buffer);
  header.setUint8(0, FORMAT_VERSION);
  header.setUint8(1, wide(series.timestamps, WIDE_TIMESTAMPS) | wide(series.steps, WIDE_STEPS));
  header.setUint32(4, byteLength, true);
  header.setUint32(8, count, true);
  header.setUint32(12, directory.length, true);
  bytes.set(bytesOf(series.timestamps), HEADER_BYTES);
  bytes.set(bytesOf(series.steps), HEADER_BYTES + 8 * count);
  bytes.set(bytesOf(series.values), HEADER_BYTES + 16 * count);
  bytes.set(directory, end);
  return bytes;
}

/**
 * Reads the frame at the start of `bytes`, without copying if it begins at a multiple of 8.
 * @throws Error when the format is unknown (written by a newer version) or bytes are missing
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const byteLength = frameLength(bytes);
  if (bytes.byteOffset % 8 !== 0) return decodeFrame(bytes.slice(0, byteLength));
  const { buffer, byteOffset } = bytes;
  const header = new DataView(buffer, byteOffset, HEADER_BYTES);
  const flags = header.getUint8(1);
  const count = header.getUint32(8, true);
  const column = (index: number, isWide: number): Int64Column => {
    const offset = byteOffset + HEADER_BYTES + 8 * count * index;
    return isWide ? new BigInt64Array(buffer, offset, count) : new Float64Array(buffer, offset, count);
  };
  const directory = HEADER_BYTES + POINT_BYTES * count;
  return {
    timestamps: column(0, flags & WIDE_TIMESTAMPS),
    steps: column(1, flags & WIDE_STEPS),
    values: new Float64Array(buffer, byteOffset + HEADER_BYTES + 16 * count, count),
    directory: bytes.subarray(directory, directory + header.getUint32(12, true)),
    byteLength,
  };
}

/**
 * Bytes of the frame at the start of `bytes`.
 * @throws Error when the format is unknown or bytes are missing
 */
export function frameLength(bytes: Uint8Array): number {
  if (bytes.length > 0 && bytes[0] !== FORMAT_VERSION) {
    throw unknownFormat(bytes[0]!, `format ${FORMAT_VERSION}`);
  }
  if (bytes.length < HEADER_BYTES) throw new Error(`A frame of metric points breaks off after ${bytes.length} bytes`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const byteLength = header.getUint32(4, true);
  const content = HEADER_BYTES + POINT_BYTES * header.getUint32(8, true) + header.getUint32(12, true);
  if (byteLength < content || byteLength > bytes.length) {
    throw new Error(`A frame of metric points says ${byteLength} bytes, holds ${content}, and has ${bytes.length}`);
  }
  return byteLength;
}

/** @param known what this version reads */
export function unknownFormat(format: number, known: string): Error {
  return new Error(
    `Metric points have format ${format}, and this version reads ${known}: ` +
      "a newer version wrote them, deploy that one or a later one",
  );
}

/** Whether the frame at the start of `bytes` has points. */
export function hasPoints(bytes: Uint8Array): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES).getUint32(8, true) > 0;
}

function wide(column: Int64Column, flag: number): number {
  return column instanceof BigInt64Array ? flag : 0;
}

function bytesOf(column: Int64Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
