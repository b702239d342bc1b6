import { expect, test } from "vitest";
import type { KeySlice } from "../../../../src/stores/run/block.ts";
import { type Chunk, firstAfter, Merge } from "../../../../src/stores/run/merge.ts";
import { SeriesBuilder, seriesOf } from "../../../../src/stores/run/series.ts";
import { Random } from "../random.ts";

/** A metric and a time. */
type Point = readonly [keyId: number, timestamp: number];

const seriesAt = (timestamps: readonly number[]) => {
  const all = new SeriesBuilder();
  for (const timestamp of timestamps) all.append(seriesOf({ timestamp, step: 0, value: 1 }), 0, 1);
  return all.toSeries();
};

class TestChunk implements Chunk {
  readonly points: readonly Point[];
  opened = 0;

  constructor(points: readonly Point[]) {
    this.points = points;
  }

  get first() {
    return this.#bound(0);
  }

  get last() {
    return this.#bound(this.points.length - 1);
  }

  #bound(index: number) {
    const [keyId, timestamp] = this.points[index]!;
    return { keyId, series: seriesAt([timestamp]) };
  }

  *open(): Generator<KeySlice> {
    this.opened++;
    for (const [keyId, points] of Map.groupBy(this.points, ([keyId]) => keyId)) {
      const series = seriesAt([-1, ...points.map(([, timestamp]) => timestamp)]);
      yield { keyId, series, from: 1, to: points.length + 1 };
    }
  }
}

const compare = ([aKey, a]: Point, [bKey, b]: Point) => aKey - bKey || a - b;

function randomSource(random: Random): TestChunk[] {
  const points = new Map<string, Point>();
  for (let count = random.integer(0, 30); count > 0; count--) {
    const point: Point = [random.integer(1, 3), random.integer(0, 20)];
    points.set(point.join(), point);
  }
  const sorted = [...points.values()].sort(compare);
  const chunks: TestChunk[] = [];
  while (sorted.length > 0) chunks.push(new TestChunk(sorted.splice(0, random.integer(1, 8))));
  return chunks;
}

const pointsOf = ({ keyId, series, from, to }: KeySlice): Point[] =>
  Array.from({ length: to - from }, (_, at) => [keyId, Number(series.timestamps[from + at])]);

const distinct = (sources: readonly TestChunk[][]) =>
  [...new Map(sources.flat().flatMap(({ points }) => points.map((point) => [point.join(), point]))).values()].sort(
    compare,
  );

test("each point comes once and in order, in slices as long as one source goes alone, each chunk opened when it is reached", () => {
  const random = new Random(21);
  for (let round = 0; round < 100; round++) {
    const sources = Array.from({ length: random.integer(0, 6) }, () => randomSource(random));
    const chunks = sources.flat();
    const merge = new Merge<TestChunk>(sources);
    const merged: Point[] = [];
    let tooEarly = 0;
    for (let slice = merge.next(); slice; slice = merge.next()) {
      merged.push(...pointsOf(slice));
      tooEarly += chunks.filter(({ points, opened }) => opened > 0 && compare(points[0]!, merged.at(-1)!) > 0).length;
    }
    expect(merged).toEqual(distinct(sources));
    expect([tooEarly, merge.next()]).toEqual([0, undefined]);
    expect(chunks.every(({ opened }) => opened === 1)).toBe(true);
  }
});

test("whole chunks are taken unopened where no other source has a point within them, the point before them included", () => {
  const random = new Random(22);
  let whole = 0;
  for (let round = 0; round < 100; round++) {
    const sources = Array.from({ length: random.integer(1, 4) }, () => randomSource(random));
    const merge = new Merge<TestChunk>(sources);
    const merged: Point[] = [];
    for (;;) {
      const chunk = merge.nextWhole(({ points }) => points.length >= 2);
      if (chunk !== undefined) {
        whole++;
        expect([chunk.opened, chunk.points.length >= 2]).toEqual([0, true]);
        merged.push(...chunk.points);
        continue;
      }
      const slice = merge.next();
      if (slice === undefined) break;
      merged.push(...pointsOf(slice));
    }
    expect(merged).toEqual(distinct(sources));
  }
  expect(whole).toBeGreaterThan(100);
});

test("a chunk is whole up to the next point of the others, and not with it", () => {
  const chunk = new TestChunk([
    [1, 1],
    [1, 5],
  ]);
  const after = (...points: Point[]) => new Merge<TestChunk>([[chunk], [new TestChunk(points)]]).nextWhole(() => true);
  expect(after([1, 6])).toBe(chunk);
  expect(after([1, 5])).toBeUndefined();
  expect(after([1, 4])).toBeUndefined();
  expect(after([2, 1])).toBe(chunk);
  expect(new Merge<TestChunk>([[chunk]]).nextWhole(() => true)).toBe(chunk);
  expect(new Merge<TestChunk>([[chunk]]).nextWhole(() => false)).toBeUndefined();
  expect(new Merge<TestChunk>([]).nextWhole(() => true)).toBeUndefined();
  // A slice of an opened chunk is not whole any more.
  const merge = new Merge<TestChunk>([[chunk], [new TestChunk([[1, 3]])]]);
  expect(pointsOf(merge.next()!)).toEqual([[1, 1]]);
  expect(merge.nextWhole(() => true)?.points).toEqual([[1, 3]]);
  expect(merge.nextWhole(() => true)).toBeUndefined();
  expect(pointsOf(merge.next()!)).toEqual([[1, 5]]);
});

test("a long stretch of one source is one slice", () => {
  const long = new TestChunk(Array.from({ length: 1000 }, (_, timestamp) => [1, timestamp]));
  const merge = new Merge<TestChunk>([[long], [new TestChunk([[1, 700.5]])]]);
  const sizes: number[] = [];
  for (let slice = merge.next(); slice; slice = merge.next()) sizes.push(slice.to - slice.from);
  expect(sizes).toEqual([701, 1, 299]);
});

test("the first point after another is found in few comparisons, wherever it is", () => {
  const series = seriesAt(Array.from({ length: 1000 }, (_, index) => 2 * index));
  for (const [from, to] of [
    [0, 1000],
    [3, 997],
    [5, 5],
    [0, 1],
  ] as const) {
    for (const timestamp of [-1, 0, 1, 4, 5, 6, 7, 8, 500, 501, 1991, 1992, 1993, 1994, 1998, 1999, 5000]) {
      let expected = from;
      while (expected < to && series.timestamps[expected]! <= timestamp) expected++;
      let reads = 0;
      const counted = new Proxy(series.timestamps, {
        get(target, name) {
          reads++;
          return Reflect.get(target, name);
        },
      });
      const found = firstAfter({ ...series, timestamps: counted }, from, to, seriesAt([timestamp]), 0);
      expect(found, `${from} to ${to}, ${timestamp}`).toBe(expected);
      // Nearly always the next point is the one, so a search from the start is the cheapest.
      expect(reads).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(expected - from + 2)));
    }
  }
});
