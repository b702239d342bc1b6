import { compareCodePoints } from "../../domain/code-points.ts";
import type { FileInfo } from "../../domain/entities.ts";

/**
 * The files sorted by the code points of their paths, as MLflow's Python sorts them and R2 its keys. JavaScript
 * compares UTF-16 units, which differ from that above U+D7FF.
 */
export function inCodePointOrder(files: readonly FileInfo[]): readonly FileInfo[] {
  return files.toSorted((a, b) => compareCodePoints(a.path, b.path));
}
