/**
 * A 64-bit signed integer: a `bigint` only where a `number` would round (beyond ±(2^53 − 1)), so that the common case is
 * fast and the rare case exact. JavaScript's `<` compares the two types exactly (`1n < 2`), but `===` does not.
 */
export type Int64 = number | bigint;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The canonical form of an integer: a `number` where it is exact, else a `bigint`; undefined outside int64. */
export function toInt64(value: bigint): Int64 | undefined {
  if (value < INT64_MIN || value > INT64_MAX) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Maximum length of a number's text, with leading zeros and a fraction of zeros: BigInt is slow for longer texts. */
const MAX_DIGITS = 400;

/**
 * Reads a decimal integer, or an integral float as R's client writes it (`"1.5525508e+12"`).
 * @returns undefined when the text is neither, or outside int64.
 */
export function parseInt64(text: string): Int64 | undefined {
  if (text.length > MAX_DIGITS) return undefined;
  if (/^[+-]?\d+$/.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number + 0 : toInt64(BigInt(text.replace(/^\+/, "")));
  }
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isInteger(number) ? toInt64(BigInt(number)) : undefined;
}
