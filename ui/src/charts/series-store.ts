import type { LivePoints } from "../api/live.ts";
import { readSeries, type Series, type SeriesSearch, type SeriesX } from "../api/series.ts";
import { NO_POINTS, type Points, withDetail, withTail } from "./series-math.ts";

/** What all charts of a page show. */
export interface SeriesView {
  readonly x: SeriesX;
  /** The range of x that is looked at closely, both ends included. */
  readonly zoom?: readonly [number, number] | undefined;
  /** Parts of a range of which the extremes are told. */
  readonly buckets: number;
}

/** One metric of one run. */
export interface RunSeries {
  readonly runId: string;
  /** What relative times count from, in ms since 1970. */
  readonly origin: number;
  /** All points, or the extremes of parts: no spike is missing. */
  readonly points: Points;
  /** The same to be smoothed: of each part the mean. */
  readonly means: Points;
}

/** One metric of all runs, in their order; a new object after every change. */
export interface MetricSeries {
  readonly runs: readonly RunSeries[];
  readonly isLoading: boolean;
  readonly error: unknown;
}

type Reader = (search: SeriesSearch, signal?: AbortSignal) => Promise<Series[]>;

/** How long charts that appear together are waited for, so that one request serves them. */
const GATHER_MS = 5;
/** Points that come within so much are drawn together. */
const FRAME_MS = 16;
/** How long runs to be read anew are gathered: all sockets of a page open at about the same time. */
const GATHER_RELOADS_MS = 100;
/** A run's series are read anew at most so often, however much comes. */
const RELOAD_MS = 1000;
const MAX_RUNS_OF_REQUEST = 100;
/** What is read beside a zoomed range, so that lines go on to its edges; a share of the range. */
const MARGIN = 0.05;

interface Tail {
  readonly steps: number[];
  readonly timestamps: number[];
  readonly values: number[];
}

interface Held {
  overview?: Series | undefined;
  detail?: Series | undefined;
  /** Which zoom `detail` is of. */
  detailZoom?: string | undefined;
  /** Which parts are to be read anew, and which are on their way. */
  isStale: boolean;
  readonly loading: Set<string>;
  /** What was logged since `overview` was read. */
  readonly tail: Tail;
  /** How many of the tail's points what is on its way has already. */
  known: number;
  built?: RunSeries | undefined;
}

/** The series that a page's charts show: read together, by range and by need, and kept up with what is being logged. */
export class SeriesStore {
  readonly #read: Reader;
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #wanted = new Map<string, number>();
  readonly #errors = new Map<string, unknown>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #snapshots = new Map<string, MetricSeries>();
  readonly #changed = new Set<string>();
  readonly #reloads = new Map<string, { timer: ReturnType<typeof setTimeout>; isAsked: boolean }>();
  #runIds: readonly string[] = [];
  #view: SeriesView = { x: "step", buckets: 500 };
  #abort = new AbortController();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #reloading: ReturnType<typeof setTimeout> | undefined;
  #frame: ReturnType<typeof setTimeout> | undefined;

  constructor(read: Reader = readSeries) {
    this.#read = read;
  }

  /** Which runs, and how. Only what is not here yet is read. */
  show(runIds: readonly string[], view: SeriesView): void {
    const isOther = view.x !== this.#view.x || view.buckets !== this.#view.buckets;
    this.#runIds = runIds;
    this.#view = view;
    if (isOther || this.#abort.signal.aborted) {
      this.#abort.abort();
      this.#abort = new AbortController();
      this.#held.clear();
    }
    for (const runs of this.#held.values()) for (const held of runs.values()) held.built = undefined;
    for (const key of this.#wanted.keys()) this.#tell(key);
    this.#gather();
  }

  /** A chart of `key` is in sight. @returns what says that it is gone. */
  want(key: string): () => void {
    this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    this.#gather();
    return () => {
      const left = this.#wanted.get(key)! - 1;
      if (left > 0) this.#wanted.set(key, left);
      else this.#wanted.delete(key);
    };
  }

  subscribe(key: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  snapshot(key: string): MetricSeries {
    let snapshot = this.#snapshots.get(key);
    if (snapshot === undefined) {
      const runs = this.#held.get(key);
      const held = this.#runIds.flatMap((runId) => {
        const of = runs?.get(runId);
        return of?.overview === undefined ? [] : [this.#build(runId, of)];
      });
      snapshot = { runs: held, isLoading: this.#isLoading(key), error: this.#errors.get(key) };
      this.#snapshots.set(key, snapshot);
    }
    return snapshot;
  }

  /** Adds what the server has just acknowledged, also while zoomed. */
  receive(points: readonly LivePoints[]): void {
    for (const { run_id, key, steps, timestamps, values } of points) {
      const held = this.#held.get(key)?.get(run_id);
      if (held === undefined) continue;
      held.tail.steps.push(...steps);
      held.tail.timestamps.push(...timestamps);
      held.tail.values.push(...values);
      held.built = undefined;
      this.#changed.add(key);
      const isFull = held.tail.values.length > 4 * this.#view.buckets;
      if (isFull || this.#view.x.startsWith("metric:")) this.reload(run_id);
    }
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined;
      for (const key of this.#changed) this.#tell(key);
      this.#changed.clear();
    }, FRAME_MS);
  }

  /** Points of the run may have been missed: reads it anew, at once and then at most once a second. */
  reload(runId: string): void {
    const last = this.#reloads.get(runId);
    if (last !== undefined) {
      last.isAsked = true;
      return;
    }
    const timer = setTimeout(() => {
      const { isAsked } = this.#reloads.get(runId)!;
      this.#reloads.delete(runId);
      if (isAsked) this.reload(runId);
    }, RELOAD_MS);
    this.#reloads.set(runId, { timer, isAsked: false });
    for (const runs of this.#held.values()) {
      const held = runs.get(runId);
      if (held !== undefined) held.isStale = true;
    }
    this.#reloading ??= setTimeout(() => {
      this.#reloading = undefined;
      this.#gather();
    }, GATHER_RELOADS_MS);
  }

  retry(key: string): void {
    this.#errors.delete(key);
    this.#tell(key);
    this.#gather();
  }

  /** Ends what goes on; `show` begins anew. */
  dispose(): void {
    this.#abort.abort();
    clearTimeout(this.#gathering);
    clearTimeout(this.#reloading);
    clearTimeout(this.#frame);
    this.#gathering = undefined;
    this.#reloading = undefined;
    this.#frame = undefined;
    for (const { timer } of this.#reloads.values()) clearTimeout(timer);
    this.#reloads.clear();
  }

  #isLoading(key: string): boolean {
    const runs = this.#held.get(key);
    if (this.#errors.has(key)) return false;
    return this.#runIds.some((runId) => runs?.get(runId)?.overview === undefined);
  }

  #tell(key: string): void {
    this.#snapshots.delete(key);
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const { zoom } = this.#view;
      this.#request("overview", undefined);
      if (zoom !== undefined) this.#request(String(zoom), withMargin(zoom));
    }, GATHER_MS);
  }

  /** Reads one part of whatever wanted series lacks it: keys that lack it of the same runs together. */
  #request(part: string, range: readonly [number, number] | undefined): void {
    const keysByRuns = new Map<string, { runIds: string[]; keys: string[] }>();
    for (const key of this.#wanted.keys()) {
      if (this.#errors.has(key)) continue;
      const runIds = this.#runIds.filter((runId) => {
        const held = this.#hold(key, runId);
        if (held.loading.has(part)) return false;
        return held.isStale || (range === undefined ? held.overview === undefined : held.detailZoom !== part);
      });
      if (runIds.length === 0) continue;
      const name = runIds.join();
      const together = keysByRuns.get(name) ?? { runIds, keys: [] };
      together.keys.push(key);
      keysByRuns.set(name, together);
    }
    for (const { runIds, keys } of keysByRuns.values()) {
      for (let from = 0; from < runIds.length; from += MAX_RUNS_OF_REQUEST) {
        void this.#load(part, range, runIds.slice(from, from + MAX_RUNS_OF_REQUEST), keys);
      }
    }
  }

  #hold(key: string, runId: string): Held {
    let runs = this.#held.get(key);
    if (runs === undefined) {
      runs = new Map();
      this.#held.set(key, runs);
    }
    let held = runs.get(runId);
    if (held === undefined) {
      held = { isStale: false, loading: new Set(), tail: { steps: [], timestamps: [], values: [] }, known: 0 };
      runs.set(runId, held);
    }
    return held;
  }

  async #load(part: string, range: readonly [number, number] | undefined, runIds: string[], keys: string[]) {
    const { signal } = this.#abort;
    const { x, buckets, zoom } = this.#view;
    const parts = keys.flatMap((key) =>
      runIds.map((runId) => {
        const held = this.#hold(key, runId);
        held.loading.add(part);
        if (held.isStale && part === "overview") held.known = held.tail.values.length;
        return { key, runId, held };
      }),
    );
    // The overview is asked for first; where there is a zoom, the detail follows in the same turn and clears the flag.
    if (part !== "overview" || zoom === undefined) for (const { held } of parts) held.isStale = false;
    try {
      const search = { run_ids: runIds, metric_keys: keys, x, buckets };
      const found = await this.#read(
        range === undefined ? search : { ...search, from: range[0], to: range[1] },
        signal,
      );
      const byName = new Map(found.map((series) => [`${series.run_id} ${series.key}`, series]));
      for (const { key, runId, held } of parts) {
        const series = byName.get(`${runId} ${key}`) ?? emptySeries(runId, key);
        if (part === "overview") {
          held.overview = series;
        } else {
          held.detail = series;
          held.detailZoom = part;
        }
        held.built = undefined;
      }
    } catch (error) {
      if (signal.aborted) return;
      for (const key of keys) this.#errors.set(key, error);
      for (const { held } of parts) held.known = 0;
    } finally {
      for (const { held } of parts) {
        held.loading.delete(part);
        if (held.loading.size === 0) forget(held);
      }
    }
    for (const key of keys) this.#tell(key);
    // What became stale on the way is read again.
    if (parts.some(({ held }) => held.isStale)) this.#gather();
  }

  #build(runId: string, held: Held): RunSeries {
    if (held.built !== undefined) return held.built;
    const { overview, detail, tail } = held;
    const { x, zoom } = this.#view;
    const merged = (of: (series: Series) => Points): Points => {
      if (overview === undefined) return NO_POINTS;
      if (detail === undefined || zoom === undefined || held.detailZoom !== String(zoom)) return of(overview);
      const [from, to] = withMargin(zoom);
      return withDetail(of(overview), of(detail), from, to);
    };
    const tailX = tailOf(tail, x, overview?.origin ?? 0);
    held.built = {
      runId,
      origin: overview?.origin ?? 0,
      points: withTail(merged(pointsOf), tailX, tail.values),
      means: withTail(merged(meansOf), tailX, tail.values),
    };
    return held.built;
  }
}

/** Drops of the tail what has been read since. */
function forget(held: Held): void {
  if (held.known === 0) return;
  for (const column of [held.tail.steps, held.tail.timestamps, held.tail.values]) column.splice(0, held.known);
  held.known = 0;
  held.built = undefined;
}

const pointsOf = ({ x, values }: Series): Points => ({ x, values });

const meansOf = (series: Series): Points =>
  series.means.length === 0 ? pointsOf(series) : { x: series.mean_x, values: series.means };

function tailOf({ steps, timestamps }: Tail, x: SeriesX, origin: number): number[] {
  if (x === "step") return steps;
  if (x === "time") return timestamps;
  if (x === "relative") return timestamps.map((timestamp) => timestamp - origin);
  return steps.map(() => Number.NaN);
}

function withMargin([from, to]: readonly [number, number]): [number, number] {
  const margin = (to - from) * MARGIN;
  return [from - margin, to + margin];
}

function emptySeries(runId: string, key: string): Series {
  const none = new Float64Array();
  return { run_id: runId, key, total: 0, origin: 0, x: none, values: none, mean_x: none, means: none };
}
