import { decodeFrame, encodeFrame } from "./frame.ts";
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

/** Most points of a block: 197 kB, a tenth of the limit of a row. */
export const MAX_BLOCK_POINTS = 8192;

/** @returns a frame whose directory is `keyIds` and then `ends`, 4 bytes each. */
export function encodeBlock(
  series: Series,
  keyIds: readonly number[],
  ends: readonly number[],
): Uint8Array<ArrayBuffer> {
  return encodeFrame(series, new Uint8Array(Uint32Array.of(...keyIds, ...ends).buffer));
}

/** @throws Error when the format is unknown or bytes are missing */
export function decodeBlock(bytes: ArrayBuffer): Block {
  const { timestamps, steps, values, directory } = decodeFrame(new Uint8Array(bytes));
  const keys = directory.length / 8;
  return {
    timestamps,
    steps,
    values,
    keyIds: new Uint32Array(bytes, directory.byteOffset, keys),
    ends: new Uint32Array(bytes, directory.byteOffset + 4 * keys, keys),
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
