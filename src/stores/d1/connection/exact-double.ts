const bits = new DataView(new ArrayBuffer(8));

/**
 * A double as JSON `[m,e]`, two integers with m·2^e equal to the double, or `[null,0]`. Far from 1, SQLite rounds decimal
 * text wrongly, but it multiplies exactly: read the pair back with {@link exactDoubleSql}.
 */
export function exactDouble(value: number | null): string {
  if (value === null) return "[null,0]";
  if (Number.isSafeInteger(value)) return `[${value},0]`;
  bits.setFloat64(0, value);
  const biasedExponent = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = (bits.getUint32(0) & 0xfffff) * 2 ** 32 + bits.getUint32(4);
  const mantissa = biasedExponent === 0 ? fraction : fraction + 2 ** 52;
  return `[${value < 0 ? -mantissa : mantissa},${Math.max(biasedExponent, 1) - 1075}]`;
}

/** SQL for the double that {@link exactDouble} wrote at `index` of the JSON list `j.value`. */
export function exactDoubleSql(index: number): string {
  return `(j.value ->> '$[${index}][0]') * pow(2.0, j.value ->> '$[${index}][1]')`;
}
