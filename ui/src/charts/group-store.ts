import { isWorthRepeating } from "../api/client.ts";
import { type GroupSeries, type GroupSeriesSearch, readGroupSeries, type SameX, type SeriesX } from "../api/series.ts";
import { withMargin } from "./held-series.ts";

/** Runs that are drawn as one mean. */
export interface ChartGroup {
  readonly label: string;
  readonly runIds: readonly string[];
}

export interface GroupView {
  readonly x: SeriesX;
  readonly zoom?: readonly [number, number] | undefined;
  readonly buckets: number;
  readonly sameX: SameX | undefined;
}

/** One metric of all groups, in their order. */
export interface GroupedMetric {
  readonly groups: readonly GroupSeries[];
  readonly isLoading: boolean;
  readonly error: unknown;
}

type Reader = (search: GroupSeriesSearch, signal?: AbortSignal) => Promise<GroupSeries[]>;

/** The server reads no more runs for one answer; of more, as many are taken evenly from all. */
export const MAX_GROUPED_RUNS = 10_000;

/** How long charts that appear together are waited for, so that one request serves them. */
const GATHER_MS = 20;
const RETRY_MS = 4000;

interface Held {
  groups: readonly GroupSeries[];
  /** What it was read for. */
  view: string;
}

/** The mean curves of a page's charts, made by the server over all runs of each group; charts in sight are read together. */
export class GroupStore {
  readonly #read: Reader;
  readonly #held = new Map<string, Held>();
  readonly #wanted = new Map<string, number>();
  readonly #loading = new Set<string>();
  readonly #errors = new Map<string, unknown>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #snapshots = new Map<string, GroupedMetric>();
  #groups: readonly ChartGroup[] = [];
  #view: GroupView = { x: "step", buckets: 200, sameX: undefined };
  /** Tells views apart. */
  #name = "";
  #round = 0;
  #abort = new AbortController();
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(read: Reader = readGroupSeries) {
    this.#read = read;
  }

  /** Which groups, and how. What was read before is shown until the new is here. */
  show(groups: readonly ChartGroup[], view: GroupView): void {
    if (groups !== this.#groups) this.#round++;
    this.#groups = groups;
    this.#view = view;
    this.#start();
  }

  /** Reads all anew: the runs go on. */
  refresh(): void {
    this.#round++;
    this.#start();
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

  snapshot(key: string): GroupedMetric {
    let snapshot = this.#snapshots.get(key);
    if (snapshot === undefined) {
      const held = this.#held.get(key);
      const isLoading = held?.view !== this.#name && !this.#errors.has(key);
      snapshot = { groups: held?.groups ?? [], isLoading, error: this.#errors.get(key) };
      this.#snapshots.set(key, snapshot);
    }
    return snapshot;
  }

  retry(key: string): void {
    this.#errors.delete(key);
    this.#tell(key);
    this.#gather();
  }

  dispose(): void {
    this.#abort.abort();
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
  }

  #start(): void {
    const { x, zoom, buckets, sameX } = this.#view;
    this.#name = [this.#round, x, zoom, buckets, sameX].join();
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#loading.clear();
    this.#errors.clear();
    for (const key of this.#wanted.keys()) this.#tell(key);
    this.#gather();
  }

  #tell(key: string): void {
    this.#snapshots.delete(key);
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      if (this.#groups.length === 0) return;
      const keys = [...this.#wanted.keys()].filter(
        (key) => this.#held.get(key)?.view !== this.#name && !this.#loading.has(key) && !this.#errors.has(key),
      );
      if (keys.length > 0) void this.#load(keys);
    }, GATHER_MS);
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
      }
    } catch (error) {
      if (signal.aborted) return;
      for (const key of keys) this.#errors.set(key, error);
      if (isWorthRepeating(error)) {
        setTimeout(() => {
          for (const key of keys) this.retry(key);
        }, RETRY_MS);
      }
    }
    for (const key of keys) {
      this.#loading.delete(key);
      this.#tell(key);
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
