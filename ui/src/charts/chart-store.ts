import { isWorthRepeating } from "../api/client.ts";

/** A failure that may pass by itself is tried again after this time. */
const RETRY_MS = 4000;

/**
 * Reads what the charts of a page show, one entry per metric. Charts in sight want a metric, and metrics that are wanted at
 * about the same time are read together. A chart hears of each change, and takes a snapshot.
 */
export abstract class ChartStore<Metric> {
  /** How long the store waits for charts that appear together. */
  readonly #gatherMs: number;
  readonly #wanted = new Map<string, number>();
  readonly #errors = new Map<string, unknown>();
  /** Metrics that are not read until they are tried again. */
  readonly #failed = new Set<string>();
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #snapshots = new Map<string, Metric>();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #retrying: ReturnType<typeof setTimeout> | undefined;

  constructor(gatherMs: number) {
    this.#gatherMs = gatherMs;
  }

  /** What a chart of the metric shows now. */
  protected abstract build(key: string): Metric;

  /** Reads what the metrics of {@link open} lack. */
  protected abstract request(): void;

  /** A chart of `key` is in sight. @returns a function for the time when it no longer is */
  want(key: string): () => void {
    this.#wanted.set(key, (this.#wanted.get(key) ?? 0) + 1);
    this.gather();
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

  /** The same object until the metric changes. */
  snapshot(key: string): Metric {
    let snapshot = this.#snapshots.get(key);
    if (snapshot === undefined) {
      snapshot = this.build(key);
      this.#snapshots.set(key, snapshot);
    }
    return snapshot;
  }

  retry(key: string): void {
    this.succeeded(key);
    this.tell(key);
    this.gather();
  }

  /** Ends the timers. A later call begins anew. */
  dispose(): void {
    clearTimeout(this.#gathering);
    clearTimeout(this.#retrying);
    this.#gathering = undefined;
    this.#retrying = undefined;
    this.#failed.clear();
  }

  /** Metrics of charts in sight, without those that failed and wait. */
  protected open(): string[] {
    return [...this.#wanted.keys()].filter((key) => !this.#failed.has(key));
  }

  protected gather(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.request();
    }, this.#gatherMs);
  }

  protected tell(key: string): void {
    this.#snapshots.delete(key);
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  protected tellAll(): void {
    for (const key of this.#wanted.keys()) this.tell(key);
  }

  /** Why the last reading failed. */
  protected errorOf(key: string): unknown {
    return this.#errors.get(key);
  }

  protected hasFailed(key: string): boolean {
    return this.#errors.has(key);
  }

  protected succeeded(key: string): void {
    this.#errors.delete(key);
    this.#failed.delete(key);
  }

  /** Forgets all failures, because the next reads ask for other data. */
  protected forgetFailures(): void {
    this.#errors.clear();
    this.#failed.clear();
  }

  protected fail(keys: readonly string[], error: unknown): void {
    for (const key of keys) {
      this.#errors.set(key, error);
      this.#failed.add(key);
    }
    if (!isWorthRepeating(error)) return;
    this.#retrying ??= setTimeout(() => {
      this.#retrying = undefined;
      for (const key of this.#failed) if (isWorthRepeating(this.#errors.get(key))) this.#failed.delete(key);
      this.gather();
    }, RETRY_MS);
  }
}
