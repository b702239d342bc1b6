import { compareCodePoints } from "../../domain/code-points.ts";
import type { FileInfo } from "../../domain/entities.ts";

/**
 * The files sorted by the code points of their paths, as MLflow's Python sorts files and R2 sorts keys. JavaScript compares
 * UTF-16 units, which gives another order above U+D7FF.
 */
export function inCodePointOrder(files: readonly FileInfo[]): readonly FileInfo[] {
  return files.toSorted((a, b) => compareCodePoints(a.path, b.path));
}
