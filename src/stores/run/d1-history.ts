import type { Metric } from "../../domain/entities.ts";
import type { KeySlice } from "./block.ts";
import { type ChartOptions, type ChartSeries, chartSeries } from "./chart-series.ts";
import type { HistoryReader, ReadOptions } from "./history.ts";
import { type SampleOptions, sampleSeries } from "./sample.ts";
import { comparePoints, type Series, SeriesBuilder, seriesOf } from "./series.ts";

/** The history of a run without an object, from D1: each metric has at most one point. */
export class D1History implements HistoryReader {
  readonly #series: ReadonlyMap<string, Series>;

  constructor(points: readonly Metric[]) {
    this.#series = new Map(points.map((point) => [point.key, seriesOf(point)]));
  }

  async read(key: string, { after }: ReadOptions): Promise<Series> {
    const series = this.#series.get(key);
    const isNext = series && (after === undefined || comparePoints(series, 0, seriesOf(after), 0) > 0);
    return isNext ? series : new SeriesBuilder(0).toSeries();
  }

  async sample(key: string, options: SampleOptions): Promise<Series> {
    return sampleSeries(() => this.#slices(key), options);
  }

  async chart(keys: readonly string[], options: ChartOptions): Promise<ChartSeries[]> {
    return keys.map((key) => chartSeries((name) => this.#slices(name), key, options));
  }

  #slices(key: string): KeySlice[] {
    const series = this.#series.get(key);
    return series === undefined ? [] : [{ keyId: 0, series, from: 0, to: 1 }];
  }
}
