import { joinBytes } from "../../domain/bytes.ts";
import { decodeDoubles, encodeDoubles } from "./double-column.ts";
import { decodeFrame, unknownFormat } from "./frame.ts";
import { decodeInt64s, encodeInt64s } from "./int64-column.ts";
import type { Series } from "./series.ts";

/** Points `from` to `to` (exclusive) of a series that may hold other metrics' points before and after them. */
export interface KeySlice {
  readonly keyId: number;
  readonly series: Series;
  readonly from: number;
  readonly to: number;
}

/** Sorted points of several metrics: the points of `keyIds[i]`, which ascends, end before point `ends[i]`. */
export interface Block extends Series {
  readonly keyIds: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
}

/** Most points of a block: 197 kB as a frame, about 80 kB packed; a row holds 2 MB. */
export const MAX_BLOCK_POINTS = 8192;

/**
 * A packed block (little-endian). Its first byte distinguishes it from a block of an earlier version, which is a frame and
 * begins with 1.
 *
 *     0  u8   format version
 *     1  u8   bytes of each value, see `double-column.ts`
 *     2  u8   form of the timestamps, see `int64-column.ts`
 *     3  u8   form of the steps
 *     4  u32  points
 *     8  u32  metrics
 *     12 u32  bytes of the timestamps
 *     16 u32  bytes of the steps
 *     20 u32  0
 *     24      `keyIds`, `ends`: 4 bytes a metric each; values; timestamps; steps
 */
const PACKED_VERSION = 2;
const HEADER_BYTES = 24;

/** The points as a packed block. */
export function encodeBlock(
  series: Series,
  keyIds: readonly number[],
  ends: readonly number[],
): Uint8Array<ArrayBuffer> {
  const values = encodeDoubles(series.values);
  const timestamps = encodeInt64s(series.timestamps);
  const steps = encodeInt64s(series.steps);
  const header = new Uint8Array(HEADER_BYTES);
  header.set([PACKED_VERSION, values.width, timestamps.form, steps.form]);
  const lengths = [series.values.length, keyIds.length, timestamps.bytes.length, steps.bytes.length];
  new Uint32Array(header.buffer).set(lengths, 1);
  const directory = new Uint8Array(Uint32Array.of(...keyIds, ...ends).buffer);
  return joinBytes([header, directory, values.bytes, timestamps.bytes, steps.bytes]);
}

/**
 * Reads a block of this version or of any version before.
 * @throws Error when the format is unknown (written by a newer version) or bytes are missing
 */
export function decodeBlock(buffer: ArrayBuffer): Block {
  const bytes = new Uint8Array(buffer);
  if (bytes[0] === PACKED_VERSION) return decodePacked(bytes);
  if (bytes[0]! > PACKED_VERSION) throw unknownFormat(bytes[0]!, `formats up to ${PACKED_VERSION}`);
  return decodeFramed(bytes);
}

function decodePacked({ buffer, length }: Uint8Array<ArrayBuffer>): Block {
  if (length < HEADER_BYTES) throw new Error(`A block of metric points breaks off after ${length} bytes`);
  const header = new DataView(buffer, 0, HEADER_BYTES);
  const width = header.getUint8(1);
  const points = header.getUint32(4, true);
  const metrics = header.getUint32(8, true);
  const timestampBytes = header.getUint32(12, true);
  const stepBytes = header.getUint32(16, true);
  const valuesAt = HEADER_BYTES + 8 * metrics;
  const timestampsAt = valuesAt + width * points;
  const stepsAt = timestampsAt + timestampBytes;
  if (stepsAt + stepBytes !== length) {
    throw new Error(`A block of metric points says ${stepsAt + stepBytes} bytes and has ${length}`);
  }
  return {
    keyIds: new Uint32Array(buffer, HEADER_BYTES, metrics),
    ends: new Uint32Array(buffer, HEADER_BYTES + 4 * metrics, metrics),
    values: decodeDoubles(width, buffer, valuesAt, points),
    timestamps: decodeInt64s(
      { form: header.getUint8(2), bytes: new Uint8Array(buffer, timestampsAt, timestampBytes) },
      points,
    ),
    steps: decodeInt64s({ form: header.getUint8(3), bytes: new Uint8Array(buffer, stepsAt, stepBytes) }, points),
  };
}

/** A block of an earlier version: a frame whose directory is `keyIds` and then `ends`. */
function decodeFramed(bytes: Uint8Array<ArrayBuffer>): Block {
  const { timestamps, steps, values, directory } = decodeFrame(bytes);
  const keys = directory.length / 8;
  return {
    timestamps,
    steps,
    values,
    keyIds: new Uint32Array(bytes.buffer, directory.byteOffset, keys),
    ends: new Uint32Array(bytes.buffer, directory.byteOffset + 4 * keys, keys),
  };
}

/** The block's points, metric by metric. */
export function* slicesOf(block: Block): Generator<KeySlice> {
  let from = 0;
  for (let index = 0; index < block.keyIds.length; index++) {
    const to = block.ends[index]!;
    yield { keyId: block.keyIds[index]!, series: block, from, to };
    from = to;
  }
}

/** One metric's points in the block, if any. */
export function findSlice(block: Block, keyId: number): KeySlice | undefined {
  let low = 0;
  let high = block.keyIds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (block.keyIds[middle]! < keyId) low = middle + 1;
    else high = middle;
  }
  if (block.keyIds[low] !== keyId) return undefined;
  return { keyId, series: block, from: low === 0 ? 0 : block.ends[low - 1]!, to: block.ends[low]! };
}
