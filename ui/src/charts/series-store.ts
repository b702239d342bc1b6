import type { LivePoints } from "../api/live.ts";
import type { Series, SeriesSearch } from "../api/series.ts";
import { ChartStore } from "./chart-store.ts";
import { readFirstSeries } from "./first-series.ts";
import { HeldSeries, type RunSeries, type SeriesView, withMargin } from "./held-series.ts";

/** One metric of all runs, in the order of the runs. Each change makes a new object. */
export interface MetricSeries {
  readonly runs: readonly RunSeries[];
  readonly isLoading: boolean;
  /** The error of the last reading. */
  readonly error: unknown;
}

type Reader = (search: SeriesSearch, signal?: AbortSignal) => Promise<Series[]>;

/** How long the store waits for charts that appear together, so that one request serves them. */
const GATHER_MS = 1;
/** Points that arrive within this time are drawn together. With many runs the time is longer. */
const FRAME_MS = 16;
const FRAME_OF_MANY_MS = 100;
const MANY_RUNS = 10;
/** How long the store gathers runs that it reads again, because all sockets of a page open at about the same time. */
const GATHER_RELOADS_MS = 100;
/** The store reads a run's series again at most this often. */
const RELOAD_MS = 1000;
const MAX_RUNS_OF_REQUEST = 100;

/** The series of a page's charts. The store reads ranges when charts need them, and appends new points of live runs. */
export class SeriesStore extends ChartStore<MetricSeries> {
  readonly #read: Reader;
  readonly #held = new Map<string, Map<string, HeldSeries>>();
  readonly #changed = new Set<string>();
  readonly #reloads = new Map<string, { timer: ReturnType<typeof setTimeout>; isAsked: boolean }>();
  #runIds: readonly string[] = [];
  #view: SeriesView = { x: "step", buckets: 500 };
  #abort = new AbortController();
  /** Aborts the requests for a zoom. */
  #detailAbort = new AbortController();
  #reloading: ReturnType<typeof setTimeout> | undefined;
  #frame: ReturnType<typeof setTimeout> | undefined;

  constructor(read: Reader = readFirstSeries) {
    super(GATHER_MS);
    this.#read = read;
  }

  /** Sets the runs and the view. The store reads only the missing series. */
  show(runIds: readonly string[], view: SeriesView): void {
    const { x, buckets, sameX } = this.#view;
    const isOther = view.x !== x || view.buckets !== buckets || view.sameX !== sameX;
    if (String(view.zoom) !== String(this.#view.zoom)) {
      this.#detailAbort.abort();
      this.#detailAbort = new AbortController();
    }
    this.#runIds = runIds;
    this.#view = view;
    if (isOther || this.#abort.signal.aborted) {
      this.#abort.abort();
      this.#abort = new AbortController();
      this.#held.clear();
    }
    for (const runs of this.#held.values()) for (const held of runs.values()) held.rebuild();
    this.tellAll();
    this.gather();
  }

  protected override build(key: string): MetricSeries {
    const runs = this.#held.get(key);
    const held = this.#runIds.flatMap((runId) => {
      const of = runs?.get(runId);
      return of?.overview === undefined ? [] : [of.build(runId, this.#view)];
    });
    return { runs: held, isLoading: this.#isLoading(key), error: this.errorOf(key) };
  }

  /** Adds points that the server has just acknowledged, also while a chart is zoomed. */
  receive(points: readonly LivePoints[]): void {
    const { x, buckets } = this.#view;
    for (const of of points) {
      const held = this.#held.get(of.key)?.get(of.run_id);
      if (held === undefined) continue;
      held.append(of);
      this.#changed.add(of.key);
      const isFull = held.tailLength > 4 * buckets;
      const hasPlace = !(x.startsWith("metric:") || (x === "relative" && held.overview?.origin === 0));
      if (isFull || !hasPlace) this.reload(of.run_id);
    }
    this.#frame ??= setTimeout(
      () => {
        this.#frame = undefined;
        for (const key of this.#changed) this.tell(key);
        this.#changed.clear();
      },
      this.#runIds.length > MANY_RUNS ? FRAME_OF_MANY_MS : FRAME_MS,
    );
  }

  /** Reads a run again, because some of its points may be missing: at once, and then at most once a second. */
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
      this.gather();
    }, GATHER_RELOADS_MS);
  }

  /** Ends requests and timers. `show` begins again. */
  override dispose(): void {
    super.dispose();
    this.#abort.abort();
    clearTimeout(this.#reloading);
    clearTimeout(this.#frame);
    this.#reloading = undefined;
    this.#frame = undefined;
    for (const { timer } of this.#reloads.values()) clearTimeout(timer);
    this.#reloads.clear();
  }

  #isLoading(key: string): boolean {
    const runs = this.#held.get(key);
    if (this.hasFailed(key)) return false;
    return this.#runIds.some((runId) => runs?.get(runId)?.overview === undefined);
  }

  protected override request(): void {
    const { zoom } = this.#view;
    this.#requestPart("overview", undefined);
    if (zoom !== undefined) this.#requestPart(String(zoom), withMargin(zoom));
  }

  /** Reads one part of each wanted series that lacks the part. Keys that lack it for the same runs share a request. */
  #requestPart(part: string, range: readonly [number, number] | undefined): void {
    const keysByRuns = new Map<string, { runIds: string[]; keys: string[] }>();
    for (const key of this.open()) {
      const runIds = this.#runIds.filter((runId) => {
        const held = this.#hold(key, runId);
        if (held.loading.has(part)) return false;
        return held.isStale || (range === undefined ? held.overview === undefined : !held.hasDetail(part));
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

  #hold(key: string, runId: string): HeldSeries {
    let runs = this.#held.get(key);
    if (runs === undefined) {
      runs = new Map();
      this.#held.set(key, runs);
    }
    let held = runs.get(runId);
    if (held === undefined) {
      held = new HeldSeries();
      runs.set(runId, held);
    }
    return held;
  }

  async #load(part: string, range: readonly [number, number] | undefined, runIds: string[], keys: string[]) {
    const isDetail = range !== undefined;
    const signal = isDetail ? AbortSignal.any([this.#abort.signal, this.#detailAbort.signal]) : this.#abort.signal;
    const { x, buckets, zoom, sameX } = this.#view;
    const parts = keys.flatMap((key) =>
      runIds.map((runId) => {
        const held = this.#hold(key, runId);
        held.loading.add(part);
        if (held.isStale && !isDetail) held.expectTail();
        return { key, runId, held };
      }),
    );
    // The overview is requested first. If there is a zoom, the detail follows in the same turn and clears the flag.
    if (isDetail || zoom === undefined) for (const { held } of parts) held.isStale = false;
    try {
      const search = { run_ids: runIds, metric_keys: keys, x, buckets, ...(sameX && { same_x: sameX }) };
      const found = await this.#read(isDetail ? { ...search, from: range[0], to: range[1] } : search, signal);
      if (signal.aborted) return;
      const byName = new Map(found.map((series) => [`${series.run_id} ${series.key}`, series]));
      for (const { key, runId, held } of parts) {
        held.setPart(part, byName.get(`${runId} ${key}`) ?? emptySeries(runId, key));
      }
      for (const key of keys) this.succeeded(key);
    } catch (error) {
      if (signal.aborted) return;
      for (const { held } of parts) {
        held.keepTail();
        held.isStale = held.overview !== undefined;
      }
      this.fail(keys, error);
    } finally {
      for (const { held } of parts) {
        held.loading.delete(part);
        if (held.loading.size === 0) held.dropTail();
      }
    }
    for (const key of keys) this.tell(key);
    // Series that became stale meanwhile are read again.
    if (parts.some(({ held }) => held.isStale)) this.gather();
  }
}

function emptySeries(runId: string, key: string): Series {
  const none = new Float64Array();
  return {
    run_id: runId,
    key,
    total: 0,
    origin: 0,
    x: none,
    values: none,
    mean_x: none,
    means: none,
    spreads: none,
    last: undefined,
  };
}
