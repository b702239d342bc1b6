import type { KeySlice } from "./block.ts";
import type { Bound } from "./bound.ts";
import { comparePoints, isSamePoint, type Series } from "./series.ts";

/** Sorted points that are read only when the merge reaches them. */
export interface Chunk {
  /** A bound that is not after the first point. */
  readonly first: Bound;
  /** A bound that is not before the last point. */
  readonly last: Bound;
  open(): Iterable<KeySlice>;
}

/**
 * Merges sorted sources into one order, each point once. A source is a sequence of chunks in the order of points. At most
 * one chunk of each source is open at a time.
 */
export class Merge<C extends Chunk> {
  /** A binary heap of the sources that are not exhausted; the source with the least point is first. */
  readonly #heap: Cursor<C>[] = [];
  #latest: Bound | undefined;
  #latestIndex = 0;

  constructor(sources: Iterable<Iterable<C>>) {
    for (const source of sources) {
      const cursor = new Cursor(source);
      if (cursor.nextChunk()) this.#heap.push(cursor);
    }
    for (let index = this.#heap.length >> 1; index >= 0; index--) this.#siftDown(index);
  }

  /** The next points: as many as one source has before the next point of every other source; undefined at the end. */
  next(): KeySlice | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (!top) return undefined;
      if (top.chunk) this.#settle(top.open(top.chunk));
      else if (this.#isLatest(top)) this.#settle(top.skipTo(top.index + 1));
      else return this.#take(top);
    }
  }

  /** Skips the next chunk and returns it unopened, if no other source has a point within it and `accept` agrees. */
  nextWhole(accept: (chunk: C) => boolean): C | undefined {
    const top = this.#heap[0];
    const chunk = top?.chunk;
    if (!top || !chunk || this.#isLatest(top) || !accept(chunk)) return undefined;
    const rival = this.#rival();
    if (rival && !isBefore(chunk.last, rival)) return undefined;
    this.#settle(top.nextChunk());
    return chunk;
  }

  #take(top: Cursor<C>): KeySlice {
    const { keyId, series, index, end } = top;
    const rival = this.#rival();
    const to = rival?.keyId === keyId ? firstAfter(series, index + 1, end, rival.series, rival.index) : end;
    this.#latest = { keyId, series };
    this.#latestIndex = to - 1;
    this.#settle(top.skipTo(to));
    return { keyId, series, from: index, to };
  }

  #isLatest({ keyId, series, index }: Cursor<C>): boolean {
    const latest = this.#latest;
    return latest?.keyId === keyId && isSamePoint(latest.series, this.#latestIndex, series, index);
  }

  #rival(): Cursor<C> | undefined {
    const left = this.#heap[1];
    const right = this.#heap[2];
    return left && right && compareCursors(right, left) < 0 ? right : left;
  }

  /** Restores the heap after its first cursor advanced or reached its end. */
  #settle(hasMore: boolean): void {
    if (!hasMore) {
      const last = this.#heap.pop()!;
      if (this.#heap.length === 0) return;
      this.#heap[0] = last;
    }
    this.#siftDown(0);
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const cursor = heap[start];
    if (!cursor) return;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compareCursors(heap[child + 1]!, heap[child]!) < 0) child++;
      if (compareCursors(heap[child]!, cursor) >= 0) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = cursor;
  }
}

/** The first of points `from` to `to` that comes after point `index` of `other`; `to` if there is none. */
export function firstAfter(series: Series, from: number, to: number, other: Series, index: number): number {
  let low = from;
  let high = from;
  for (let stride = 1; high < to && comparePoints(series, high, other, index) <= 0; stride *= 2) {
    low = high + 1;
    high += stride;
  }
  high = Math.min(high, to);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePoints(series, middle, other, index) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position in a source: at point `index` of a slice, or before an unopened chunk, at the chunk's first bound. */
class Cursor<C extends Chunk> {
  keyId!: number;
  series!: Series;
  index!: number;
  end!: number;
  chunk: C | undefined;
  readonly #chunks: Iterator<C>;
  #slices: Iterator<KeySlice> | undefined;

  constructor(chunks: Iterable<C>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** @returns false at the end of the source */
  nextChunk(): boolean {
    const next = this.#chunks.next();
    if (next.done) return false;
    this.chunk = next.value;
    this.#stand(next.value.first.keyId, next.value.first.series, 0, 1);
    return true;
  }

  open(chunk: C): boolean {
    this.#slices = chunk.open()[Symbol.iterator]();
    this.chunk = undefined;
    return this.#nextSlice();
  }

  skipTo(index: number): boolean {
    this.index = index;
    return index < this.end || this.#nextSlice();
  }

  #nextSlice(): boolean {
    const next = this.#slices?.next();
    if (!next || next.done) return this.nextChunk();
    this.#stand(next.value.keyId, next.value.series, next.value.from, next.value.to);
    return true;
  }

  #stand(keyId: number, series: Series, index: number, end: number): void {
    this.keyId = keyId;
    this.series = series;
    this.index = index;
    this.end = end;
  }
}

function compareCursors(a: Cursor<Chunk>, b: Cursor<Chunk>): number {
  return a.keyId - b.keyId || comparePoints(a.series, a.index, b.series, b.index);
}

function isBefore(bound: Bound, cursor: Cursor<Chunk>): boolean {
  if (bound.keyId !== cursor.keyId) return bound.keyId < cursor.keyId;
  const order = comparePoints(bound.series, 0, cursor.series, cursor.index);
  return order < 0 && !isSamePoint(bound.series, 0, cursor.series, cursor.index);
}
