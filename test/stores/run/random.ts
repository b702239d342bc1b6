import type { Metric } from "../../../src/domain/entities.ts";
import { type Int64, toInt64 } from "../../../src/domain/int64.ts";

/** Random numbers that a seed decides (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  of<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }
}

const VALUES = [0, -0, Number.NaN, 1, -1, 5e-324, -5e-324, 0.1 + 0.2, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53 + 2];
const INT64S: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 63n - 1n,
];

/** Any int64: often a small one, sometimes one at the limit of a double's exact integers. */
export function randomInt64(random: Random): Int64 {
  if (random.chance(0.02)) return toInt64(-(2n ** 63n) + BigInt(random.integer(0, 3)))!;
  if (random.chance(0.05)) return toInt64(random.of(INT64S))!;
  return random.integer(-20, 20);
}

/** A point that probably has ties with others. `isWide` allows integers beyond 2^53. */
export function randomMetric(random: Random, keys: readonly string[], isWide: boolean): Metric {
  return {
    key: random.of(keys),
    timestamp: isWide ? randomInt64(random) : random.integer(-20, 20),
    step: isWide ? randomInt64(random) : random.integer(-5, 5),
    value: random.chance(0.7) ? random.of(VALUES) : random.integer(-3, 3),
  };
}

/** Timestamps of a loop whose rounds take about `distance`. */
export function jittered(count: number, distance: number, jitter: number, random = new Random(3)): Float64Array {
  let last = 1_700_000_000_000;
  return Float64Array.from({ length: count }, () => {
    last = (last + distance + random.integer(-jitter, jitter)) % 2 ** 52;
    return last;
  });
}
