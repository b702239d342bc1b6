import type { Int64 } from "../../domain/int64.ts";
import { type MetricSeries, toMetricSeries } from "../transfer/metric-series.ts";

interface Columns {
  readonly timestamps: Int64[];
  readonly steps: Int64[];
  readonly values: number[];
}

/** The metrics of a run whose points come one by one. */
export class GrowingSeries {
  readonly #columns = new Map<string, Columns>();

  add(key: string, timestampMs: Int64, step: Int64, value: number): void {
    let columns = this.#columns.get(key);
    if (columns === undefined) {
      columns = { timestamps: [], steps: [], values: [] };
      this.#columns.set(key, columns);
    }
    columns.timestamps.push(timestampMs);
    columns.steps.push(step);
    columns.values.push(value);
  }

  /** The value that was added last; undefined if the metric has none. */
  last(key: string): number | undefined {
    return this.#columns.get(key)?.values.at(-1);
  }

  all(): MetricSeries[] {
    return [...this.#columns].map(([key, columns]) => toMetricSeries({ key, ...columns }));
  }
}
