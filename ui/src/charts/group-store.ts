import { type GroupSeries, type GroupSeriesSearch, readGroupSeries, type SameX, type SeriesX } from "../api/series.ts";
import { ChartStore } from "./chart-store.ts";
import { withMargin } from "./held-series.ts";

/** Runs whose mean is drawn as one line. */
export interface ChartGroup {
  readonly label: string;
  readonly runIds: readonly string[];
  /** Whether one of the runs is running. The mean is then read again from time to time. */
  readonly isLive?: boolean;
}

/** Whether the groups have the same labels and runs. */
export function areSameGroups(some: readonly ChartGroup[], others: readonly ChartGroup[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ label, runIds, isLive }, index) => {
      const other = others[index]!;
      if (label !== other.label || isLive !== other.isLive || runIds.length !== other.runIds.length) return false;
      return runIds.every((id, at) => id === other.runIds[at]);
    })
  );
}

export interface GroupView {
  readonly x: SeriesX;
  readonly zoom?: readonly [number, number] | undefined;
  readonly buckets: number;
  readonly sameX: SameX | undefined;
}

/** One metric of all groups, in the order of the groups. */
export interface GroupedMetric {
  readonly groups: readonly GroupSeries[];
  readonly isLoading: boolean;
  readonly error: unknown;
}

type Reader = (search: GroupSeriesSearch, signal?: AbortSignal) => Promise<GroupSeries[]>;

/** The most runs of one answer. Of more runs, the store takes this number, evenly spread. */
export const MAX_GROUPED_RUNS = 10_000;

/** How long the store waits for charts that appear together, so that one request serves them. */
const GATHER_MS = 20;

interface Held {
  groups: readonly GroupSeries[];
  /** The view for which the groups were read. */
  view: string;
}

/** The mean curves of a page's charts. The server computes them over all runs of each group. */
export class GroupStore extends ChartStore<GroupedMetric> {
  readonly #read: Reader;
  readonly #held = new Map<string, Held>();
  readonly #loading = new Set<string>();
  #groups: readonly ChartGroup[] = [];
  #view: GroupView = { x: "step", buckets: 200, sameX: undefined };
  /** Identifies the view. */
  #name = "";
  #round = 0;
  #abort = new AbortController();

  constructor(read: Reader = readGroupSeries) {
    super(GATHER_MS);
    this.#read = read;
  }

  /** Sets the groups and the view. Earlier curves stay until the new ones arrive. */
  show(groups: readonly ChartGroup[], view: GroupView): void {
    if (groups !== this.#groups) this.#round++;
    this.#groups = groups;
    this.#view = view;
    this.#start();
  }

  /** Reads everything again, because some runs are live. */
  refresh(): void {
    this.#round++;
    this.#start();
  }

  override dispose(): void {
    super.dispose();
    this.#abort.abort();
  }

  protected override build(key: string): GroupedMetric {
    const held = this.#held.get(key);
    const isLoading = held?.view !== this.#name && !this.hasFailed(key);
    return { groups: held?.groups ?? [], isLoading, error: this.errorOf(key) };
  }

  #start(): void {
    const { x, zoom, buckets, sameX } = this.#view;
    this.#name = [this.#round, x, zoom, buckets, sameX].join();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#loading.clear();
    this.forgetFailures();
    this.tellAll();
    this.gather();
  }

  protected override request(): void {
    if (this.#groups.length === 0) return;
    const keys = this.open().filter((key) => this.#held.get(key)?.view !== this.#name && !this.#loading.has(key));
    if (keys.length > 0) void this.#load(keys);
  }

  async #load(keys: string[]): Promise<void> {
    const { signal } = this.#abort;
    const view = this.#name;
    for (const key of keys) this.#loading.add(key);
    try {
      const found = await this.#read(this.#search(keys), signal);
      if (signal.aborted) return;
      for (const key of keys) {
        this.#held.set(key, { groups: found.filter((series) => series.key === key), view });
        this.succeeded(key);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.fail(keys, error);
    }
    for (const key of keys) {
      this.#loading.delete(key);
      this.tell(key);
    }
  }

  #search(keys: string[]): GroupSeriesSearch {
    const { x, zoom, buckets, sameX } = this.#view;
    const all = this.#groups.flatMap(({ runIds }, group) => runIds.map((runId) => ({ runId, group })));
    const step = Math.max(1, all.length / MAX_GROUPED_RUNS);
    const taken = Array.from(
      { length: Math.min(all.length, MAX_GROUPED_RUNS) },
      (_, at) => all[Math.floor(at * step)]!,
    );
    const [from, to] = zoom === undefined ? [] : withMargin(zoom);
    return {
      run_ids: taken.map(({ runId }) => runId),
      group_of: taken.map(({ group }) => group),
      metric_keys: keys,
      ...{ x, buckets },
      ...(from !== undefined && to !== undefined && { from, to }),
      ...(sameX !== undefined && { same_x: sameX }),
    };
  }
}
