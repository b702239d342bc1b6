import { expect, test } from "vitest";
import { decodeBlock } from "../../../../src/stores/run/block.ts";
import { decodeBound } from "../../../../src/stores/run/bound.ts";
import { SegmentWriter } from "../../../../src/stores/run/segment-writer.ts";
import { Segments } from "../../../../src/stores/run/segments.ts";
import { isOfRun, ObjectTables } from "../../../../src/stores/run/tables.ts";
import { SqliteStorage } from "./sqlite-storage.ts";

/* How points are cut into blocks, and which segments are merged. */

/** Points of a metric at the steps from `first` on. */
function slice(keyId: number, count: number, first = 0) {
  const steps = Float64Array.from({ length: count }, (_, index) => first + index);
  const series = { timestamps: steps, steps, values: steps };
  return { keyId, series, from: 0, to: count };
}

class Store {
  readonly sqlite = new SqliteStorage();
  readonly segments: Segments;
  readonly #run: number;
  #journalId = 0;

  constructor(run = 1) {
    this.#run = run;
    this.segments = new Segments(new ObjectTables(this.sqlite.storage).sql, run);
  }

  /** Writes a segment of one metric after the points of the segments before. */
  write(points: number): void {
    const first = this.segments.pointCount;
    this.segments.write([slice(1, points, first)], ++this.#journalId);
  }

  writer(): SegmentWriter {
    return new SegmentWriter(this.sqlite.storage.sql, this.#run, 7);
  }

  /** The points of each segment. */
  sizes(): number[] {
    return this.sqlite.rows<{ points: number }>("SELECT points FROM segment ORDER BY id").map(({ points }) => points);
  }

  /** For each block the metrics that it has, with the number of their points. */
  blocks(): [keyId: number, points: number][][] {
    return this.sqlite
      .rows<{ body: Uint8Array }>("SELECT body FROM block JOIN block_body ON id = body_id ORDER BY segment_id, last")
      .map(({ body }) => {
        const { keyIds, ends } = decodeBlock(body.slice().buffer);
        return Array.from(keyIds, (keyId, at) => [keyId, ends[at]! - (at === 0 ? 0 : ends[at - 1]!)]);
      });
  }

  /** Merges a tier; the sizes after it. */
  merged(): { merges: boolean; sizes: number[] } {
    return { merges: this.segments.mergeTier(), sizes: this.sizes() };
  }
}

test.each([
  { what: "small metrics share a block", counts: [500, 500, 999, 1], blocks: [[500, 500, 999, 1]] },
  { what: "a metric of 1,000 points has its own", counts: [500, 500, 1000, 500], blocks: [[500, 500], [1000], [500]] },
  { what: "such a metric comes first", counts: [1000, 999, 1], blocks: [[1000], [999, 1]] },
  { what: "two of them", counts: [1000, 1000], blocks: [[1000], [1000]] },
  { what: "a long metric fills blocks", counts: [20_000, 5], blocks: [[8192], [8192], [3616], [5]] },
  { what: "a full block", counts: [8192, 5], blocks: [[8192], [5]] },
  { what: "a small metric before a long one", counts: [3, 9000], blocks: [[3], [8192], [808]] },
  {
    what: "a small metric goes on in the next block",
    counts: Array(10).fill(900),
    blocks: [[...Array(9).fill(900), 92], [808]],
  },
])("blocks of a segment: $what", ({ counts, blocks }) => {
  const store = new Store();
  store.segments.write(
    counts.map((count, index) => slice(index + 1, count)),
    7,
  );
  expect(store.blocks().map((block) => block.map(([, points]) => points))).toEqual(blocks);
  expect(store.sizes()).toEqual([counts.reduce((sum, count) => sum + count, 0)]);
  const rows = store.sqlite.rows<{ first: Uint8Array; last: Uint8Array; points: number; last_journal_id: number }>(
    "SELECT first, last, points, last_journal_id FROM block ORDER BY last",
  );
  expect(rows.map(({ points }) => points)).toEqual(blocks.map((block) => block.reduce((sum, count) => sum + count, 0)));
  expect(rows.map((row) => row.last_journal_id)).toEqual(blocks.map(() => 7));
  const keyAndStep = (bytes: Uint8Array) => {
    const { keyId, series } = decodeBound(bytes.slice().buffer);
    return [keyId, series.steps[0]];
  };
  expect(keyAndStep(rows[0]!.first)).toEqual([1, 0]);
  expect(keyAndStep(rows.at(-1)!.last)).toEqual([counts.length, counts.at(-1)! - 1]);
});

test("a metric that comes in pieces is one entry of its block", () => {
  const store = new Store();
  store.segments.write([slice(1, 10), slice(1, 10, 10), slice(2, 3)], 7);
  expect(store.blocks()).toEqual([
    [
      [1, 20],
      [2, 3],
    ],
  ]);
});

test("a block of another segment may follow at once, or after a block that is a quarter full", () => {
  const store = new Store();
  const writer = store.writer();
  expect(writer.takesWholeBlocks).toBe(true);
  writer.append(slice(1, 1));
  expect(writer.takesWholeBlocks).toBe(false);
  writer.append(slice(1, 2046, 1));
  expect(writer.takesWholeBlocks).toBe(false);
  writer.append(slice(1, 1, 2047));
  expect(writer.takesWholeBlocks).toBe(true);
});

test("points before and after a block that is moved are in blocks of their own", () => {
  const store = new Store();
  store.segments.write([slice(1, 8192, 3000)], 1);
  const [block] = store.sqlite.rows<{ bodyId: number; segmentId: number; points: number }>(
    "SELECT body_id AS bodyId, segment_id AS segmentId, points FROM block",
  );
  const writer = store.writer();
  writer.append(slice(1, 3000));
  writer.moveHere(block!);
  writer.append(slice(1, 10, 11_192));
  writer.finish();
  expect(store.blocks()).toEqual([[[1, 3000]], [[1, 8192]], [[1, 10]]]);
  expect(store.sizes()).toEqual([8192, 11_202]);
});

test("the rows of a cell's run are found by an index, and those of an own run need none", () => {
  const { sqlite } = new Store();
  for (const table of ["journal", "segment"]) {
    const planOf = (run: number) =>
      sqlite.rows<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${isOfRun(run)}`, run)[0]!
        .detail;
    expect(planOf(1)).toContain(`${table}_of_run`);
    expect(planOf(0)).toBe(`SCAN ${table}`);
  }
});

test("eight segments of a tier are merged, from 64·8^t points up to below 64·8^(t+1), the least tier first", () => {
  const seven = new Store();
  for (let segment = 0; segment < 7; segment++) seven.write(64);
  expect(seven.merged()).toEqual({ merges: false, sizes: Array(7).fill(64) });
  seven.write(512);
  expect(seven.merged()).toEqual({ merges: false, sizes: [...Array(7).fill(64), 512] });
  seven.write(511);
  expect(seven.merged()).toEqual({ merges: true, sizes: [512, 7 * 64 + 511] });

  const tiny = new Store();
  for (let segment = 0; segment < 8; segment++) tiny.write(512);
  for (const points of [1, 2, 3, 63, 64, 65, 100, 511, 5]) tiny.write(points);
  const sum = 1 + 2 + 3 + 63 + 64 + 65 + 100 + 511;
  expect(tiny.merged()).toEqual({ merges: true, sizes: [...Array(8).fill(512), 5, sum] });
  // Nine of the next tier: the first eight of them.
  expect(tiny.merged()).toEqual({ merges: true, sizes: [5, sum, 4096] });
  expect(tiny.merged()).toEqual({ merges: false, sizes: [5, sum, 4096] });
});

test.each([
  { run: 0, sizes: [160_000] },
  { run: 1, sizes: [20_000, 20_000, 120_000] },
])("a merge takes the first segments that together are small enough (run $run)", ({ run, sizes }) => {
  const store = new Store(run);
  for (let segment = 0; segment < 8; segment++) store.write(20_000);
  expect(store.merged()).toEqual({ merges: true, sizes });
});

test("a merge of exactly the most points, or of two segments, is one", () => {
  const eight = new Store();
  for (let segment = 0; segment < 8; segment++) eight.write(16_384);
  expect(eight.merged()).toEqual({ merges: true, sizes: [131_072] });
  const two = new Store();
  for (const points of [60_000, 60_000, ...Array(6).fill(32_768)]) two.write(points);
  expect(two.merged()).toEqual({ merges: true, sizes: [...Array(6).fill(32_768), 120_000] });
});

test("segments of which no two fit a merge stay side by side", () => {
  const store = new Store();
  for (const points of [70_000, 70_000, ...Array(6).fill(32_768)]) store.write(points);
  expect(store.merged().merges).toBe(false);
  for (let segment = 0; segment < 8; segment++) store.write(1);
  expect(store.merged()).toEqual({ merges: true, sizes: [70_000, 70_000, ...Array(6).fill(32_768), 8] });
});

test("a merge moves blocks that are three quarters full, and writes the others anew", () => {
  const store = new Store();
  let written: number[] = [];
  store.sqlite.onStatement = (sql) => {
    if (sql.startsWith("INSERT INTO block_body")) written.push(1);
  };
  for (let segment = 0; segment < 8; segment++) store.write(segment < 4 ? 6144 : 6143);
  written = [];
  store.segments.mergeTier();
  // Four blocks stay as they are; four times 6,143 points fill three blocks.
  expect(written).toHaveLength(3);
  expect(store.blocks().map(([first]) => first)).toEqual(
    [6144, 6144, 6144, 6144, 8192, 8192, 8188].map((points) => [1, points]),
  );
  expect(store.segments.lastJournalId()).toBe(8);
});

test("blocks since a journal row are those with later rows; of a merge, the latest of its rows counts", () => {
  const store = new Store();
  for (let segment = 0; segment < 8; segment++) store.write(2 + segment);
  const since = (journalId: number) => [...store.segments.blocksSince(journalId)].map(({ values }) => values.length);
  expect([since(0), since(5), since(7), since(8)]).toEqual([[2, 3, 4, 5, 6, 7, 8, 9], [7, 8, 9], [9], []]);
  store.segments.mergeTier();
  expect([since(0), since(7), since(8)]).toEqual([[44], [44], []]);
  expect(store.segments.lastJournalId()).toBe(8);
});

test("a run's segments are its own: their number, points, rows and removal", () => {
  const store = new Store();
  const neighbour = new Segments(store.sqlite.storage.sql, 2);
  expect([store.segments.isEmpty, store.segments.pointCount, store.segments.lastJournalId()]).toEqual([true, 0, 0]);
  neighbour.write([slice(1, 5)], 99);
  expect([store.segments.isEmpty, store.segments.pointCount, store.segments.lastJournalId()]).toEqual([true, 0, 0]);
  store.write(3);
  store.write(4);
  expect([store.segments.isEmpty, store.segments.pointCount, store.segments.lastJournalId()]).toEqual([false, 7, 2]);
  expect([store.segments.purgeSlice(), store.sizes()]).toEqual([true, [5, 4]]);
  expect([store.segments.purgeSlice(), store.sizes()]).toEqual([true, [5]]);
  expect(store.segments.purgeSlice()).toBe(false);
  expect(store.blocks()).toEqual([[[1, 5]]]);
  expect([neighbour.isEmpty, neighbour.pointCount, neighbour.lastJournalId()]).toEqual([false, 5, 99]);
});

test("a metric's reader opens only blocks that may have the metric, and asks for sixteen at a time", () => {
  const store = new Store();
  store.segments.write([slice(1, 8192), slice(2, 8192 * 17), slice(3, 1000)], 1);
  let [opened, queries] = [0, 0];
  store.sqlite.onStatement = (sql) => {
    if (sql.includes("FROM block_body")) opened++;
    if (/^SELECT segment_id/.test(sql)) queries++;
  };
  const read = (keyId: number, after?: number) => {
    [opened, queries] = [0, 0];
    const bound = after === undefined ? undefined : slice(keyId, 1, after).series;
    let points = 0;
    for (const chunks of store.segments.sources(keyId, bound))
      for (const chunk of chunks) for (const { from, to } of chunk.open()) points += to - from;
    return { points, opened, queries };
  };
  expect(read(1)).toEqual({ points: 8192, opened: 1, queries: 1 });
  expect(read(2)).toEqual({ points: 8192 * 17, opened: 17, queries: 2 });
  expect(read(3)).toEqual({ points: 1000, opened: 1, queries: 1 });
  expect(read(4)).toEqual({ points: 0, opened: 0, queries: 1 });
  expect(read(2, 8192 - 1)).toEqual({ points: 8192 * 16, opened: 16, queries: 2 });
  expect(read(2, 8192 * 15 + 5)).toEqual({ points: 8192 * 2 - 6, opened: 2, queries: 1 });
  expect(read(2, 8192 * 17 - 1)).toEqual({ points: 0, opened: 0, queries: 1 });
});
