import type { Metric } from "../../../src/domain/entities.ts";
import type { Position, Series } from "../../../src/stores/run/series.ts";
import { positionAt } from "../../../src/stores/run/series.ts";

/** MLflow's rules for a run's metrics, by a slow and obvious method. */
export class NaiveHistory {
  readonly #metrics = new Map<string, Metric[]>();

  append(metrics: readonly Metric[]): void {
    for (const metric of metrics) this.#metrics.set(metric.key, [...(this.#metrics.get(metric.key) ?? []), metric]);
  }

  keys(): string[] {
    return [...this.#metrics.keys()];
  }

  /** Ordered by (timestamp, step, value, is_nan), each point once. Of 0 and −0 the first one stays. */
  series(key: string): Position[] {
    const sorted = [...(this.#metrics.get(key) ?? [])].sort(
      (a, b) =>
        order(BigInt(a.timestamp), BigInt(b.timestamp)) || order(BigInt(a.step), BigInt(b.step)) || orderValues(a, b),
    );
    return sorted.filter((point, index) => index === 0 || identity(point) !== identity(sorted[index - 1]!));
  }

  /** NTILE as SQL defines it, over (step, timestamp, value, is_nan). */
  sample(key: string, maxResults: number, isWithin: (step: bigint) => boolean): Position[] {
    const rows = this.series(key)
      .filter(({ step }) => isWithin(BigInt(step)))
      .sort((a, b) => order(BigInt(a.step), BigInt(b.step)));
    const picked: Position[] = [];
    let start = 0;
    for (let bucket = 0; bucket < maxResults && start < rows.length; bucket++) {
      picked.push(rows[start]!);
      start += Math.floor(rows.length / maxResults) + (bucket < rows.length % maxResults ? 1 : 0);
    }
    const last = rows.at(-1);
    if (last && picked.at(-1) !== last) picked.splice(Math.min(picked.length, maxResults - 1), 1, last);
    return picked;
  }

  /** The point with the greatest (step, timestamp, value, is_nan). */
  latest(key: string): Position {
    return this.sample(key, 1, () => true)[0]!;
  }

  /** The point with the least (step, timestamp, value, is_nan). */
  first(key: string): Position {
    return this.series(key).sort((a, b) => order(BigInt(a.step), BigInt(b.step)))[0]!;
  }

  numbers(key: string): number[] {
    return this.series(key)
      .map(({ value }) => value)
      .filter((value) => !Number.isNaN(value));
  }
}

/** A point as text. Different points have different texts, and so have −0 and 0. */
export function describe({ timestamp, step, value }: Position): string {
  return `${timestamp}/${step}/${Object.is(value, -0) ? "-0" : value}`;
}

/** All points of a series as texts. */
export function describeAll(series: Series): string[] {
  return Array.from(series.values, (_, index) => describe(positionAt(series, index)));
}

function identity({ timestamp, step, value }: Position): string {
  return `${timestamp}/${step}/${value}`;
}

function orderValues(a: Position, b: Position): number {
  const [aNan, bNan] = [Number.isNaN(a.value), Number.isNaN(b.value)];
  const byValue = order(aNan ? 0 : a.value, bNan ? 0 : b.value);
  return byValue || Number(aNan) - Number(bNan) || Number(Object.is(a.value, -0)) - Number(Object.is(b.value, -0));
}

function order<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
