import { formatMetric } from "../../parts/format.ts";
import { type Field, type FieldValue, NONE, placeOf, sortedWords } from "./fields.ts";

/** A group's box: quartiles, whiskers at the last values within 1.5 times the box's height, and the group's runs. */
export interface Box {
  readonly group: string;
  /** Indexes of the runs that have a value. */
  readonly runs: readonly number[];
  readonly low: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly high: number;
}

/** By linear interpolation between the values. @param sorted ascending, at least one. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

/** More numbers than this are put into {@link BINS} ranges. */
const MAX_NUMBERS = 12;
const BINS = 6;

export interface Grouping {
  /** By run. */
  readonly groupOf: readonly string[];
  /** In order. */
  readonly groups: readonly string[];
}

/** Runs by a field's value. Each word and each number is a group. Many numbers make ranges with equal numbers of runs. */
export function grouping(values: readonly FieldValue[]): Grouping {
  const numbers = values
    .filter((value) => typeof value === "number")
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const isRanged = new Set(numbers).size > MAX_NUMBERS && !values.some((value) => typeof value === "string");
  if (!isRanged) {
    const groupOf = values.map((value) => String(value ?? NONE));
    return { groupOf, groups: sortedWords(groupOf) };
  }
  const bounds = Array.from({ length: BINS + 1 }, (_, bin) => quantile(numbers, bin / BINS));
  const groups = bounds
    .slice(0, -1)
    .map((from, bin) => `${formatMetric(from, 3)} to ${formatMetric(bounds[bin + 1]!, 3)}`);
  const groupOf = values.map((value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return String(value ?? NONE);
    return groups[
      Math.min(
        BINS - 1,
        Math.max(
          0,
          bounds.findLastIndex((from) => value >= from),
        ),
      )
    ]!;
  });
  return { groupOf, groups: [...new Set([...groups, ...groupOf])] };
}

/** Groups in the order of `groups`, without groups that have no value. */
export function boxes(values: Field, groupOf: readonly string[], groups: readonly string[]): Box[] {
  return groups.flatMap((group) => {
    const runs = groupOf.flatMap((own, run) => (own === group && placeOf(values, run) !== undefined ? [run] : []));
    if (runs.length === 0) return [];
    const sorted = runs.map((run) => placeOf(values, run)!).sort((a, b) => a - b);
    const [q1, median, q3] = [quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)];
    const reach = 1.5 * (q3 - q1);
    const low = sorted.find((value) => value >= q1 - reach) ?? q1;
    const high = sorted.findLast((value) => value <= q3 + reach) ?? q3;
    return [{ group, runs, low: Math.min(low, q1), q1, median, q3, high: Math.max(high, q3) }];
  });
}
