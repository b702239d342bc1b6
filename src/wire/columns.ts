import type { Int64 } from "../domain/int64.ts";
import { type Int64Column, putInt64 } from "../stores/run/series.ts";
import { checkCount, checkList, double, type Field, field, int64, wrongType } from "./message.ts";

/*
 * Long columns of numbers: a JSON list, or packed: the numbers' bytes (8 each, little-endian) as base64, after their type, such
 * as `float64:AAAAAAAA8D8=`. Packed columns cost a small part of the CPU of a list.
 */

/** A column of integers: a list, `int64:` or, for integers that a double holds exactly, `float64:`. */
export function int64Column(maxLength: number): Field<Int64Column> {
  return field((value, path) => {
    const wide = bytesOf("int64:", value, path, maxLength);
    if (wide !== undefined) {
      const column = new BigInt64Array(wide);
      return toColumn(column.length, (index) => column[index]!);
    }
    const packed = bytesOf("float64:", value, path, maxLength);
    if (packed !== undefined) {
      const column = new Float64Array(packed);
      if (!column.every(Number.isSafeInteger)) throw wrongType(value, path, "integers");
      // -0 becomes 0.
      return column.map((number) => number + 0);
    }
    checkList(value, path, maxLength);
    return toColumn(value.length, (index) => int64.read(value[index], path));
  });
}

/** A column of doubles: a list, or `float64:`. */
export function doubleColumn(maxLength: number): Field<Float64Array> {
  return field((value, path) => {
    const packed = bytesOf("float64:", value, path, maxLength);
    if (packed !== undefined) return new Float64Array(packed);
    checkList(value, path, maxLength);
    return Float64Array.from(value, (number) => double.read(number, path));
  });
}

/** @returns undefined if the value is no packed column of this type. */
function bytesOf(type: string, value: unknown, path: string, maxLength: number): ArrayBuffer | undefined {
  if (typeof value !== "string" || !value.startsWith(type)) return undefined;
  const shared = Buffer.from(value.slice(type.length), "base64");
  if (shared.length % 8 !== 0) throw wrongType(value.slice(0, 20), path, "8 bytes a number");
  checkCount(shared.length / 8, path, maxLength);
  return new Uint8Array(shared).buffer;
}

function toColumn(length: number, at: (index: number) => Int64): Int64Column {
  let column: Int64Column = new Float64Array(length);
  for (let index = 0; index < length; index++) column = putInt64(column, index, at(index));
  return column;
}
