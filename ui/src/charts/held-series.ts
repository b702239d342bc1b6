import type { LivePoints } from "../api/live.ts";
import type { SameX, Series, SeriesX } from "../api/series.ts";
import { NO_POINTS, type Points, withDetail, withTail } from "./series-math.ts";

/** The view that all charts of a page share. */
export interface SeriesView {
  readonly x: SeriesX;
  /** The zoomed range of x, with both ends. */
  readonly zoom?: readonly [number, number] | undefined;
  /** The number of parts of a range. The server sends the extremes of each part. */
  readonly buckets: number;
  /** How points with the same x are joined if x is a metric. */
  readonly sameX?: SameX | undefined;
}

/** One metric of one run. */
export interface RunSeries {
  readonly runId: string;
  /** The start of relative times, in ms since 1970. */
  readonly origin: number;
  /** All points, or the extremes of each part, so that no spike is missing. */
  readonly points: Points;
  /** The means of the parts, which smoothing uses. */
  readonly means: Points;
  /** The standard deviations of `points` that stand for several points with the same x. */
  readonly spreads?: Float64Array | undefined;
  /** The latest value by step; undefined without points. */
  readonly last: number | undefined;
}

/** The margin that is read beside a zoomed range, so that lines reach its edges; a share of the range. */
const MARGIN = 0.05;

/** One metric of one run: the loaded parts, and the points that were logged since. */
export class HeldSeries {
  overview: Series | undefined;
  /** Whether some parts must be read again. */
  isStale = false;
  /** The parts that are being loaded. */
  readonly loading = new Set<string>();
  #detail: Series | undefined;
  #detailZoom: string | undefined;
  readonly #tail = { steps: [] as number[], timestamps: [] as number[], values: [] as number[] };
  /** How many of the tail's points the pending answer has. */
  #known = 0;
  #built: RunSeries | undefined;

  /** Points that were logged after `overview` was read. */
  get tailLength(): number {
    return this.#tail.values.length;
  }

  hasDetail(zoom: string): boolean {
    return this.#detailZoom === zoom;
  }

  /** The view has changed. */
  rebuild(): void {
    this.#built = undefined;
  }

  append({ steps, timestamps, values }: LivePoints): void {
    this.#tail.steps.push(...steps);
    this.#tail.timestamps.push(...timestamps);
    this.#tail.values.push(...values);
    this.#built = undefined;
  }

  /** The overview is being read again. It will have all points that were logged until now. */
  expectTail(): void {
    this.#known = this.tailLength;
  }

  /** A part has arrived. */
  setPart(part: string, series: Series): void {
    if (part === "overview") {
      this.overview = series;
    } else {
      this.#detail = series;
      this.#detailZoom = part;
    }
    this.#built = undefined;
  }

  /** A request has failed. */
  keepTail(): void {
    this.#known = 0;
  }

  /** Drops the points of the tail that the loaded overview has. */
  dropTail(): void {
    if (this.#known === 0) return;
    const { steps, timestamps, values } = this.#tail;
    for (const column of [steps, timestamps, values]) column.splice(0, this.#known);
    this.#known = 0;
    this.#built = undefined;
  }

  /** The series that charts draw. It is the same object until something changes. */
  build(runId: string, { x, zoom }: SeriesView): RunSeries {
    if (this.#built !== undefined) return this.#built;
    const origin = this.overview?.origin ?? 0;
    const merged = (of: (series: Series) => Points): Points => {
      if (this.overview === undefined) return NO_POINTS;
      if (this.#detail === undefined || zoom === undefined || !this.hasDetail(String(zoom))) return of(this.overview);
      const [from, to] = withMargin(zoom);
      return withDetail(of(this.overview), of(this.#detail), from, to);
    };
    const tailX = this.#tailX(x, origin);
    this.#built = {
      ...{ runId, origin },
      points: withTail(merged(pointsOf), tailX, this.#tail.values),
      means: withTail(merged(meansOf), tailX, this.#tail.values),
      ...(this.overview !== undefined && this.overview.spreads.length > 0 && { spreads: merged(spreadsOf).values }),
      last: this.#last(),
    };
    return this.#built;
  }

  /** The latest value of the overview, unless a point that was logged since has a later step. */
  #last(): number | undefined {
    let { step, value } = this.overview?.last ?? { step: Number.NEGATIVE_INFINITY, value: undefined };
    const { steps, values } = this.#tail;
    for (let index = 0; index < steps.length; index++) {
      if (steps[index]! < step) continue;
      step = steps[index]!;
      value = values[index]!;
    }
    return value;
  }

  #tailX(x: SeriesX, origin: number): number[] {
    const { steps, timestamps } = this.#tail;
    if (x === "step") return steps;
    if (x === "time") return timestamps;
    if (x === "relative") return timestamps.map((timestamp) => timestamp - origin);
    return steps.map(() => Number.NaN);
  }
}

const pointsOf = ({ x, values }: Series): Points => ({ x, values });

const spreadsOf = ({ x, spreads }: Series): Points => ({
  x,
  values: spreads.length > 0 ? spreads : new Float64Array(x.length),
});

const meansOf = (series: Series): Points =>
  series.means.length === 0 ? pointsOf(series) : { x: series.mean_x, values: series.means };

export function withMargin([from, to]: readonly [number, number]): [number, number] {
  const margin = (to - from) * MARGIN;
  return [from - margin, to + margin];
}
