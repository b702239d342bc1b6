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
      const column = new BigInt64Array(wide.buffer, wide.byteOffset, wide.length / 8);
      return toColumn(column.length, (index) => column[index]!);
    }
    const packed = bytesOf("float64:", value, path, maxLength);
    if (packed !== undefined) {
      const column = new Float64Array(packed.buffer, packed.byteOffset, packed.length / 8);
      // In place, because a request has many short columns. -0 becomes 0.
      for (let index = 0; index < column.length; index++) {
        if (!Number.isSafeInteger(column[index])) throw wrongType(value, path, "integers");
        column[index]! += 0;
      }
      return column;
    }
    checkList(value, path, maxLength);
    return toColumn(value.length, (index) => int64.read(value[index], path));
  });
}

/** A column of doubles: a list, or `float64:`. */
export function doubleColumn(maxLength: number): Field<Float64Array> {
  return field((value, path) => {
    const packed = bytesOf("float64:", value, path, maxLength);
    if (packed !== undefined) return new Float64Array(packed.buffer, packed.byteOffset, packed.length / 8);
    checkList(value, path, maxLength);
    return Float64Array.from(value, (number) => double.read(number, path));
  });
}

/** @returns undefined if the value is no packed column of this type. */
function bytesOf(type: string, value: unknown, path: string, maxLength: number): Uint8Array | undefined {
  if (typeof value !== "string" || !value.startsWith(type)) return undefined;
  const bytes = Buffer.from(value.slice(type.length), "base64");
  if (bytes.length % 8 !== 0) throw wrongType(value.slice(0, 20), path, "8 bytes a number");
  checkCount(bytes.length / 8, path, maxLength);
  // A column begins at a multiple of its numbers' size.
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

function toColumn(length: number, at: (index: number) => Int64): Int64Column {
  let column: Int64Column = new Float64Array(length);
  for (let index = 0; index < length; index++) column = putInt64(column, index, at(index));
  return column;
}
