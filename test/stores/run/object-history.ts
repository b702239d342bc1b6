import { env, runInDurableObject } from "cloudflare:test";
import type { Metric } from "../../../src/domain/entities.ts";
import type { MetricHistory } from "../../../src/stores/run/history.ts";
import { encodePoints } from "../../../src/stores/run/points.ts";
import { type Position, positionAt, type Series } from "../../../src/stores/run/series.ts";

/** Runs `use` with the storage of a new object. */
export function withStorage(use: (storage: DurableObjectStorage) => void | Promise<void>): Promise<void> {
  return runInDurableObject(env.RUNS.get(env.RUNS.newUniqueId()), (_object, { storage }) => use(storage));
}

/** The position of the last point, after which the next page begins. */
export function lastOf(page: Series): Position | undefined {
  return page.values.length === 0 ? undefined : positionAt(page, page.values.length - 1);
}

/** All pages of a metric. */
export function* pages(history: MetricHistory, key: string, limit: number): Generator<Series> {
  for (let after: Position | undefined; ; ) {
    const page = history.read(key, { after, limit });
    if (page.values.length === 0) return;
    yield page;
    after = lastOf(page);
  }
}

/** Appends points and folds, as an object does. */
export function append(history: MetricHistory, metrics: readonly Metric[]): number {
  const id = history.append([encodePoints(metrics)]);
  if (history.foldIsDue) history.fold();
  return id;
}
