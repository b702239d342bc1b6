import type { FileInfo } from "../../domain/entities.ts";

/**
 * The files sorted by the code points of their paths, as MLflow's Python sorts them and R2 its keys. JavaScript
 * compares UTF-16 units, which differ from that above U+D7FF.
 */
export function inCodePointOrder(files: readonly FileInfo[]): readonly FileInfo[] {
  return files.toSorted((a, b) => compareCodePoints(a.path, b.path));
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return codePointRank(unitA) - codePointRank(unitB);
  }
  return a.length - b.length;
}

/** Puts surrogates, which stand for code points from U+10000 on, behind all other units. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}
