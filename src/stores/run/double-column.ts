/**
 * Columns of doubles in few bytes, bit by bit. A value from float32, as of most training loops, is a double whose last 29
 * bits are 0, and a small integer is one whose last 32 bits are 0. So a column leaves out the last bytes that are 0 in all
 * values: `width` bytes of each value are stored.
 *
 *     8        the doubles
 *     4        their upper halves, 4 bytes each
 *     5 and 6  the upper halves, and then 1 or 2 bytes each of the lower halves
 */
export interface EncodedDoubles {
  readonly width: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The lower halves of the values in 1 or 2 bytes each: their upper bits. */
const LOWER_HALVES = { 5: { Column: Uint8Array, shift: 24 }, 6: { Column: Uint16Array, shift: 16 } } as const;

export function encodeDoubles(values: Float64Array): EncodedDoubles {
  const width = widthOf(wordsOf(values));
  if (width === 8) return { width, bytes: new Uint8Array(values.slice().buffer) };
  const words = wordsOf(values);
  const bytes = new Uint8Array(width * values.length);
  const upper = new Uint32Array(bytes.buffer, 0, values.length);
  for (let index = 0; index < upper.length; index++) upper[index] = words[2 * index + 1]!;
  if (width === 4) return { width, bytes };
  const { Column, shift } = LOWER_HALVES[width];
  const lower = new Column(bytes.buffer, 4 * upper.length, upper.length);
  for (let index = 0; index < lower.length; index++) lower[index] = words[2 * index]! >>> shift;
  return { width, bytes };
}

/**
 * Reads what {@link encodeDoubles} wrote.
 * @param offset where the column begins in `buffer`: a multiple of 8. The result may be a view of `buffer`.
 * @throws Error when the width is unknown; RangeError when bytes are missing
 */
export function decodeDoubles(width: number, buffer: ArrayBuffer, offset: number, count: number): Float64Array {
  if (width === 8) return new Float64Array(buffer, offset, count);
  if (width !== 4 && width !== 5 && width !== 6)
    throw new Error(`Values of metric points have the unknown width ${width}`);
  const values = new Float64Array(count);
  const words = wordsOf(values);
  const upper = new Uint32Array(buffer, offset, count);
  for (let index = 0; index < count; index++) words[2 * index + 1] = upper[index]!;
  if (width === 4) return values;
  const { Column, shift } = LOWER_HALVES[width];
  const lower = new Column(buffer, offset + 4 * count, count);
  for (let index = 0; index < count; index++) words[2 * index] = lower[index]! << shift;
  return values;
}

function widthOf(words: Uint32Array): 4 | 5 | 6 | 8 {
  let lower = 0;
  for (let index = 0; index < words.length; index += 2) lower |= words[index]!;
  if (lower === 0) return 4;
  if ((lower & 0xff_ffff) === 0) return 5;
  return (lower & 0xffff) === 0 ? 6 : 8;
}

/** The halves of each double, the lower half first, as on every host of Workers. */
function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
}
