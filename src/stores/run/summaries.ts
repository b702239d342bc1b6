import type { Int64 } from "../../domain/int64.ts";
import type { Points } from "./points.ts";
import { compareValues, int64At, type Position, positionAt, type Series, seriesOf } from "./series.ts";

/** What search knows of a metric: its latest and its first point, and the range of its values that are numbers. */
export interface MetricSummary {
  /** Step of the latest point: the point with the greatest (step, timestamp, value, is_nan). */
  step: Int64;
  timestamp: Int64;
  /** Value of the latest point; may be NaN. */
  value: number;
  /** Null while every point is NaN. */
  minValue: number | null;
  maxValue: number | null;
  /** The point with the least (step, timestamp, value, is_nan), whenever it was logged. */
  first: Position;
}

/**
 * Summaries by metric key. The result depends only on the set of points added, not on their order or on repeats. If a 0 and
 * a NaN have the same step and time, MLflow's `_update_latest_metrics_if_necessary` keeps the first logged; here NaN is
 * kept, because retries may reorder points.
 */
export class MetricSummaries extends Map<string, MetricSummary> {
  add(points: Points): void {
    const summaries: (MetricSummary | undefined)[] = new Array(points.keys.length);
    for (let index = 0; index < points.values.length; index++) {
      const keyNumber = points.keyIndex[index]!;
      const summary = summaries[keyNumber];
      if (summary) include(summary, points, index);
      else summaries[keyNumber] = this.#addPoint(points.keys[keyNumber]!, points, index);
    }
  }

  /** Adds points `from` to `to` (exclusive) of one metric. */
  addSeries(key: string, series: Series, from = 0, to = series.values.length): void {
    if (from === to) return;
    const summary = this.#addPoint(key, series, from);
    for (let index = from + 1; index < to; index++) include(summary, series, index);
  }

  /** Adds the summaries of `other`. */
  addAll(other: MetricSummaries): void {
    for (const [key, { minValue, maxValue, first, ...latest }] of other) {
      this.addSeries(key, seriesOf(latest));
      this.addSeries(key, seriesOf(first));
      for (const value of [minValue, maxValue]) {
        const summary = this.get(key)!;
        if (value !== null && (summary.minValue === null || value < summary.minValue)) summary.minValue = value;
        if (value !== null && (summary.maxValue === null || value > summary.maxValue)) summary.maxValue = value;
      }
    }
  }

  /** The summaries of the given metrics only. */
  only(keys: readonly string[]): MetricSummaries {
    const asked = new MetricSummaries();
    for (const key of keys) {
      const summary = this.get(key);
      if (summary !== undefined) asked.set(key, summary);
    }
    return asked;
  }

  /** The greatest timestamp of all latest points, if there are any. */
  lastTimestamp(): { readonly lastTimestamp?: Int64 } {
    let last: Int64 | undefined;
    for (const { timestamp } of this.values()) if (last === undefined || timestamp > last) last = timestamp;
    return last === undefined ? {} : { lastTimestamp: last };
  }

  #addPoint(key: string, series: Series, index: number): MetricSummary {
    let summary = this.get(key);
    if (!summary) {
      const first = positionAt(series, index);
      const number = Number.isNaN(first.value) ? null : first.value;
      summary = { ...first, minValue: number, maxValue: number, first };
      this.set(key, summary);
    } else include(summary, series, index);
    return summary;
  }
}

function include(summary: MetricSummary, series: Series, index: number): void {
  const value = series.values[index]!;
  if (compareBySteps(series, index, summary) > 0) {
    summary.step = int64At(series.steps, index);
    summary.timestamp = int64At(series.timestamps, index);
    summary.value = value;
  }
  if (compareBySteps(series, index, summary.first) < 0) summary.first = positionAt(series, index);
  if (Number.isNaN(value)) return;
  if (summary.minValue === null || value < summary.minValue) summary.minValue = value;
  if (summary.maxValue === null || value > summary.maxValue) summary.maxValue = value;
}

/** Compares the point at `index` with `other` by (step, timestamp, value, is_nan). */
function compareBySteps(series: Series, index: number, other: Position): number {
  const step = series.steps[index]!;
  if (step > other.step) return 1;
  if (step < other.step) return -1;
  const timestamp = series.timestamps[index]!;
  if (timestamp > other.timestamp) return 1;
  if (timestamp < other.timestamp) return -1;
  return compareValues(series.values[index]!, other.value);
}
